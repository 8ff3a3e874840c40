"""What pandas' arrays, labels and codes are, as far as a rule can see: how many, and where they lead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final

from safeload.allowlists.rules_forms import array_parts, dict_state, is_array, own_attributes
from safeload.allowlists.rules_numpy import ascii_text
from safeload.scan.inert import Inert, made_by

_UNREAD: Final = 64 * 1024
_NO_COUNT: Final = -1  # of values of which a file says more than once what they are
VALUES: Final = ("_ndarray", "_data", "_left", "_pa_array", "_codes")


def codes_fit(given: dict[str, Any]) -> bool:
    """A MultiIndex is not verified when it is unpickled, and prints what its codes lead to."""
    shown = given["codes" if "codes" in given else "labels"]
    levels, codes = _listed(given["levels"]), _listed(shown)
    lengths = [length_of(level) for level in levels]

    def fit() -> bool:
        same = all(now is array for now, array in zip(_listed(shown), codes, strict=True))
        return same and all(_within(array, length) for array, length in zip(codes, lengths, strict=True))

    return _now_and_then(levels[0], fit)


def _now_and_then(made: Any, fit: Callable[[], bool]) -> bool:
    """Whether it fits, now and when the stream is over: bytes and lists can change until then."""
    if not fit():
        return False

    def again() -> None:
        if not fit():
            made.recorder.objects(made.ref, "has its codes changed afterwards", structural=False)

    made.recorder.afterwards.append(again)
    return True


def wrapped_state(made: Any, state: Any) -> str | None:
    """``(type, values[, attributes])`` or ``(attributes,)``; older versions write the dict alone."""
    parts = state if type(state) is tuple else (state,)
    values, attributes = (parts[:-1], parts[-1]) if len(parts) != 2 else (parts, {})
    fits = len(values) in (0, 2) and all(isinstance(part, Inert) for part in values)
    fits = fits and type(attributes.get("_cache")) in (dict, type(None))
    fits = fits and not (values and attributes.keys() & {*VALUES, "_dtype"})
    if not fits or not own_attributes(attributes):
        return "its state must be values and their type"
    made.state = values or attributes.copy()  # what it was given, whatever becomes of the dict
    cls = made.args[0].ref if made.args else made.ref
    return _categorical(values, attributes) if cls.qualname == "Categorical" else None


def _categorical(values: tuple[Any, ...], attributes: dict[str, Any]) -> str | None:
    """Codes, and the type that holds the labels; versions before 0.21 keep the labels themselves."""
    (codes,) = inner(values or attributes)
    if values:
        (dtype,) = (part for part in values if part is not codes)
    else:
        dtype = attributes["_dtype" if "_dtype" in attributes else "_categories"]
    return None if _categories_fit(codes, dtype) else "has codes that lead outside its labels"


def kept_state(made: Any, state: Any) -> str | None:
    """A dict of attributes, as it is now: what other rules ask of it must not change with the file's dict."""
    wrong = dict_state(made, state)
    if wrong is None:
        made.state = state.copy()
    return wrong


def _categories_fit(codes: Any, dtype: Any) -> bool:
    """A categorical prints what its codes lead to, too; its labels are its dtype's, or given with the codes."""

    def fit() -> bool:
        return _within(codes, length_of(dtype if dtype.ref.qualname.startswith("_new_") else dtype.state["categories"]))

    return _now_and_then(codes, fit)


def _listed(value: Any) -> list[Any]:
    """The items of a list, or of the FrozenList that an older version wrote."""
    return list(value if type(value) in (list, tuple) else value.args[0])


def _within(array: Any, length: int) -> bool:
    """Whether all codes are places of as many labels, or -1 for none."""
    _, data = array_parts(array)
    data = data.args[0] if made_by(data) is not None else data
    if data is None or (array.recorder.skips and len(data) >= _UNREAD):
        array.recorder.wants_bulk = True  # judged when the look has read it
        return bool(array.recorder.skips)
    view: Any = memoryview(data)
    codes = set(view.cast(_SIGNED[_kind(array)]))
    return not codes or (min(codes) >= -1 and max(codes) < length)


def numbers_of(value: Any) -> list[int] | None:
    """The numbers of a pickled array of 64-bit integers; None if they cannot be read here."""
    _, data = array_parts(value)
    data = data.args[0] if made_by(data) is not None else data
    if type(data) not in (bytes, bytearray) or len(data) >= _UNREAD or len(data) % 8:
        return None
    return list(memoryview(data).cast("q")) if _kind(value) == "i8" else None


def _kind(value: Any) -> str:
    """An array's type as ``i8``, if it is in this machine's order; else nothing."""
    if type(value.state if hasattr(value, "state") else None) is dict:
        dtype = value.state.get("dtype")
    elif hasattr(value, "state"):
        dtype = value.state[2]
    else:
        dtype = value.args[1]
    order = ascii_text(getattr(dtype, "state", (3, "<"))[1])
    kind = ascii_text(dtype.args[0]).lstrip("<=|")
    return kind if order in ("<", "=", "|") and sys.byteorder == "little" else ""


_SIGNED: Final = {"i1": "b", "i2": "h", "i4": "i", "i8": "q"}


def length_of(index: Any) -> int:
    """How many labels an index has, from what it was made with.

    Raises:
        Exception: that cannot be told here, which refuses the file.
    """
    given = index.args[1]
    shown = [key for key in ("codes", "labels", "left", "data") if key in given]
    if not shown and {"start", "stop", "step"} <= given.keys():
        return len(range(given["start"], given["stop"], given["step"]))
    (key,) = shown
    return values_in(_listed(given[key])[0] if key in ("codes", "labels") else given[key])


def values_in(values: Any) -> int:
    """How many values there are of each column, in an array of numpy's, pandas' or arrow's; raises as above."""
    for _ in range(4):  # an array of pandas' holds one of numpy's, or several of arrow's
        shape, _data = array_parts(values)
        if shape is not None:
            return int(shape[-1])
        maker = getattr(made_by(values), "qualname", "")
        if maker in ("chunked_array", "_restore_array"):
            return sum(array.args[0][1] for array in (values.args[0] if maker == "chunked_array" else [values]))
        if not hasattr(values, "state"):
            return length_of(values)  # an index again: the left ends of intervals
        values, *others = inner(values.state)
        if others:
            return _NO_COUNT
    msg = "an index of an unknown kind"
    raise ValueError(msg)


def inner(state: Any) -> list[Any]:
    """The values in an extension array's state, which compiled ones wrap in a tuple: one, in an honest file."""
    if type(state) is tuple and len(state) == 1:
        state = state[0]
    if type(state) is dict:
        return [state[key] for key in VALUES if key in state]
    return [part for part in state if is_array(part)]
