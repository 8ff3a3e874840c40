"""What the guard brings in for itself comes from where packages are installed, whatever lies beside the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PLANTED = (
    "ast copy dataclasses decimal dis fractions hashlib inspect json pathlib shlex structlog rich threading tokenize "
    "tomllib typing weakref colorama better_exceptions orjson"
).split()
LOADS = {
    "a refusal": "pickle.loads(b'cargparse\\nArgumentParser\\n.')",
    "plain data": "pickle.loads(pickle.dumps({'a': 1}))",
    "a listed name": "pickle.loads(b'ccollections\\nOrderedDict\\n.')",
}
PROGRAM = """
import sys{guarded}
import pickle
before = set(sys.modules)
try:
    {load}
except pickle.UnpicklingError as error:
    str(error)
sys.exit(any(getattr(sys.modules[name], "lies_beside", False) for name in set(sys.modules) - before))
"""


def run(folder: Path, load: str, guarded: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(load=load, guarded=guarded)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "stderr"},
    )


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS)
def test_a_load_runs_nothing_that_lies_beside_the_program(load: str, tmp_path: Path) -> None:
    for name in PLANTED:
        (tmp_path / f"{name}.py").write_text("lies_beside = True\n")
    done = run(tmp_path, load, "; import safeload")
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_module_beside_the_program_is_what_an_import_takes(tmp_path: Path) -> None:
    """Otherwise the test above could not fail."""
    (tmp_path / "structlog.py").write_text("lies_beside = True\n")
    assert run(tmp_path, "import structlog", "").returncode == 1


def test_the_programs_own_imports_are_as_before(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("lies_beside = True\nclass A: pass\n")
    load = "safeload.allow('mine:A').__enter__(); pickle.loads(b'cmine\\nA\\n.')"
    assert run(tmp_path, load, ", safeload").returncode == 1
