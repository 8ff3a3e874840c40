"""torch's weights-only unpickler with names that a program added: judged, and then loaded as before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]

# What transformers' Trainer writes and reads when it resumes.
PROGRAM = """
import io, random, sys
import numpy as np, torch
if sys.argv[1] == "guarded":
    import safeload
multiarray = getattr(np, "_core", None) or np.core
added = [multiarray.multiarray._reconstruct, np.ndarray, np.dtype, type(np.dtype(np.uint32))]
state = {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.random.get_rng_state(),
         "long": list(range(100_000)), "text": "é" * 70_000}
for old in (False, True):
    memory = io.BytesIO()
    torch.save(state, memory, _use_new_zipfile_serialization=not old)
    with open("state.pth", "wb") as file:
        file.write(memory.getvalue())
    for source in ("state.pth", io.BytesIO(memory.getvalue())):
        with torch.serialization.safe_globals(added):
            found = torch.load(source, weights_only=True)
        print(old, found["python"] == state["python"], (found["numpy"][1] == state["numpy"][1]).all(),
              torch.equal(found["cpu"], state["cpu"]), found["long"] == state["long"], found["text"] == state["text"])
"""


def printed(form: str, folder: Path) -> str:
    command = [sys.executable, "-c", PROGRAM, form]
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    child = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr
    return child.stdout


def test_random_states_come_back(tmp_path: Path) -> None:
    plain, guarded = (printed(form, tmp_path) for form in ("plain", "guarded"))
    assert plain == guarded
    assert "False" not in plain.replace("False True", "True")
