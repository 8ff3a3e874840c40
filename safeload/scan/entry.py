"""What a list says of one name: what may be done with it, and with which arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from safeload.scan.report import ANY_USE, GlobalRef, Use

CallRule = Callable[[tuple[Any, ...], Mapping[str, Any]], str | None]
"""Judges the arguments of a call or of NEWOBJ; None when they are fine, else what is wrong.

It sees inert values: builtin containers, numbers, text and bytes as they are, globals and objects
as stand-ins (:func:`safeload.scan.inert.ref_of`, :func:`safeload.scan.inert.made_by`). An exception
counts as an objection. Bytes of 64 KiB and more may be unread (zeros): judge their length only.
"""

StateRule = Callable[[Any, Any], str | None]
"""Judges the state given to an object by BUILD: ``rule(the stand-in, state)``."""

ItemRule = Callable[[Any, Any], str | None]
"""Judges one item put into an object by SETITEM and the like: ``rule(key, value)``; the key of APPEND is None."""

LETTERS = {
    "c": Use.CALLED,
    "n": Use.INSTANTIATED,
    "s": Use.STATE_SET,
    "i": Use.ITEMS_SET,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One allowed name.

    Attributes:
        uses: what a stream may do with it; a reference is always among them.
        reason: the judgement, with attacker-chosen arguments in mind.
        call: the rule on the arguments of a call or of NEWOBJ.
        new: the rule on the arguments of NEWOBJ, where it may not have what a call may.
        state: the rule on the state given by BUILD to an object made from it.
        items: the rule on what is put into an object made from it.
        makes: for a function, the class whose object a call returns, told from the arguments
            (so that BUILD on the result is judged as that class).
        new_of: the base class that its ``__new__`` is inherited from, where picklers name that.
        then: for an object that picklers call in turn, the class, the arguments and the keywords that the
            call does NEWOBJ_EX with; None where it would do anything else.
        resolves: for ``getattr`` and its like, the dotted global that a call hands out.
        value: computes a call's result for real; only for results that are plain data.
        nested: the format of a stream that the first argument holds, to be looked into.
        needs_state: an object made from it is no whole one, and crashes, until BUILD gives it its state.
        whole: for a function, that what it returns needs no state, though its class does.
        profile: the list it stands in, as named in messages and settings.
        kept: whether objects may keep it in their attributes, for the program to call it later; in
            doubt :func:`may_not_be_kept` tells.
        plain: no rule anywhere and every use allowed, so uses need not be told apart.
    """

    uses: Use
    reason: str
    call: CallRule | None = None
    new: CallRule | None = None
    state: StateRule | None = None
    items: ItemRule | None = None
    makes: Callable[[tuple[Any, ...]], GlobalRef | None] | None = None
    new_of: GlobalRef | None = None
    then: Callable[[Any], tuple[Any, tuple[Any, ...], Mapping[str, Any]] | None] | None = None
    resolves: Callable[[tuple[Any, ...]], GlobalRef | None] | None = None
    value: Callable[..., Any] | None = None
    nested: str | None = None
    needs_state: bool = False
    whole: bool = False
    profile: str = ""
    kept: bool = True

    @property
    def plain(self) -> bool:
        """True when nothing the stream does with the name can break this entry."""
        hooks = (self.call, self.state, self.items, self.makes, self.resolves, self.value, self.nested)
        return self.uses == ANY_USE and not any(hooks)


def uses_from(letters: str) -> Use:
    """``"cns"`` to the flags: c called, n instantiated, s state set, i items set; r alone none of them."""
    uses = Use.REFERENCED
    for letter in letters.replace("r", ""):
        uses |= LETTERS[letter]
    return uses


_LATER: Final = frozenset({"scalar", "reduce", "partial", "getitem", "getattr"})
_ARRAYS: Final = frozenset({"ndarray", "memmap", "recarray", "chararray", "matrix"})


def may_not_be_kept(ref: GlobalRef, entry: Entry) -> bool:
    """Whether a global may stand in no object's attributes: called later, it does harm.

    What a stream may call only under a rule, an object that keeps the function calls without one,
    when the program uses it. Functions that objects keep have ``only_later`` for a rule; classes of
    plain data do no harm.
    """
    if entry.makes or entry.resolves or entry.nested or not entry.kept:
        return True
    name = ref.qualname
    if ref.module.startswith("numpy") and name in _ARRAYS:
        return True
    if ref.module.startswith("torch") and name.endswith(("Storage", "Tensor")):
        return True
    ruled = entry.call is not None and Use.CALLED in entry.uses
    return ruled and (name.startswith("_") or name in _LATER)


Rulebook = Mapping[GlobalRef, Entry]
