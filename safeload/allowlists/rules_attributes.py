"""``getattr`` in a stream: how picklers write a nested name before protocol 4, and a method at any.

The call hands out a global whose dotted name has to be on a list itself, as it has to be where
protocol 4 writes it at once: `getattr` reaches nothing that a name could not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_PATTERN: Final = GlobalRef("re", "_compile")
_PLAIN: Final = {str: "str", dict: "dict"}
# Classes whose objects keep one of their own methods, vectorized.
_DISTRIBUTIONS: Final = frozenset({"scipy.stats._discrete_distns", "scipy.stats._distn_infrastructure"})


def known_attribute(args: Args, kwargs: Kwargs) -> str | None:
    """An attribute of a global, or a method of text, of a dict, of a pattern or of a distribution."""
    if kwargs or attribute_named(args) is None:
        return "takes an attribute of an object, which leads to any code"
    return None


def attribute_named(args: Args) -> GlobalRef | None:
    """The dotted global that the call hands out; the lists say whether it may be had."""
    owner, name = args
    if type(name) is not str or not name.isidentifier():
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
    if made is not None and made.module in _DISTRIBUTIONS and not hasattr(owner, "state"):
        return GlobalRef(made.module, f"{made.qualname}.{name}")
    return None
