"""The rules of sklearn-crfsuite: what writes a file when it is loaded."""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules_forms import Args, Kwargs, is_plain

# All that CRF ever gives its resource; ``tempfile.mkstemp`` takes a path for a prefix.
_FIXED: Final = {"name": (None,), "auto": (True,), "prefix": ("model",), "suffix": (".crfsuite",)}
_DATA: Final = "__FILE_RESOURCE_DATA__"
_KEYS: Final = frozenset({*_FIXED, "keep_tempfiles"})


def resource_state(_: Any, state: Any) -> str | None:
    """A temporary file that names itself.

    ``__setstate__`` writes the bytes to ``mkstemp(suffix, prefix)`` and ``__del__`` closes ``fd`` and
    removes ``name``, unless ``name`` is None: a state that says more than honest ones do would write
    where it likes, or remove what it likes. ``fd`` is the saving process's and is never used.
    """
    fits = type(state) is dict and _KEYS <= state.keys() <= _KEYS | {"fd", _DATA}
    if not fits or type(state.get(_DATA, b"")) is not bytes or type(state.get("fd", 0)) is not int:
        return "its state must be the bytes of a model and how its temporary file is named"
    for key, allowed in _FIXED.items():
        if not any(type(state[key]) is type(value) and state[key] == value for value in allowed):
            return f"chooses the {key} of its temporary file"
    return None if state["keep_tempfiles"] in (None, False) else "leaves its temporary file behind"


def label_score(args: Args, kwargs: Kwargs) -> str | None:
    """Six numbers."""
    return None if not kwargs and len(args) == 6 and all(map(is_plain, args)) else "takes six numbers"
