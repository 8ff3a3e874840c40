"""Files with a few bytes changed: tensors are taken out or the file is refused, nothing else happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("safetensors")

HERE = Path(__file__).parent
ROUNDS = 500


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_files(seed: int) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", HERE / "fuzz_child.py", str(seed), str(ROUNDS)],
        env={"PYTHONPATH": str(HERE.parent), "SAFELOAD_LOG": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = eval(done.stdout)
    assert outcomes["taken"] > ROUNDS // 20
    assert outcomes["refused"] > ROUNDS // 20
