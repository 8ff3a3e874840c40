"""The C unpickler's own method table leads to our handlers: no object is replaced.

References taken before us, in whatever class or closure, arrive as well. Built from one C file; where
that could not be built, :mod:`safeload.doors.replaced` stands in.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

try:
    from safeload import _inplace
except ImportError:  # no compiler when it was installed, or an interpreter that takes no such module
    _inplace = None  # type: ignore[assignment]

AVAILABLE = _inplace is not None


def install(_pickle: ModuleType) -> None:
    """Lead the C functions here; again for a fresh ``_pickle``, whose classes are new."""
    from safeload import guard
    from safeload.doors import for_pickle
    from safeload.state import STATE

    originals = STATE.originals

    def load(*args: Any, **options: Any) -> Any:
        return for_pickle.load(originals["load"], *args, **options)

    def loads(*args: Any, **options: Any) -> Any:
        return for_pickle.loads(originals["loads"], *args, **options)

    def unpickler_load(unpickler: Any, *args: Any, **options: Any) -> Any:
        return for_pickle.unpickle(originals["unpickle"], unpickler, *args, **options)

    def find_class(_unpickler: Any, *names: Any) -> None:
        if len(names) == 2:  # noqa: PLR2004 - module and name; anything else is CPython's TypeError
            guard.ask(*names)

    unpickler = _pickle.Unpickler
    originals["load"] = _inplace.interpose(_inplace.LOAD, _pickle.load, load)
    originals["loads"] = _inplace.interpose(_inplace.LOADS, _pickle.loads, loads)
    originals["unpickle"] = _inplace.interpose(
        _inplace.UNPICKLER_LOAD, unpickler.load, unpickler_load
    )
    _inplace.interpose(_inplace.FIND_CLASS, unpickler.find_class, find_class)
    for cls in _with_subclasses(unpickler):
        _inplace.interpose_init(cls, for_pickle.open_unpickler)


def _with_subclasses(cls: type) -> list[type]:
    return [cls, *(deeper for sub in cls.__subclasses__() for deeper in _with_subclasses(sub))]
