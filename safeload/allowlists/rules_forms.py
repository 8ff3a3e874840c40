"""Small checks that the rules of several libraries share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from safeload.scan.entry import CallRule, StateRule
from safeload.scan.inert import Persistent, made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_SCALARS: Final = (str, bytes, int, float, complex, bool, type(None))


def refs(text: str) -> frozenset[GlobalRef]:
    """The set that ``module: name name`` lines name."""
    found = set()
    for line in text.strip().splitlines():
        module, _, names = line.partition(":")
        found |= {GlobalRef(module.strip(), name) for name in names.split()}
    return frozenset(found)


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def is_int(value: Any) -> bool:
    """A plain whole number; True and False are not."""
    return type(value) is int


def is_size(value: Any) -> bool:
    """A tuple or list of whole numbers of which none is negative."""
    return type(value) in (tuple, list) and all(type(n) is int and n >= 0 for n in value)


def is_plain(value: Any) -> bool:
    """A number, text, bytes or None: nothing that a stand-in could hide in."""
    return type(value) in _SCALARS


def is_made_by(value: Any, allowed: Collection[GlobalRef]) -> bool:
    """An object that the stream made from one of these globals."""
    ref = made_by(value)
    return ref is not None and ref in allowed


def is_ref_in(value: Any, allowed: Collection[GlobalRef]) -> bool:
    """One of these globals itself."""
    ref = ref_of(value)
    return ref is not None and ref in allowed


def is_object(value: Any) -> bool:
    """An object that the stream built, neither a global nor plain data."""
    return made_by(value) is not None and not isinstance(value, Persistent)


def no_args(args: Args, kwargs: Kwargs) -> str | None:
    """``cls.__new__(cls)`` and nothing else: all that protocols 2 and up need for most classes."""
    return "is made with arguments, which no honest file does" if args or kwargs else None


def plain_args(args: Args, kwargs: Kwargs) -> str | None:
    """Numbers, text and None, by position."""
    if kwargs or not all(is_plain(value) for value in args):
        return "takes numbers and text alone, by position"
    return None


def attributes(state: Any) -> Mapping[str, Any] | None:
    """The state as BUILD puts it into ``__dict__``; None for a form that calls ``setattr``."""
    return state if type(state) is dict else None


def only_keys(keys: Iterable[str]) -> StateRule:
    """A state rule: a dict with no other keys than these."""
    known = frozenset(keys)

    def rule(_: Any, state: Any) -> str | None:
        given = attributes(state)
        if given is None:
            return "its state must be a dict"
        odd = [key for key in given if key not in known]
        return (
            f"its state has keys that no version writes: {sorted(map(repr, odd))}" if odd else None
        )

    return rule


def own_attributes(state: Any) -> bool:
    """A dict of attributes such as a class of its own sets: text keys, none of them ``__special__``.

    Special ones are protocols that libraries look up on the *instance*: numpy calls an attribute
    ``__array__`` and reads memory at the address that ``__array_interface__`` gives.
    """
    return type(state) is dict and all(
        type(key) is str and not key.startswith("__") for key in state
    )


def dict_state(_: Any, state: Any) -> str | None:
    """A dict for ``__dict__``: the other form, ``(dict, slots)``, runs ``setattr`` for every slot.

    ``setattr`` reaches properties and ``__class__``, which would let an object change into one of
    another class after its own state was judged.
    """
    return None if own_attributes(state) else "its state must be a dict of its own attributes"


def forms(*allowed: tuple[type, ...]) -> CallRule:
    """A call rule: arguments by position, of exactly these types, one tuple of types a form."""
    known = frozenset(allowed)

    def rule(args: Args, kwargs: Kwargs) -> str | None:
        if kwargs or tuple(map(type, args)) not in known:
            return "is called with other arguments than any honest file has"
        return None

    return rule
