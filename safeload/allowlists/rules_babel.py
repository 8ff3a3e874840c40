"""The rules of Babel's locale data: texts, numbers, and plural rules that become source code."""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules_forms import is_plain, words

_DEPTH: Final = 40

# What the tree of a plural rule is written in; each stands for itself in the source made from it.
_OPERATIONS: Final = words("n i v w f t c e value and or not mod is isnot relation in within range_list")
_DATE: Final = words("pattern format")
_NUMBER: Final = words(
    "pattern prefix suffix number_pattern grouping int_prec frac_prec exp_prec exp_plus scale"
)


def plural_state(_: Any, state: Any) -> str | None:
    """``[(tag, tree), …]``; as slots it would bring a function, which is called later."""
    if type(state) is not list:
        return "its state must be a plural rule's own"
    for item in state:
        if type(item) is not tuple or len(item) != 2 or type(item[0]) is not str or not _is_tree(item[1]):
            return "holds something else than a rule: it would become source code"
    return None


def _is_tree(value: Any, depth: int = 0) -> bool:
    """Nothing but known words and whole numbers."""
    if type(value) in (tuple, list):
        return depth < _DEPTH and all(_is_tree(item, depth + 1) for item in value)
    return type(value) is int or (type(value) is str and value in _OPERATIONS)


def date_state(_: Any, state: Any) -> str | None:
    fits = type(state) is dict and state.keys() <= _DATE and all(type(value) is str for value in state.values())
    return None if fits else "its state must be two texts"


def number_state(_: Any, state: Any) -> str | None:
    fits = type(state) is dict and state.keys() <= _NUMBER and all(map(_is_flat, state.values()))
    return None if fits else "its state must be a pattern's texts and numbers"


def alias_state(_: Any, state: Any) -> str | None:
    fits = type(state) is dict and state.keys() <= {"keys"} and all(map(_is_flat, state.values()))
    return None if fits else "its state must be keys of other data"


def _is_flat(value: Any) -> bool:
    """A plain value, or a tuple of them."""
    return is_plain(value) or type(value) is bool or (type(value) is tuple and all(map(is_plain, value)))
