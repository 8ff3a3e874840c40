"""What a subclass's own ``find_class`` does with the names of a stream, told from its code."""

from __future__ import annotations

import _pickle
import dis
import enum
import inspect
import pickle
import re
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from types import FunctionType, MethodDescriptorType
from typing import Any, Final

UNPICKLERS: Final = (_pickle.Unpickler, pickle._Unpickler)


class Override(enum.Enum):
    """How an unpickler finds its classes."""

    NONE = "as CPython does"
    RENAMES = "hands other names to CPython's find_class, and does nothing else"
    IMPORTS = "in a way of its own: for all we know it imports what the stream names"
    BY_SOURCE = "from source code that comes with the file"


# Overrides whose names are judged as they stand in the stream: they rename within their library.
AS_IN_STREAM: Final = frozenset(
    {
        ("torch.serialization", "_load.<locals>.UnpicklerWrapper.find_class"),
        ("torch.serialization", "_legacy_load.<locals>.UnpicklerWrapper.find_class"),
        ("dill._dill", "Unpickler.find_class"),
    }
)

PACKAGES: Final = frozenset({("torch.package._package_unpickler", "PackageUnpickler.find_class")})

# What an override that only renames may use: it looks names up in its own tables, it edits text.
_BUILTINS: Final = frozenset({"super", "str", "len", "isinstance", "dict", "tuple"})
_METHODS: Final = frozenset(
    {
        "find_class", "get", "startswith", "endswith", "replace", "removeprefix", "removesuffix",
        "split", "rsplit", "partition", "rpartition", "join", "format", "strip", "lower", "items",
        "Unpickler", "_Unpickler",
    }
)  # fmt: skip
_DATA: Final = (str, bytes, int, float, type(None), re.Pattern)
_MAPPINGS: Final = (dict, OrderedDict, defaultdict)
_TABLES: Final = (*_MAPPINGS, tuple, list, set, frozenset)  # themselves: a subclass may look up in a way of its own


def override_of(unpickler: Any, base: Any) -> Override:
    """Tell by the code of ``find_class``; whatever is not plain is not trusted."""
    held = getattr(unpickler, "__dict__", {}).get("find_class")
    found = held if held is not None else inspect.getattr_static(type(unpickler), "find_class", base)
    function = getattr(found, "__func__", found)
    if function is base or getattr(function, "is_door", False):
        return Override.NONE
    if not isinstance(function, FunctionType):
        return Override.IMPORTS
    if _name_of(function) in AS_IN_STREAM:
        return Override.NONE
    if _name_of(function) in PACKAGES:
        return Override.BY_SOURCE
    all_rename = all(_renames(one, unpickler) for one in (function, *_defined_by(type(unpickler))))
    return Override.RENAMES if all_rename else Override.IMPORTS


def _name_of(function: FunctionType) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _defined_by(cls: type) -> Iterator[Any]:
    """Every ``find_class`` of a class and of those above it, to which ``super()`` may lead."""
    for base in cls.__mro__:
        if "find_class" in vars(base):
            found = vars(base)["find_class"]
            yield getattr(found, "__func__", found)


def _is_cpythons(found: Any) -> bool:
    return type(found) is MethodDescriptorType or getattr(found, "is_door", False)


def _renames(found: Any, unpickler: Any) -> bool:
    if _is_cpythons(found):
        return True
    return isinstance(found, FunctionType) and (_name_of(found) in AS_IN_STREAM or _only_renames(found, unpickler))


def _only_renames(function: FunctionType, unpickler: Any) -> bool:
    """Whether the code can reach nothing but tables, text and the ``find_class`` above it."""
    code = function.__code__
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    within = (*cells, *(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    if "find_class" not in code.co_names or not all(_is_harmless(value, unpickler) for value in within):
        return False
    for instruction in dis.get_instructions(code):
        name, operation = instruction.argval, instruction.opname
        if operation in ("IMPORT_NAME", "MAKE_FUNCTION"):
            return False
        if operation in ("LOAD_GLOBAL", "LOAD_NAME"):
            here = name in function.__globals__
            if not (_is_harmless(function.__globals__[name], unpickler) if here else name in _BUILTINS):
                return False
        if operation in ("LOAD_METHOD", "LOAD_ATTR", "LOAD_SUPER_ATTR") and not _may_look_up(unpickler, name):
            return False
    return True


def _may_look_up(unpickler: Any, name: str) -> bool:
    """Whether a name behind a dot leads to what tables, text and CPython have, or to data of the unpickler's."""
    if name == "find_class":
        return True
    held = getattr(unpickler, "__dict__", {})
    value = held[name] if name in held else inspect.getattr_static(type(unpickler), name, len)
    return name in _METHODS if value is len else _is_data(value)


def _is_harmless(value: Any, unpickler: Any) -> bool:
    """Data, CPython's unpickler or one that finds classes as it does, the unpickler's own class, or pickle itself."""
    if isinstance(value, type):
        of_its_own = issubclass(value, UNPICKLERS) and all(map(_is_cpythons, _defined_by(value)))
        return of_its_own or value in type(unpickler).__mro__
    return _is_data(value) or value is pickle or value is _pickle


def _is_data(value: Any, deep: int = 3) -> bool:
    """Data, and tables of it; classes may stand in them, to be handed out, and no functions, which could be called."""
    if type(value) not in _TABLES:
        return isinstance(value, _DATA)
    items = value.values() if isinstance(value, _MAPPINGS) else value
    return deep > 0 and all(isinstance(item, type) or _is_data(item, deep - 1) for item in items)
