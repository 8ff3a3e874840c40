"""Whatever a file's code tries, it comes to nothing in a child: as root, as a plain user, as docker has it, and from
a helper that forks it.

Each attempt works where nothing holds it, on this machine, or the table says why that cannot be shown.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from attempts import NO_CONTROL, TABLE

from safeload.sandbox import here

HERE = Path(__file__).parent
FLAVOURS = ("root", "plain", "docker", "warm")

pytestmark = pytest.mark.skipif(bool(here.why_not()), reason=here.why_not())


@cache
def ran(flavour: str) -> dict[str, Any]:
    environment = {"PYTHONPATH": str(HERE.parents[1]), "SAFELOAD_LOG": "off", "PATH": os.environ["PATH"]}
    command = [sys.executable, str(HERE / "harness.py"), flavour]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    if found.get("problem"):
        pytest.skip(f"{flavour}: {found['problem']}")
    return found


def test_the_table_has_what_the_sandbox_is_held_to() -> None:
    assert len(TABLE) >= 140


@pytest.mark.parametrize("flavour", FLAVOURS)
@pytest.mark.parametrize("name", TABLE)
def test_nothing_works_inside(name: str, flavour: str) -> None:
    assert ran(flavour)["inside"][name] != "worked"


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_attempt_was_made(flavour: str) -> None:
    """None is held by what comes before the kernel: a module that was not imported, a mistake in the row."""
    for name, words in ran(flavour)["inside"].items():
        if name != "import a module":
            assert words.partition(":")[0] in HELD, (name, words)


# What the kernel's no becomes on its way up.
HELD = {"PermissionError", "OSError", "MemoryError", "AssertionError", "RuntimeError", "ValueError", "itimer_error", "gaierror"}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_nobody_outside_has_seen_anything(flavour: str) -> None:
    seen = ran(flavour)["seen"]
    names = ["deleted", "renamed", "secret", "socket", "there", "victim"]
    assert seen == {"hit": [], "names": names, "mode": 0o666, "size": 8, "old": False}


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_walls_are_those_of_the_flavour(flavour: str) -> None:
    layers = ran(flavour)["ran"]["layers"]
    assert layers["system calls"] == "allowed by name"
    assert ran(flavour)["ran"]["helpers"] == (flavour == "warm")
    if flavour == "docker":
        assert not layers["landlock"]
        assert not layers["namespaces"]


@pytest.mark.parametrize("name", [name for name in TABLE if name not in NO_CONTROL])
def test_it_works_where_nothing_holds_it(name: str) -> None:
    """As root, or as a plain user: what only root may do works for root."""
    flavours = [flavour for flavour in ("root", "plain") if flavour == "plain" or os.geteuid() == 0]
    found = {flavour: ran(flavour)["without"][name] for flavour in flavours}
    if "worked" not in found.values() and os.geteuid() != 0:
        pytest.skip(f"not shown here, where nobody is root: {name}: {found}")
    assert "worked" in found.values(), found
