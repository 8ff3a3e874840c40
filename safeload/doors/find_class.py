"""What a subclass's own ``find_class`` does with the names of a stream, told from its code."""

from __future__ import annotations

import enum
from types import CodeType, FunctionType
from typing import Any, Final


class Override(enum.Enum):
    """How an unpickler finds its classes."""

    NONE = "as CPython does"
    RENAMES = "hands other names to CPython's find_class"
    IMPORTS = "imports by itself what the stream names"
    MAKES_ITS_OWN = "imports nothing: it hands out objects of its own"


# Overrides whose names are judged as they stand in the stream: they rename within their library.
AS_IN_STREAM: Final = frozenset(
    {
        ("torch.serialization", "_load.<locals>.UnpicklerWrapper.find_class"),
        ("torch.serialization", "_legacy_load.<locals>.UnpicklerWrapper.find_class"),
        ("dill._dill", "Unpickler.find_class"),
    }
)

_IMPORTING: Final = frozenset(
    {"__import__", "import_module", "importlib", "getattr", "eval", "exec", "modules", "locate"}
)


def override_of(unpickler: Any, base: Any) -> Override:
    """Tell by the code of the most derived ``find_class`` and of what it calls on its own class."""
    held = getattr(unpickler, "__dict__", {}).get("find_class")
    found = held if held is not None else getattr(type(unpickler), "find_class", base)
    if found is base:
        return Override.NONE
    function = getattr(found, "__func__", found)
    if not isinstance(function, FunctionType):
        return Override.RENAMES
    if (function.__module__, function.__qualname__) in AS_IN_STREAM:
        return Override.NONE
    names = _names(function.__code__)
    if "find_class" in names:
        return Override.RENAMES
    return Override.IMPORTS if names & _IMPORTING else Override.MAKES_ITS_OWN


def _names(code: CodeType) -> frozenset[str]:
    """Every global, attribute and import a function's code mentions, inner functions included."""
    names = frozenset(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
