"""The C unpickler's own method table leads to our handlers: no object is replaced.

References taken before us, in whatever class or closure, arrive as well. Built from one C file; where
that could not be built, :mod:`safeload.doors.replaced` stands in.
"""

from __future__ import annotations

import sys
from typing import Any

from safeload.doors import for_pickle
from safeload.doors.arrival import inplace, with_subclasses
from safeload.state import STATE


def load(*args: Any, **options: Any) -> Any:
    return for_pickle.load(STATE.originals["load"], *args, **options)


def loads(*args: Any, **options: Any) -> Any:
    return for_pickle.loads(STATE.originals["loads"], *args, **options)


def unpickler_load(unpickler: Any, *args: Any, **options: Any) -> Any:
    return for_pickle.unpickle(STATE.originals["unpickle"], unpickler, *args, **options)


def find_class(*names: Any) -> None:
    """Judge a name before the C ``find_class`` or a Python one goes on to import it."""
    for_pickle.find_class(*names[-2:])


def install(_pickle: Any) -> None:
    """Take over from :mod:`safeload.doors.arrival`; again for a fresh ``_pickle``."""
    unpickler = _pickle.Unpickler
    if not inplace.is_home():  # its doors pass a call through here, and ask for each name
        STATE.originals |= {"load": _pickle.load, "loads": _pickle.loads, "unpickle": unpickler.load}
        return
    STATE.originals["load"] = inplace.interpose(inplace.LOAD, _pickle.load, load)
    STATE.originals["loads"] = inplace.interpose(inplace.LOADS, _pickle.loads, loads)
    STATE.originals["unpickle"] = inplace.interpose(
        inplace.UNPICKLER_LOAD, unpickler.load, unpickler_load
    )
    inplace.interpose(inplace.FIND_CLASS, unpickler.find_class, find_class)
    inplace.interpose(inplace.AUDIT, sys.audit, find_class)
    for cls in with_subclasses(unpickler):
        inplace.interpose_init(cls, for_pickle.open_unpickler)


open_unpickler = for_pickle.open_unpickler
python_load = for_pickle.python_load
python_find_class = for_pickle.python_find_class
