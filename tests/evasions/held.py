"""References that a program took before the guard came (in the arm called late) or after it.

``from pickle import load`` binds when this module is imported: the guard cannot swap what is here.
"""

from __future__ import annotations

import importlib
import pickle
from functools import cached_property
from pickle import Unpickler as EarlyUnpickler
from pickle import load as early_load
from pickle import loads as early_loads
from typing import Any, BinaryIO, Final

from .rows import FILE

LOADERS: Final = (
    "numpy.load",
    "pandas.read_pickle",
    "joblib.load",
    "dill.load",
    "cloudpickle.load",
    "shelve.open",
    "scipy.stats.norm",
    "torch.load",
    "torch.hub.load_state_dict_from_url",
)


class EarlySubclass(pickle.Unpickler):
    """Made before the guard, and asks its base for every global."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name)


class LaterFile:
    """A stream that opens its file at the first read."""

    @cached_property
    def stream(self) -> BinaryIO:
        return open(FILE, "rb")

    def read(self, size: int = -1) -> bytes:
        return self.stream.read(size)

    def readline(self) -> bytes:
        return self.stream.readline()


EARLY_INSTANCE: Final = pickle.Unpickler(LaterFile())
EARLY_INSTANCE_OF_SUBCLASS: Final = EarlySubclass(LaterFile())

_taken: dict[str, Any] = {}


def reference(path: str) -> Any:
    """The loader ``library.function``, as it was when first asked for."""
    if path not in _taken:
        module, _, name = path.rpartition(".")
        _taken[path] = getattr(importlib.import_module(module), name)
    return _taken[path]


def take() -> None:
    """Hold the loaders of every library that is there."""
    for path in LOADERS:
        try:
            reference(path)
        except ImportError:
            continue


__all__ = [
    "EARLY_INSTANCE",
    "EARLY_INSTANCE_OF_SUBCLASS",
    "EarlySubclass",
    "EarlyUnpickler",
    "early_load",
    "early_loads",
    "reference",
    "take",
]
