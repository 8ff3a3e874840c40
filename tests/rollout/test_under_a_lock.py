"""What a locked policy takes from a program's own lists, and what a tightened block leaves behind."""

# ruff: noqa: E501 - a row of a table is one line
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


# --- what a lock does not hold, and the page that says so -----------------------------------------

EVIL = """
import os, pickle, subprocess, sys
import safeload
stream = b"cos\\ngetcwd\\n(tR."
safeload.status()
exec(sys.argv[1])
try: print("ran" if pickle.loads(stream) == os.getcwd() else "replaced")
except Exception as error: print("refused" if isinstance(error, safeload.BlockedGlobalError) else error)
"""

# Nothing of these happens by accident: what the page calls it, and the code.
NOT_HELD = {
    "`object.__setattr__`": "from safeload.state import STATE; object.__setattr__(STATE, 'active', False)",
    "`vars(module)`": "from safeload import guard; vars(guard)['judge'] = lambda load, *_, **__: setattr(load, 'approved', guard.ANYTHING)",
    "`THREAD.load`": "from safeload.state import THREAD; from safeload.loads import Load; THREAD.load = Load('x'); THREAD.load.trusted = True",
    "`python -S`": "done = subprocess.run([sys.executable, '-S', '-c', f'import pickle; pickle.loads({stream!r})'], check=True); stream = b'cos\\ngetcwd\\n(tR.' if done.returncode else pickle.dumps(os.getcwd())",
}  # fmt: skip

HELD = {
    "settings that are written into the copy of the start": "safeload.boot.ENVIRONMENT['SAFELOAD_MODE'] = 'off'",
    "a module, run again": "import importlib, safeload.state\ntry: importlib.reload(safeload.state)\nexcept safeload.PolicyError: pass",
    "the finder, taken away": "sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != 'Watch']",
    "pickle, imported again": "del sys.modules['pickle'], sys.modules['_pickle']; import pickle",
    "names written into the rulebook": "rules = safeload.current_policy().rulebook()\ntry: rules[safeload.GlobalRef('os', 'getcwd')] = next(iter(rules.values()))\nexcept TypeError: pass",
    "grants of the block, set by hand": "from safeload.state import BLOCK_GRANTS; BLOCK_GRANTS.set(frozenset({safeload.GlobalRef('os', 'getcwd')}))",
    "an unpickler that never asks CPython": "U = type('U', (pickle._Unpickler,), {'find_class': lambda self, module, name: getattr(__import__(module), name)}); pickle.loads = lambda data: U(__import__('io').BytesIO(data)).load()",
}  # fmt: skip


ANEW = """
import sys, importlib, safeload
for name in list(sys.modules):
    if name.startswith("safeload"): del sys.modules[name]
import safeload
importlib.reload(sys.modules["safeload.boot"])
importlib.reload(safeload)
import joblib, pickle
open("evil.joblib", "wb").write(b"cos\\nmkdir\\n(S'canary'\\ntR.")
for load in (lambda: joblib.load("evil.joblib"), lambda: pickle.loads(b"cos\\nmkdir\\n(S'canary'\\ntR.")):
    try: load()
    except Exception as error: print(type(error).__name__)
"""


def test_a_program_that_imports_it_anew_can_import_and_is_guarded(tmp_path: Path) -> None:
    """Test runners and autoreload do so without a thought; two finders that asked each other never ended."""
    pytest.importorskip("joblib")
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    command = [sys.executable, "-c", ANEW]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "BlockedGlobalError\nBlockedGlobalError\n"
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("attempt", HELD.values(), ids=HELD)
def test_held(attempt: str) -> None:
    assert attack(attempt) == "refused\n"


@pytest.mark.parametrize("way", NOT_HELD)
def test_not_held_and_the_page_says_so(way: str) -> None:
    assert attack(NOT_HELD[way]) == "ran\n"
    assert way in (ROOT / "docs" / "explanation" / "what-it-does-not-stop.md").read_text("utf-8")


def attack(code: str) -> str:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", "SAFELOAD_LOCKED": "1"}
    done = subprocess.run([sys.executable, "-c", EVIL, code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout
