"""``getattr`` in a stream: how picklers write a nested name before protocol 4, and a method at any.

The call hands out a global whose dotted name has to be on a list itself, as it has to be where
protocol 4 writes it at once: `getattr` reaches nothing that a name could not. ``C.__new__`` alone needs
no name of its own: only a partial takes it, to make an object of ``C``
(:func:`safeload.allowlists.rules.partial_call`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules import is_new
from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_PATTERN: Final = GlobalRef("re", "_compile")
_PLAIN: Final[Mapping[type, str]] = {str: "str", dict: "dict"}


def known_attribute(args: Args, kwargs: Kwargs) -> str | None:
    """An attribute of a global, or a method of text, of a dict or of an object that the stream made."""
    if kwargs or (attribute_named(args) is None and not is_new(args)):
        return "takes an attribute of an object, which leads to any code"
    return None


def attribute_named(args: Args) -> GlobalRef | None:
    """The dotted global that the call hands out; the lists say whether it may be had."""
    owner, name = args
    if type(name) is not str or not name.isidentifier() or is_new(args):
        return None
    ref = ref_of(owner)
    if ref is not None:
        return GlobalRef(ref.module, f"{ref.qualname}.{name}")
    return _method(owner, name)


def _method(owner: Any, name: str) -> GlobalRef | None:
    if type(owner) in _PLAIN:
        return GlobalRef("builtins", f"{_PLAIN[type(owner)]}.{name}")
    made = made_by(owner)
    if made == _PATTERN:
        return GlobalRef("re", f"Pattern.{name}")
    if made is None or not _is_of_the_class(owner, name):
        return None
    return GlobalRef(made.module, f"{made.qualname}.{name}")


def _is_of_the_class(owner: Any, name: str) -> bool:
    """Whether the object has no attribute of its own in the method's place."""
    state = getattr(owner, "state", None)
    return state is None or (type(state) is dict and name not in state)


def known_type(args: Args, kwargs: Kwargs) -> str | None:
    """``_builtin_type("SimpleNamespace")``: how cloudpickle writes a type of the module ``types``."""
    return "takes a type that no list has" if kwargs or type_named(args) is None else None


def type_named(args: Args) -> GlobalRef | None:
    """The type that the call hands out, by ``getattr(types, name)``; the lists say whether it may be had."""
    (name,) = args
    known = type(name) is str and name.isidentifier() and name != "ClassType"  # which gives type itself
    return GlobalRef("types", name) if known else None
