"""What a subclass's own ``find_class`` does with the names of a stream, told from its code."""

from __future__ import annotations

import _pickle
import dis
import enum
import inspect
import pickle
import re
from types import FunctionType
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
_DATA: Final = (str, bytes, int, float, tuple, list, dict, set, frozenset, type(None), re.Pattern)


def override_of(unpickler: Any, base: Any) -> Override:
    """Tell by the code of the most derived ``find_class``; whatever is not plain is not trusted."""
    held = getattr(unpickler, "__dict__", {}).get("find_class")
    found = held if held is not None else inspect.getattr_static(type(unpickler), "find_class", base)
    if found is base or getattr(found, "is_door", False):
        return Override.NONE
    function = getattr(found, "__func__", found)
    if getattr(function, "is_door", False) or function is base:
        return Override.NONE
    if not isinstance(function, FunctionType):
        return Override.IMPORTS
    name = (function.__module__, function.__qualname__)
    if name in AS_IN_STREAM:
        return Override.NONE
    if name in PACKAGES:
        return Override.BY_SOURCE
    return Override.RENAMES if _only_renames(function, unpickler) else Override.IMPORTS


def _only_renames(function: FunctionType, unpickler: Any) -> bool:
    """Whether the code can reach nothing but tables, text and the ``find_class`` above it."""
    code = function.__code__
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    if "find_class" not in code.co_names or not all(map(_is_harmless, cells)):
        return False
    for instruction in dis.get_instructions(code):
        name, operation = instruction.argval, instruction.opname
        if operation in ("IMPORT_NAME", "MAKE_FUNCTION"):
            return False
        if operation in ("LOAD_GLOBAL", "LOAD_NAME"):
            here = name in function.__globals__
            if not (_is_harmless(function.__globals__[name]) if here else name in _BUILTINS):
                return False
        looked_up = operation in ("LOAD_METHOD", "LOAD_ATTR", "LOAD_SUPER_ATTR")
        if looked_up and name not in _METHODS and not isinstance(_held(unpickler, name), _DATA):
            return False
    return True


def _held(unpickler: Any, name: str) -> Any:
    held = getattr(unpickler, "__dict__", {})
    return held[name] if name in held else inspect.getattr_static(type(unpickler), name, len)


def _is_harmless(value: Any) -> bool:
    """Data, an unpickler's class, or the module of one."""
    if isinstance(value, type):
        return issubclass(value, UNPICKLERS)
    return isinstance(value, _DATA) or value in (pickle, _pickle)
