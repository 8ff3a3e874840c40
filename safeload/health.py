"""Whether the guard stands where it was put: what others wrapped, what was taken hold of before, who inherits."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import BuiltinFunctionType, ModuleType
from typing import Any, Final

from safeload.doors import arrival

# The functions that programs call, each under the module and name they know it by.
PICKLES: Final = (("pickle", "load"), ("pickle", "loads"), ("_pickle", "load"), ("_pickle", "loads"))
WRAPPED: Final = (
    ("torch", "load"),
    ("torch.serialization", "load"),
    ("torch.jit", "load"),
    ("joblib", "load"),
    ("joblib.numpy_pickle", "load"),
)
STARTUP: Final = str(Path(__file__).with_name("startup"))


def foreign_wrappers() -> Iterator[str]:
    """What stands where a library's own function or our wrapper stood, as sentences.

    The unpickler behind them judges all the same: a load through such a wrapper is one without a name.
    """
    for module, name in PICKLES:
        current = _current(module, name)
        if current is not None and not isinstance(current, BuiltinFunctionType):
            yield f"{module}.{name} was replaced by {_described(current)}"
    for module, name in WRAPPED:
        current = _current(module, name)
        if current is None or _is_ours(current):
            continue
        around = any(map(_is_ours, _inside(current)))
        done = "wrapped, around safeload's wrapper," if around else "replaced"
        yield f"{module}.{name} was {done} by {_described(current)}"


def early_references() -> Iterator[str]:
    """Who took hold of a library's loader before safeload stood in front of it, as ``module.name``.

    What is loaded through them is judged by the unpickler: the refusal does not name the library's call.
    """
    originals: dict[int, str] = {}
    for module_name, name in WRAPPED:
        current = _current(module_name, name)
        if _is_ours(current):
            originals.setdefault(id(current.__wrapped__), f"{module_name}.{name}")
    if not originals:
        return
    modules = {id(module): (name, module) for name, module in reversed(sys.modules.items())}
    for module_name, module in modules.values():  # one that has two names goes by the first
        if type(module) is ModuleType and not module_name.startswith("safeload."):
            for name, value in list(vars(module).items()):
                if id(value) in originals:
                    yield f"{module_name}.{name} is {originals[id(value)]} as it was before"


def children() -> str:
    """Which processes that start from here are guarded."""
    if STARTUP in sys.path:
        return "every child that keeps PYTHONPATH and does not run with -I, -E or -S"
    if any(Path(entry, "safeload.pth").is_file() for entry in sys.path if entry):
        return "every child of this interpreter that does not run with -S"
    forks = " and those that fork" if hasattr(os, "fork") else ""
    return f"only those that import safeload{forks}: see `safeload install`"


def by_what() -> str:
    """How the doors of CPython's unpickler are held."""
    return "the C part" if arrival.IN_PLACE else "stand-ins and the audit event (no C part was built)"


def _current(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, None)


def _is_ours(value: Any) -> bool:
    return type(value).__module__.startswith("safeload.")


def _inside(value: Any) -> Iterator[Any]:
    """What a wrapper wraps, as far as it can be seen."""
    for _ in range(20):
        value = value.func if isinstance(value, functools.partial) else getattr(value, "__wrapped__", None)
        if value is None:
            return
        yield value


def _described(value: Any) -> str:
    module = getattr(value, "__module__", None) or type(value).__module__
    return f"{module}:{getattr(value, '__qualname__', type(value).__qualname__)}"
