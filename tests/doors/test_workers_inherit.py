"""A process that is started anew has the policy and the grants that its parent had at that moment."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# argparse.ArgumentParser stands on no list and does no harm.
PROGRAM = """
import multiprocessing, pickle, sys
{arrives}
PARSER = b"\\x80\\x04\\x8c\\x08argparse\\x8c\\x0eArgumentParser\\x93)R."
def load(data):
    try:
        return type(pickle.loads(data)).__name__
    except pickle.UnpicklingError as error:
        return type(error).__name__
if __name__ == "__main__":
    import safeload
    {granted}
    {call}
"""
WAYS = {
    "spawn": "print(multiprocessing.get_context('spawn').Pool(1).map(load, [PARSER])[0])",
    "forkserver": "print(multiprocessing.get_context('forkserver').Pool(1).map(load, [PARSER])[0])",
    "loky": "import joblib; print(joblib.Parallel(2)([joblib.delayed(load)(PARSER)] * 2)[0])",
}
GRANTS = {
    "nothing": ("pass", "BlockedGlobalError"),
    "a name": ("safeload.allow('argparse:ArgumentParser')", "ArgumentParser"),
    "a name in a block": ("safeload.allow('argparse:ArgumentParser').__enter__()", "ArgumentParser"),
    "a policy": ("safeload.activate(safeload.Policy(mode=safeload.Mode.OFF))", "ArgumentParser"),
    "the switch": ("safeload.deactivate()", "ArgumentParser"),
}


@pytest.mark.parametrize("arrives", ["", "import safeload"], ids=["in the parent alone", "in the program's first line"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("grant", GRANTS)
def test_what_is_in_force_reaches_the_worker(grant: str, way: str, arrives: str, tmp_path: Path) -> None:
    if way == "loky" and importlib.util.find_spec("joblib") is None:
        pytest.skip("needs joblib")
    granted, outcome = GRANTS[grant]
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(arrives=arrives, granted=granted, call=WAYS[way]))
    done = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"},
    )
    assert done.stdout.split() == [outcome], done.stderr[-2000:]
