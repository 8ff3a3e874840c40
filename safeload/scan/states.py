"""States that are objects themselves: BUILD takes the names in them as attributes, as those in a dict."""

from __future__ import annotations

from typing import Any

from safeload.scan.report import GlobalRef
from safeload.scan.standin import Global, is_obeyed, is_special

RECONSTRUCTOR = GlobalRef("copyreg", "_reconstructor")


class States:
    """What is kept until the stream is over, for until then it can change it.

    Attributes:
        given: objects, each with an object that it was given for its state.
        plainly: the arguments of what keeps none itself.
        obeyed: what has an item that would be special as an attribute; a later stream may still ask.
    """

    def __init__(self) -> None:
        self.given: list[tuple[Any, Any]] = []
        self.plainly: list[tuple[GlobalRef, Any]] = []
        self.obeyed: dict[int, Any] = {}

    def parts(self, made: Any, parts: tuple[Any, ...]) -> None:
        """Note the objects in a state: it, or the two that it is of."""
        self.given += [(made, part) for part in parts if hasattr(part, "recorder")]

    def is_earlier(self, stand_in: Any, value: Any) -> None:
        """Note what stands for an object of an earlier stream, if there are such names in it."""
        dicts = (value,) if isinstance(value, dict) else value if isinstance(value, tuple) else ()
        names = [name for one in dicts if isinstance(one, dict) for name in dict.keys(one)]
        if any(is_special(str.__str__(name)) for name in (value, *names) if isinstance(name, str)):
            self.obeyed[id(stand_in)] = stand_in

    def wrong(self) -> list[GlobalRef]:
        """What was given a state that hides a special attribute."""
        return [type(made).ref for made, part in self.given if id(part) in self.obeyed or self._hides(part)]

    def _hides(self, part: Any) -> bool:
        kinds = (getattr(type(part), "ref", None), RECONSTRUCTOR)  # what comes from a persistent id has none
        unkept = [args for ref, args in self.plainly if ref in kinds] if not hasattr(part, "args") else []
        return hides([getattr(part, "args", ()), *unkept])

    def clear(self) -> None:
        self.given.clear()
        self.plainly.clear()


def hides(value: Any) -> bool:
    """Whether a special name is anywhere among these, or in what objects among them are made of."""
    seen: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        value = waiting.pop()
        kind = type(value)
        if (kind is str or type(kind) is Global) and is_obeyed(value):
            return True
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if kind is dict:
            waiting += (*value, *value.values())
        elif kind in (list, tuple, set, frozenset):
            waiting += value
        elif type(kind) is Global:
            waiting.append(getattr(value, "args", ()))
    return False
