"""What anyone can see of the loaders without loading anything."""

from __future__ import annotations

import _pickle
import copy
import gc
import importlib
import inspect
import pickle
import pydoc
import sys
import types
import unittest.mock
import weakref
from functools import partial
from typing import Any

from probe_kit import Probes, error_of, ours

# safeload arrives here

probe = Probes()
Slow: Any = pickle._Unpickler

THINGS: dict[str, Any] = {
    "load": pickle.load,
    "loads": pickle.loads,
    "Unpickler": pickle.Unpickler,
    "Unpickler.load": pickle.Unpickler.load,
    "Unpickler.find_class": pickle.Unpickler.find_class,
    "Unpickler.__init__": pickle.Unpickler.__init__,
    "_load": pickle._load,  # type: ignore[attr-defined]
    "_loads": pickle._loads,  # type: ignore[attr-defined]
    "_Unpickler": Slow,
    "_Unpickler.load": Slow.load,
    "_Unpickler.find_class": Slow.find_class,
    "dumps": pickle.dumps,
    "Pickler": pickle.Pickler,
    "UnpicklingError": pickle.UnpicklingError,
}
MARKS = {"__wrapped__", "is_door"}  # of the Python functions that stand in the door
FACTS: dict[str, Any] = {
    "module": lambda x: getattr(x, "__module__", "none"),
    "qualname": lambda x: x.__qualname__,
    "name": lambda x: x.__name__,
    "doc": lambda x: x.__doc__,
    "repr": repr,
    "type": type,
    "signature": lambda x: error_of(lambda: str(inspect.signature(x))),
    "text signature": lambda x: getattr(x, "__text_signature__", "none"),
    "self": lambda x: getattr(x, "__self__", "none"),
    "kinds": lambda x: [n for n in dir(inspect) if n.startswith("is") and kind(n, x)],
    "dir": lambda x: [name for name in dir(x) if name not in MARKS],
    "size": sys.getsizeof,
    "weak": lambda x: error_of(lambda: weakref.ref(x)() is x),
    "attribute": lambda x: error_of(setattr, x, "life", 1) if not isinstance(x, types.FunctionType) else 0,
    "hash": lambda x: hash(x) == hash(copy.copy(x)),
    "copies": lambda x: (copy.copy(x) is x, copy.deepcopy(x) is x),
    "tracked": gc.is_tracked,
}


def kind(name: str, thing: Any) -> bool:
    test = getattr(inspect, name)
    return inspect.isfunction(test) and len(inspect.signature(test).parameters) == 1 and test(thing)


def fact(thing: Any, tell: Any) -> Any:
    return tell(thing)


for thing_name, thing in THINGS.items():
    for fact_name, tell in FACTS.items():
        probe[f"{thing_name}: {fact_name}"] = partial(fact, thing, tell)

BY_NAME = [name for name in THINGS if "__init__" not in name]


def round_trips(name: str) -> list[Any]:
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    return [error_of(dumps, THINGS[name], p) for p in protocols for dumps in (pickle.dumps, pickle._dumps)]


for thing_name in BY_NAME:
    probe[f"{thing_name}: pickled"] = partial(round_trips, thing_name)


@probe
def pickled_by_reference_and_back() -> list[bool]:
    back = []
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        stream = pickle.dumps(pickle.loads, protocol)
        module, name = ("_pickle", "loads")
        back.append(getattr(sys.modules[module], name) is pickle.loads and b"loads" in stream)
    return back


@probe
def one_function_under_two_names() -> list[bool]:
    return [getattr(pickle, n) is getattr(_pickle, n) for n in ("load", "loads", "Unpickler")]


@probe
def a_builtin_does_not_bind() -> Any:
    class Holder:
        loads = pickle.loads
        load = pickle.load

    return Holder().loads(pickle.dumps([1])), Holder.loads(b"N."), Holder().load is pickle.load


@probe
def a_function_binds() -> str:
    class Holder:
        loads = pickle._loads  # type: ignore[attr-defined]

    return error_of(Holder().loads, b"N.")


@probe
def type_of_loads_is_that_of_len() -> bool:
    return type(pickle.loads) is type(len)


@probe
def documentation() -> list[str]:
    return [pydoc.render_doc(THINGS[name]) for name in ("load", "loads", "Unpickler")]


@probe
def source_of_the_python_unpickler() -> list[int]:
    things = (Slow, inspect.unwrap(Slow.load), inspect.unwrap(Slow.find_class), Slow.load_build)
    return [len(inspect.getsource(thing)) for thing in things]


@probe
def autospec() -> list[Any]:
    spec = unittest.mock.create_autospec(pickle.loads)
    return [type(spec).__name__, error_of(spec)[:20], str(inspect.signature(spec))]


@probe
def patched_for_a_while() -> Any:
    before = pickle.loads
    with unittest.mock.patch("pickle.loads", return_value=5):
        during = pickle.loads(b"")
    return during, pickle.loads is before


@probe
def ancestry() -> Any:
    return pickle.Unpickler.__mro__, pickle.Unpickler.__bases__, Slow.__mro__


@probe
def layout() -> Any:
    cls: Any = pickle.Unpickler
    return cls.__basicsize__, cls.__itemsize__, cls.__flags__, cls.__dictoffset__


@probe
def contents() -> Any:
    return sorted(vars(pickle.Unpickler)), sorted(set(vars(Slow)) - {"__wrapped__"})


@probe
def subclasses() -> list[str]:
    return sorted(c.__name__ for c in pickle.Unpickler.__subclasses__() if not ours(c))


@probe
def module_contents() -> Any:
    return pickle.__all__, sorted(vars(pickle)), sorted(vars(_pickle)), pickle.__file__


@probe
def module_of_star_import() -> list[str]:
    names: dict[str, Any] = {}
    exec("from pickle import *", names)
    return sorted(name for name in names if names[name] is getattr(pickle, name, None))


@probe
def specs() -> Any:
    spec: Any = pickle.__spec__
    return type(spec.loader).__name__, spec.origin, type(_pickle.__spec__.loader).__name__


@probe
def reloaded() -> Any:
    again = importlib.reload(pickle)
    return again is pickle, again.loads(again.dumps({1: [2]})), again.Unpickler is _pickle.Unpickler


if __name__ == "__main__":
    probe.tell()
