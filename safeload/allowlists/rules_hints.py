"""Rules on type hints, which are written as calls of very general functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules import exactly
from safeload.scan.inert import made_by, ref_of
from safeload.scan.keeping import HINTS

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_LITERAL: Final = exactly(str, bytes, int, bool, type(None))


def _is_hint(value: Any, depth: int = 0) -> bool:
    """A type, an alias, or a tuple or list of them: no text, which typing would compile."""
    if type(value) in (tuple, list):
        return depth < 5 and all(_is_hint(item, depth + 1) for item in value)
    return value is None or ref_of(value) is not None or made_by(value) in HINTS


def hint_call(args: Args, kwargs: Kwargs) -> str | None:
    """``_operator.getitem(typing.List, int)``: how typing writes an alias."""
    form, inner = args
    ref = ref_of(form)
    if kwargs or ref is None or ref.module != "typing":
        return "takes an item of an object, which leads to any code"
    if ref.qualname == "Literal":
        values = inner if type(inner) is tuple else (inner,)
        return None if all(map(_LITERAL, values)) else "is a Literal of something else than values"
    return None if _is_hint(inner) else "is a type hint of something else than types"


def generic_alias(args: Args, kwargs: Kwargs) -> str | None:
    """``types.GenericAlias(list, (int,))``."""
    origin, inner = args
    ref = ref_of(origin)
    if kwargs or ref is None or ref.module not in ("builtins", "collections", "collections.abc"):
        return "is a type hint of something else than a container"
    return None if _is_hint(inner) else "is a type hint of something else than types"


def union_call(args: Args, kwargs: Kwargs) -> str | None:
    """``_functools.reduce(_operator.or_, (int, NoneType))``: how ``int | None`` is written."""
    function, types = args
    if kwargs or ref_of(function) != ("_operator", "or_") or type(types) is not tuple:
        return "folds something else than types into a union"
    return None if types and _is_hint(types) else "folds something else than types into a union"
