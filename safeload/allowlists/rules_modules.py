"""The rules of torch's optimizers: what their own ``__setstate__`` looks up and calls."""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules import whole
from safeload.allowlists.rules_forms import dict_state, is_made_by, refs, words

_OPTIMIZER: Final = words("defaults state param_groups")
_DICTS: Final = refs("collections: defaultdict OrderedDict")


def recurrent_state(made: Any, state: Any) -> str | None:
    """A recurrent layer of old files names its weights at load, for as many layers as its state says."""
    if type(state) is dict and not whole(0, 10_000)(state.get("num_layers", 1)):
        return "has more layers than any network"
    return dict_state(made, state)


def optimizer_state(_: Any, state: Any) -> str | None:
    """The three parts that an optimizer saves.

    At load it patches its class through a method of its own, which an attribute of that name
    would replace: its result would become the class's ``step`` for the whole process.
    """
    if type(state) is not dict or not state.keys() <= _OPTIMIZER:
        return "its state must be an optimizer's defaults, state and groups"
    groups, kept = state.get("param_groups", []), state.get("state", {})
    fits = type(groups) is list and all(type(group) is dict for group in groups)
    fits = fits and type(state.get("defaults", {})) is dict
    fits = fits and (type(kept) is dict or is_made_by(kept, _DICTS))
    return None if fits else "its groups and defaults must be dicts"
