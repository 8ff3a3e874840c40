"""The profile ``plain``: classes of the program's own whose objects are nothing but data.

Not a list: a class is judged when a stream names it, from what it is in this process. In force only
where a policy says so; a refusal tells which of its names it would let through.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from safeload.allowlists import PLAIN
from safeload.allowlists.rules import plain_attributes
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.classes import CALLED, WITH_ITEMS, NotPlain, Shape, listed, shape_of
from safeload.scan.entry import CallRule, Entry, Rulebook, StateRule, uses_from
from safeload.scan.report import GlobalRef

REASON: Final = "made empty and given attributes; loading it runs no code of its own"
IS_PLAIN: Final = "a plain class of a module you imported"


class WithPlain(Mapping[GlobalRef, Entry]):
    """A rulebook that asks for a judgement on the class where no list has the name."""

    def __init__(self, listed_entries: Rulebook) -> None:
        self.listed = listed_entries

    def __getitem__(self, ref: GlobalRef) -> Entry:
        entry = self.listed.get(ref)
        if entry is None:
            entry = entry_of(ref)
        if entry is None:
            raise KeyError(ref)
        return entry

    def __iter__(self) -> Iterator[GlobalRef]:
        return iter(self.listed)

    def __len__(self) -> int:
        return len(self.listed)


def entry_of(ref: GlobalRef) -> Entry | None:
    """What may be done with a class that is plain here and now; None for anything else."""
    shape = shape_of(ref)
    return None if isinstance(shape, NotPlain) else _entry(shape)


def words_for(ref: GlobalRef) -> str:
    """What to tell a person of a name that no list has; empty if it is no class of theirs."""
    shape = shape_of(ref)
    if isinstance(shape, Shape):
        return IS_PLAIN
    return f"a class of yours, not a plain one: {shape.why}" if shape.why else ""


@lru_cache(maxsize=1024)
def _entry(shape: Shape) -> Entry:
    return Entry(
        uses=uses_from(_letters(shape)),
        reason=REASON,
        profile=PLAIN,
        call=_call_rule(shape),
        state=_state_rule(shape),
        kept=shape.silent,
    )


def _letters(shape: Shape) -> str:
    if shape.base is enum.Enum:
        return "c"
    return "ns" + ("c" if shape.base in CALLED else "") + ("i" if shape.base in WITH_ITEMS else "")


def _call_rule(shape: Shape) -> CallRule:
    def rule(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if kwargs or not _fits(shape, args):
            return "a plain class, but made with arguments that its own code would see"
        return None

    return rule


def _fits(shape: Shape, args: tuple[Any, ...]) -> bool:
    """Whether the builtin type below it takes the arguments, with nothing of theirs that runs."""
    if shape.base is enum.Enum:
        return len(args) == 1 and _is_value(args[0])
    if shape.base is tuple and shape.fields >= 0:
        return len(args) == shape.fields
    if shape.base is object or (not args and shape.base in (*CALLED, *WITH_ITEMS)):
        return not args
    if shape.base in (set, frozenset):
        return len(args) == 1 and type(args[0]) in (list, set, frozenset)
    return len(args) == 1 and type(args[0]) is shape.base


def _is_value(value: Any) -> bool:
    if type(value) is tuple:
        return all(map(_is_value, value))
    return type(value) in (int, str, float, bytes, bool, type(None))


def _state_rule(shape: Shape) -> StateRule:
    entries = tuple(filter(None, map(listed, shape.judged)))

    def rule(made: Any, state: Any) -> str | None:
        if shape.by_position:
            fits = type(state) in (list, tuple) and len(state) == shape.fields
            return None if fits else "its state must be a list of its fields"
        attributes, slots = state if type(state) is tuple and len(state) == 2 else (state, None)  # noqa: PLR2004
        if type(attributes) not in (dict, type(None)) or (slots is not None and type(slots) is not dict):
            return "a plain class, but given a state that is no dict of attributes"
        if slots and (shape.judged or not slots.keys() <= shape.slots):
            return "a plain class, but given attributes one by one that are none of its slots"
        found = plain_attributes(made, state)
        if found is None and shape.judged:
            found = estimator_state(made, attributes)
        for entry in entries:
            found = found or (entry.state(made, attributes) if entry.state else None)
        return found

    return rule
