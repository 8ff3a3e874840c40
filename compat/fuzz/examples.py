"""What the fuzzer starts from: the listed names, and pickles of honest objects."""

from __future__ import annotations

import contextlib
import encodings
import importlib
import io
import pkgutil
import sys
import warnings
import zipfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1] / "search"))

import honest

LARGEST: Final = 1500
SOME: Final = 12


def listed() -> tuple[str, ...]:
    """Every name of the lists that are on by default, as ``module name``."""
    from safeload.policy import Policy

    return tuple(sorted(f"{ref.module} {ref.qualname}" for ref in Policy().rulebook()))


def imported(names: tuple[str, ...]) -> frozenset[str]:
    """Imports the modules of the names, which a load then need not; returns them and their packages."""
    found: set[str] = set()
    for codec in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(ImportError):
            importlib.import_module(f"encodings.{codec.name}")
    with contextlib.suppress(ImportError):
        importlib.import_module("tzdata.zoneinfo")
    for room in ("allowlists", "doors", "scan", "tensors"):  # which come as they are needed
        package = importlib.import_module(f"safeload.{room}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"safeload.{room}.{module.name}")
    for name in names:
        module = name.partition(" ")[0]
        if module not in found:
            with contextlib.suppress(Exception):
                importlib.import_module(module)
        while module:
            found.add(module)
            module = module.rpartition(".")[0]
    return frozenset(found)


def _values() -> Iterator[Any]:
    import everyday_values

    for table in (everyday_values.EVERYDAY, everyday_values.science(), everyday_values.torch_values()):
        for make in table.values():
            yield from honest._quietly(make)
    yield from honest._of_the_tests()


def pickles() -> tuple[bytes, ...]:
    """Short pickles of the objects that the tests load, under every protocol."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        short = [data for data in honest.pickles(_values()) if len(data) <= LARGEST]
    slow = [data for data in short if b"_load_from_bytes" in data]  # with a file of torch's in them
    return tuple(data for data in short if data not in slow[SOME:])


def streams_of_joblib() -> tuple[bytes, ...]:
    """What ``joblib.dump`` writes, with the arrays between the opcodes."""
    import joblib
    import numpy as np

    values = [
        np.arange(4.0),
        [np.arange(3, dtype="i2"), {"a": np.ones((2, 2))}, "x"],
        {"a": np.array([None, (1, 2)], dtype=object)},
        np.array(["a", "bc"]),
        [np.zeros(3), np.zeros(0), np.asfortranarray(np.ones((2, 3)))],
    ]
    found = []
    for value in chain(values, [values]):
        file = io.BytesIO()
        joblib.dump(value, file)
        found.append(file.getvalue())
    return tuple(found)


def streams_of_torch() -> tuple[bytes, ...]:
    """The pickle of what ``torch.save`` writes, whose storages lie beside it."""
    import torch

    view = torch.arange(6.0)
    values = [
        {"a": torch.ones(3), "b": torch.zeros(2, 2, dtype=torch.int8)},
        [view[1:], view.view(2, 3).T, torch.tensor(1.5)],
        torch.nn.Linear(2, 1).state_dict(),
        torch.nn.Parameter(torch.ones(2, dtype=torch.bfloat16)),
        torch.eye(2).to_sparse(),
        {"step": 3, "lr": 0.1, "state": {0: {"exp_avg": torch.zeros(1)}}, "groups": [{"params": [0]}]},
        torch.quantize_per_tensor(torch.ones(2), 0.1, 1, torch.qint8),
    ]
    found = []
    for value in values:
        file = io.BytesIO()
        torch.save(value, file)
        with zipfile.ZipFile(file) as archive:
            found.append(archive.read("archive/data.pkl"))
    return tuple(found)
