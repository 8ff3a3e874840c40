"""Audit hooks that stood before safeload was imported: they hear what they heard, and let nothing in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, pickle, sys
from collections import OrderedDict

HONEST = pickle.dumps(OrderedDict(a=1))
HOSTILE = b"cos\\nmkdir\\n(Vfired\\ntR."
heard = []

def hook(event, args):
    if event == "pickle.find_class" and not heard:
        heard.append(args)
        {does}

sys.addaudithook(hook)
{guard}
try:
    pickle.loads({data})
except Exception as error:
    print(type(error).__name__)
print(heard)
"""
ASKED = "[('collections', 'OrderedDict')]\n"
SWALLOWS = "\n        try: pickle.loads(HOSTILE)\n        except Exception: pass"
ROWS = {
    "loads a hostile file": ("pickle.loads(HOSTILE)", "HONEST", True, "BlockedGlobalError\n" + ASKED),
    "swallows the refusal of one": (SWALLOWS, "HONEST", True, ASKED),
    "raises an error of its own": ("raise RuntimeError", "HONEST", False, "RuntimeError\n" + ASKED),
    "hears of a hostile file": ("pass", "HOSTILE", True, None),
}


@pytest.mark.parametrize("guard", ["", "import safeload"], ids=["without safeload", "with it"])
@pytest.mark.parametrize("row", ROWS)
def test_a_hook_that_stood_before(row: str, guard: str, tmp_path: Path) -> None:
    does, data, fires, said = ROWS[row]
    program = PROGRAM.format(does=does, data=data, guard=guard)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert (tmp_path / "fired").exists() is (fires and not guard), done
    if guard and said is not None:
        assert done.stdout == said
    if guard and said is None:
        assert done.stdout.startswith("BlockedGlobalError\n")
