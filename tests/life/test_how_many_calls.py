"""What a guarded load takes, counted in calls of functions: no clock, so it holds on a busy machine too.

Each case is loaded small and twice as big. What a load costs at all, and what each further item of it
costs, may not grow by a sixth and more, since Pythons and libraries differ by less. A walk in Python over
what the C unpickler builds would show here at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Case(NamedTuple):
    """One kind of load.

    Attributes:
        make: writes ``n`` items to ``path``.
        load: loads them.
        items: how many there are in the smaller file.
        once: calls that a load may take beside those for its items.
        each: calls that one more item may take.
    """

    make: str
    load: str
    items: int
    once: int
    each: float


DUMP = "pickle.dump({}, open(path, 'wb'))"
LOAD = "pickle.load(file)"
CASES = {
    "plain data": Case(DUMP.format("[[i, {'a': i}, (i, str(i))] for i in range(n)]"), LOAD, 1000, 95, 0),
    "plain data, loads": Case(
        DUMP.format("[[i, {'a': i}, (i, str(i))] for i in range(n)]"), "pickle.loads(data)", 1000, 40, 0
    ),
    "a long array": Case(DUMP.format("np.zeros(n)"), LOAD, 200_000, 720, 0),
    "arrays": Case(DUMP.format("[np.full(100, i) for i in range(n)]"), LOAD, 100, 640, 53),
    "ordered dicts": Case(DUMP.format("[collections.OrderedDict(a=i) for i in range(n)]"), LOAD, 500, 440, 20),
    "arrays by joblib": Case(
        "joblib.dump([np.full(100, float(i)) for i in range(n)], path)", "joblib.load(file)", 100, 850, 97
    ),
    "tensors": Case(
        "torch.save({str(i): torch.zeros(10) for i in range(n)}, path)", "torch.load(file, weights_only=False)",
        50, 800, 156,
    ),
}  # fmt: skip

PROGRAM = """
import collections, json, pickle, sys
import safeload
make, load, path = sys.argv[1:4]
if 'np.' in make: import numpy as np
if 'joblib' in make: import joblib
if 'torch' in make: import torch
counts = []
for n in json.loads(sys.argv[4]):
    exec(make)
    call = compile(load, 'case', 'eval')
    for counted in (False, False, True):
        with open(path, 'rb') as file:
            data = open(path, 'rb').read()
            found = [0]
            def count(frame, event, arg):
                found[0] += event in ('call', 'c_call')
            if counted: sys.setprofile(count)
            eval(call)
            sys.setprofile(None)
    counts.append(found[0])
print(json.dumps(counts))
"""


def counted(case: Case, folder: Path) -> list[int]:
    """Calls of the load of as many items, and of twice as many."""
    sizes = json.dumps([case.items, 2 * case.items])
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, case.make, case.load, str(folder / "file"), sizes],
        env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CASES)
def test_takes_no_more_calls_than_it_did(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    for module, name_there in {"numpy": "np.", "joblib": "joblib", "torch": "torch"}.items():
        if name_there in case.make:
            pytest.importorskip(module)
    small, big = counted(case, tmp_path)
    each = (big - small) / case.items
    assert each <= case.each, (small, big)
    assert small - each * case.items <= case.once, (small, big)
