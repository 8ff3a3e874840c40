"""What a locked policy takes from a program's own lists, and what a tightened block leaves behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

TORCH = """
import io, torch, safeload
class Mine:
    pass
file = io.BytesIO()
torch.save(Mine(), file)
file.seek(0)
torch.serialization.add_safe_globals([Mine])
try:
    print(type(torch.load(file, weights_only=True)).__name__)
except safeload.BlockedLoadError as error:
    print("refused", *error.refusal.globals)
"""


def run(code: str, **variables: str) -> str:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", **variables}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_what_a_program_adds_to_torchs_list_does_not_count_under_a_lock() -> None:
    pytest.importorskip("torch")
    assert run(TORCH, SAFELOAD_MODE="off") == "Mine\n"
    assert run(TORCH, SAFELOAD_LOCKED="1") == "refused __main__:Mine\n"


BLOCK = """
import fractions, pickle, safeload
data = pickle.dumps(fractions.Fraction(1, 2))
with safeload.activate(safeload.Policy(profiles=("numpy", "builtins"))):
    print(safeload.current_policy().profiles, safeload.current_policy().locked)
    try: pickle.loads(data)
    except pickle.UnpicklingError: print("refused")
print(pickle.loads(data))
"""


def test_a_block_may_tighten_and_its_end_puts_back_what_was() -> None:
    assert run(BLOCK, SAFELOAD_LOCKED="1") == "('builtins', 'numpy') True\nrefused\n1/2\n"
