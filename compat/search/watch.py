"""What a load must not do, seen from outside it: audit events, and what of the process has changed."""

from __future__ import annotations

import builtins
import copyreg
import os
import sys
import types
from collections.abc import Iterator
from typing import Any, Final

QUIET: Final = frozenset(
    (
        "pickle.find_class",  # judged before the load
        "builtins.id",
        "object.__getattr__",  # code reads a protected attribute of a function: repr and copies do
        "sys._getframe",
        "sys._getframemodulename",
        "gc.get_objects",
        "array.__new__",  # array.array, which is on the list
        "time.sleep",
        "cpython.run_stdin",
    )
)
"""Events that say nothing: every other one is a hit, unless :meth:`Watch.explained` says why not."""

WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
ZONES: Final = ("/zoneinfo/", "/tzdata/")

BOOSTERS: Final = frozenset(("lightgbm.basic", "lightgbm.sklearn", "xgboost.core", "xgboost.sklearn"))
BOOSTING: Final = frozenset(
    ("ctypes.create_string_buffer", "ctypes.cdata", "ctypes.cdata/buffer", "ctypes.string_at", "object.__setattr__")
)
"""What a booster's own Python does whenever it is copied or shown: it hands its library buffers, and asks a copy of
an estimator for the settings of the class below it. What the library does with them is seen by whether it dies."""


class Stopped(BaseException):
    """Raised in place of what was about to happen, so that nothing does."""


class Watch:
    """An audit hook that is armed while a program runs."""

    def __init__(self) -> None:
        self.armed = False
        self.events: list[str] = []
        self.known: frozenset[str] = frozenset()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed or event in QUIET:
            return
        self.armed = False
        try:
            boosts = event in BOOSTING and sys._getframe(1).f_globals.get("__name__") in BOOSTERS
            said = None if boosts else self.explained(event, args)
        finally:
            self.armed = True
        if said is not None:
            self.events.append(said)
            raise Stopped(said)

    def explained(self, event: str, args: tuple[Any, ...]) -> str | None:
        """None for what the honest use of a listed name does as well, else what it is."""
        if event == "import":
            name = args[0]
            if name in sys.modules or name in self.known or name.startswith("tzdata.zoneinfo"):
                return None  # a listed name of a version that is not installed; a zone's table
        elif event == "open":
            path, mode, flags = args
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & WRITES)
            if not writes and any(part in str(path) for part in ZONES):
                return None  # zoneinfo and dateutil read a zone's table by its name
            if not writes and any(getattr(module, "__file__", None) == path for module in list(sys.modules.values())):
                return None  # a warning shows the line that it is from
        elif compiles_known_text(args[0]) if event == "compile" else event == "exec" and runs_known_code(args[0]):
            return None
        return f"{event} {args!r:.200}"


_SCIPYS: Final = ("_parse_args", "_parse_args_rvs", "_parse_args_stats")
_SIGNATURE: Final = "def foo(self, *args, **kwargs): pass"


def compiles_known_text(what: Any) -> bool:
    """What a distribution compiles when it is loaded, which the rule knows; and what ``inspect`` parses
    for the signature of a class that has no constructor of its own, which repr of an estimator asks for.
    """
    text = bytes(what).decode("utf-8", "replace") if isinstance(what, bytes | bytearray) else what
    return isinstance(text, str) and (text == _SIGNATURE or text.lstrip().startswith("def _parse_args(self,"))


def runs_known_code(code: Any) -> bool:
    """The same text of a distribution's, compiled."""
    return code.co_filename == "<string>" and code.co_names == _SCIPYS


def _plain(value: Any) -> Any:
    """What identifies a value: numbers and text by what they are, all else by its address."""
    return repr(value) if type(value) in (int, str, bytes, bool, float, type(None)) else id(value)


_IDLE: Final = frozenset(
    (
        "__slotnames__",  # copyreg's cache
        "__abstractmethods__",
        "_abc_impl",
        "__dict__",
        "__weakref__",
        "__annotations_cache__",
        "__annotate_func__",
        "__doc__",  # made when it is asked for
        "__signature__",
    )
)


_CACHES: Final = frozenset(
    (
        "_cache_dtypes",  # of pandas.PeriodDtype: codes of frequencies, computed by pandas
        "_netmask_cache",  # of ipaddress
        "_TzOffsetFactory__strong_cache",  # dateutil's last zones by name and offset, made of no more than these
        "_value2member_map_",  # of flags: combinations that were asked for
        "_max_vals",  # of numpy.iinfo
        "_min_vals",
    )
)


def _of_function(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    yield "code", id(function.__code__)
    yield "defaults", tuple(map(id, function.__defaults__ or ()))
    yield "keywords", tuple(sorted((k, id(v)) for k, v in (function.__kwdefaults__ or {}).items()))
    yield "attributes", tuple(sorted((str(k), id(v)) for k, v in function.__dict__.items()))


def _of_class(cls: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(cls).items():
        if name not in _IDLE:
            yield name, _plain(value)
            if isinstance(value, types.FunctionType):
                yield from ((f"{name}.{part}", said) for part, said in _of_function(value))
            elif isinstance(value, list | dict | set) and name not in _CACHES:
                yield f"{name} items", _contents(value)
    yield "bases", tuple(map(id, cls.__bases__))


def _contents(value: Any) -> Any:
    items: Any = ((one, 0) for one in value)
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
    return hash(tuple(sorted((repr(_plain(k)), _plain(v)) for k, v in items)))


def fingerprint(targets: list[Any]) -> dict[str, Any]:
    """Of listed classes and functions with their bases, and of the tables of the process."""
    found: dict[str, Any] = {}
    for target in targets:
        where = f"{target.__module__}:{target.__qualname__}"
        parts = _of_class(target) if isinstance(target, type) else _of_function(target)
        found.update((f"{where}.{part}", said) for part, said in parts)
    tables = {
        "builtins": vars(builtins),
        "copyreg": copyreg.dispatch_table,
        "extensions": copyreg._extension_registry,  # type: ignore[attr-defined]
        "environ": dict(os.environ),
        "sys.path": dict(enumerate(sys.path)),
    }
    for table, values in tables.items():
        found.update((f"{table} {key!r}", _plain(value)) for key, value in values.items() if key != "_")
    found["modules"] = frozenset(sys.modules)
    found["cwd"] = os.getcwd()
    found["umask"] = sys.getrecursionlimit()
    return found


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as it was; modules that are explained have been so at their import."""
    keys = before.keys() | after.keys()
    changed = [key for key in keys if key != "modules" and before.get(key) != after.get(key)]
    return sorted(changed)


def targets_of(names: list[tuple[str, str]]) -> list[Any]:
    """The classes and functions that the names lead to, with the classes' bases."""
    found: dict[int, Any] = {}
    for module, qualname in names:
        value: Any = sys.modules.get(module)
        for part in qualname.split("."):
            value = getattr(value, part, None)
        values = value.__mro__ if isinstance(value, type) else (value,)
        for one in values:
            if isinstance(one, type | types.FunctionType) and one is not object:
                found[id(one)] = one
    return list(found.values())
