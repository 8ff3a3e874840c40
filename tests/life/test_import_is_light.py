"""Every interpreter of a server pays for ``import safeload``: it must cost next to nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from three_forms import ROOT, environment

import safeload

HEAVY = set("torch numpy joblib structlog wrapt rich click asyncio logging re tomllib pickle".split())
BEST_OF = 7
FIND = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"


def python(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", *options, "-c", FIND + code]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment())


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """The first import writes the bytecode; the machine's user pays for that once."""
    env = environment()
    del env["PYTHONDONTWRITEBYTECODE"]
    code = FIND + "import safeload, pickle; pickle.loads(pickle.dumps(range(1)))"
    subprocess.run([sys.executable, "-I", "-c", code], check=True, env=env)


def test_brings_nothing_heavy() -> None:
    brought = "before = set(sys.modules); import safeload; print(*(set(sys.modules) - before))"
    modules = set(python(brought).stdout.split())
    assert "safeload" in modules
    assert modules & HEAVY == set()


def test_guards_all_the_same() -> None:
    """What was put off is there when it is needed."""
    loading = "try: pickle.loads(b'cos\\nsystem\\n.')\nexcept pickle.UnpicklingError: print('refused')"
    code = f"import safeload, pickle\n{loading}"
    assert python(code).stdout == "refused\n"


ROOMS = {room: name for name, room in safeload._ROOMS.items()}


@pytest.mark.parametrize("name", ROOMS.values())
@pytest.mark.parametrize("without", ["", "_inplace"], ids=["with the C part", "without"])
def test_any_name_may_be_the_first_that_is_asked_for(without: str, name: str) -> None:
    """Nothing has imported pickle before: it arrives while the guard's own modules do."""
    missing = f"sys.modules['safeload.{without}'] = None\n" if without else ""
    refused = "try: pickle.loads(b'cos\\nsystem\\n.')\nexcept pickle.UnpicklingError: print('refused')"
    code = f"{missing}import safeload\nassert 'pickle' not in sys.modules\nsafeload.{name}\nimport pickle\n{refused}"
    assert python(code).stdout == "refused\n"


def import_cost() -> int:
    """Microseconds that ``import safeload`` takes, with all it imports, as Python itself measures it."""
    told = python("import safeload", "-X", "importtime").stderr
    (line,) = (line for line in told.splitlines() if re.search(r"\| safeload$", line))
    return int(line.split("|")[1])


def test_takes_less_than_two_milliseconds() -> None:
    assert min(import_cost() for _ in range(BEST_OF)) < 2000


def pickle_cost(before: str) -> float:
    """Milliseconds that ``import pickle`` takes after something else."""
    clock = "from time import perf_counter as now; start = now(); import pickle; print((now() - start) * 1000)"
    return float(python(f"{before}\n{clock}").stdout)


def test_adds_less_than_five_milliseconds_to_pickle() -> None:
    plain, guarded = [], []
    for _ in range(BEST_OF):  # in turns, so that a slow moment of the machine hits both
        plain.append(pickle_cost(""))
        guarded.append(pickle_cost("import safeload"))
    assert min(guarded) - min(plain) < 5
