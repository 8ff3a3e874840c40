"""What numba keeps of compiled functions is read as Python's own compiled files are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from three_forms import environment

pytest.importorskip("numba")

MODULE = """
from numba import njit

@njit(cache=True)
def twice(x):
    return 2 * x
"""
PROGRAM = """
import json, safeload, sys
sys.path.insert(0, sys.argv[1])
try:
    from kept import twice
    found = twice(21)
except safeload.BlockedLoadError:
    found = "refused"
print(json.dumps({"value": found, "by": list(safeload.status().channel_loads)}))
"""


def imported(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert not done.returncode, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_cache_beside_the_source_is_read_and_one_that_others_write_to_is_not(tmp_path: Path) -> None:
    (tmp_path / "kept.py").write_text(MODULE)
    assert imported(tmp_path) == {"value": 42, "by": []}
    again = imported(tmp_path)
    assert again["value"] == 42
    assert sorted(again["by"]) == ["numba.core.caching:_load_data", "numba.core.caching:_load_index"]
    os.chmod(tmp_path / "__pycache__", 0o777)
    assert imported(tmp_path)["value"] == "refused"
