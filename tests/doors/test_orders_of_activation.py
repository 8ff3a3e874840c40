"""Every order of import, activate and deactivate, each in a process of its own."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import pytest

STEPS = {
    "pickle": "import pickle; from pickle import load, loads, Unpickler",
    "safeload": "import safeload",
    "activate": "safeload.activate()",
    "again": "safeload.activate()",
    "deactivate": "safeload.deactivate()",
    "reimport": "import importlib; importlib.reload(safeload)",
}

PROBE = """
import io, os, pickle, sys
marker = sys.argv[1]
stream = b"cos\\nmkdir\\n(S'" + marker.encode() + b"'\\ntR."
def fires(call):
    try:
        call()
    except pickle.UnpicklingError:
        pass
    fired = os.path.isdir(marker)
    if fired:
        os.rmdir(marker)
    return fired
doors = {
    "pickle.loads": lambda: pickle.loads(stream),
    "pickle.load": lambda: pickle.load(io.BytesIO(stream)),
    "pickle.Unpickler": lambda: pickle.Unpickler(io.BytesIO(stream)).load(),
    "pickle._loads": lambda: pickle._loads(stream),
    "pickle._Unpickler": lambda: pickle._Unpickler(io.BytesIO(stream)).load(),
    "captured loads": lambda: loads(stream),
    "captured load": lambda: load(io.BytesIO(stream)),
    "captured Unpickler": lambda: Unpickler(io.BytesIO(stream)).load(),
}
print([name for name, call in doors.items() if fires(call)])
"""


def orders() -> list[tuple[str, ...]]:
    """Each permutation in which safeload is imported before it is used."""
    found = []
    for count in (2, 3, 4, 5):
        for order in itertools.permutations(STEPS, count):
            used = [step for step in order if step not in ("pickle", "safeload")]
            if not {"pickle", "safeload"} <= set(order):
                continue
            if any(order.index(step) < order.index("safeload") for step in used):
                continue
            if "again" in order and ("activate" not in order or order.index("again") < order.index("activate")):
                continue
            found.append(order)
    return found


def fired_after(order: tuple[str, ...], prelude: str, tmp_path: Path) -> list[str]:
    program = "\n".join([prelude, *(STEPS[step] for step in order), PROBE])
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "canary")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "SAFELOAD_LOG": "off"},
    )
    found: list[str] = eval(done.stdout)
    return found


MODES = {"in place": "", "replaced": "import sys; sys.modules['safeload._inplace'] = None"}


def test_every_door_fires_without_us(tmp_path: Path) -> None:
    assert len(fired_after(("pickle",), "", tmp_path)) == 8


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("order", orders(), ids=" then ".join)
def test_doors_judge_exactly_while_active(order: tuple[str, ...], mode: str, tmp_path: Path) -> None:
    fired = fired_after(order, MODES[mode], tmp_path)
    switches = [step for step in order if step in ("activate", "again", "deactivate")]
    is_off = bool(switches) and switches[-1] == "deactivate"
    assert len(fired) == (8 if is_off else 0)
