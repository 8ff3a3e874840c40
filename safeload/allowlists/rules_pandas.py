"""The rules of pandas: what its index, block and time constructors may be called with."""

from __future__ import annotations

import re
from typing import Any, Final

from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    is_array,
    is_int,
    is_plain,
    is_ref_in,
    own_attributes,
    refs,
    words,
)
from safeload.allowlists.rules_labels import codes_fit, length_of, numbers_of, values_in
from safeload.scan.inert import Inert, made_by, ref_of
from safeload.scan.report import GlobalRef

_INDEX_NAMES: Final = (
    "Index RangeIndex MultiIndex CategoricalIndex IntervalIndex DatetimeIndex TimedeltaIndex PeriodIndex"
)
INDEX_CLASSES: Final = refs(
    f"""
    pandas: {_INDEX_NAMES}
    pandas.core.indexes.base: Index
    pandas.core.indexes.range: RangeIndex
    pandas.core.indexes.multi: MultiIndex
    pandas.core.indexes.category: CategoricalIndex
    pandas.core.indexes.interval: IntervalIndex
    pandas.core.indexes.datetimes: DatetimeIndex
    pandas.core.indexes.timedeltas: TimedeltaIndex
    pandas.core.indexes.period: PeriodIndex
    pandas.core.indexes.numeric: Int64Index UInt64Index Float64Index
    pandas.indexes.base: Index
    pandas.indexes.numeric: Int64Index UInt64Index Float64Index
    pandas.indexes.range: RangeIndex
    pandas.indexes.multi: MultiIndex
    pandas.indexes.category: CategoricalIndex
    pandas.tseries.index: DatetimeIndex
    pandas.tseries.period: PeriodIndex
    pandas.tseries.tdi: TimedeltaIndex
    """
)
ARRAY_CLASSES: Final = refs(
    """
    pandas: Categorical
    pandas.arrays: DatetimeArray TimedeltaArray PeriodArray StringArray IntervalArray
    pandas.arrays: NumpyExtensionArray PandasArray
    pandas.core.arrays: Categorical
    pandas.core.categorical: Categorical
    pandas.core.arrays.categorical: Categorical
    pandas.core.arrays.datetimes: DatetimeArray
    pandas.core.arrays.timedeltas: TimedeltaArray
    pandas.core.arrays.period: PeriodArray
    pandas.core.arrays.interval: IntervalArray
    pandas.core.arrays.numpy_: NumpyExtensionArray PandasArray
    pandas.core.arrays.string_: StringArray
    """
)
_BLOCKS: Final = refs(
    """
    pandas._libs.internals: _unpickle_block
    pandas.core.internals.blocks: new_block
    """
)
_INDEX_KEYS: Final = words(
    """
    data name names levels codes labels sortorder dtype freq tz copy categories ordered left right
    closed start stop step verify_integrity
    """
)
# pandas calls methods of the calendars and zones that it is given.
_TIME_LIBRARIES: Final = words("datetime zoneinfo pytz dateutil numpy pandas decimal")
_SLICE: Final = GlobalRef("builtins", "slice")
_MOST_COLUMNS: Final = 10_000_000


def index_args(args: Args, kwargs: Kwargs) -> str | None:
    """``_new_Index(class, keywords)`` is a call of the class with these keywords."""
    cls, given = args
    fits = (
        not kwargs
        and is_ref_in(cls, INDEX_CLASSES)
        and type(given) is dict
        and given.keys() <= _INDEX_KEYS
        and ref_of(given.get("data")) is None
    )
    if not fits:
        return "makes something other than a pandas index"
    if "levels" not in given or codes_fit(given):
        return None
    return "has codes that lead outside its labels"


def wrapped_args(args: Args, kwargs: Kwargs) -> str | None:
    """``__pyx_unpickle_X(class, checksum, state)``: an array class, and the state comes by BUILD."""
    cls, checksum, state = args
    fits = not kwargs and is_ref_in(cls, ARRAY_CLASSES | INDEX_CLASSES) and is_int(checksum)
    return None if fits and state is None else "makes something other than a pandas array"


def _places(placement: Any) -> list[int] | None:
    """The columns that a block holds; None if they cannot be read here."""
    if type(placement) is slice:
        bounds = (placement.start, placement.stop, placement.step)
    elif made_by(placement) == _SLICE:
        bounds = placement.args
    else:
        return numbers_of(placement)
    start, stop, step = bounds
    places = range(start, stop, step or 1)
    if len(places) > _MOST_COLUMNS:
        msg = "no frame has so many columns"
        raise ValueError(msg)
    return list(places)


def _covers(placements: list[Any]) -> bool:
    """Each column once: pandas counts them, then writes a table at these places unchecked.

    What cannot be read here is refused: a frame of that many columns in no order is none of ours.
    """
    found: list[int] = []
    for placement in placements:
        places = _places(placement)
        if places is None:
            return False
        found += places
    return sorted(found) == list(range(len(found)))


def _watched(placements: list[Any], axes: Any) -> bool:
    """As above, now and when the stream is over: an array's bytes and a list can change until then."""
    arrays = [p for p in placements if isinstance(p, Inert) and made_by(p) != _SLICE]
    recorder, ref = axes[0].recorder, axes[0].ref
    before = list(axes)

    def again() -> None:
        if (arrays and not _covers(placements)) or any(a is not b for a, b in zip(axes, before, strict=True)):
            recorder.objects(ref, "has its columns moved afterwards", structural=False)

    recorder.afterwards.append(again)
    return _covers(placements)


def _as_many(axis: Any, values: Any) -> bool:
    """Whether a block has a value for each label: pandas does not count them, and reads on behind the last."""
    try:
        count = values_in(values)
    except Exception:  # noqa: BLE001 - an array of another library, which looks after its own bounds
        return (made_by(values) or _SLICE).module.partition(".")[0] not in _CHECKED
    return length_of(axis) == count


_CHECKED: Final = words("builtins numpy joblib pyarrow")


def _remain(made: Any, *places: tuple[Any, Any, Any]) -> None:
    """See to it that in the end the same values stand there as now."""

    def again() -> None:
        if any(container[key] is not value for container, key, value in places):
            made.recorder.objects(made.ref, "has its parts exchanged afterwards", structural=False)

    made.recorder.afterwards.append(again)


def block_args(args: Args, kwargs: Kwargs) -> str | None:
    values, placement, ndim = args
    place = type(placement) is slice or isinstance(placement, Inert)
    fits = not kwargs and isinstance(values, Inert) and place and ndim in (1, 2)
    return None if fits else "makes something other than a block of columns"


def manager_args(args: Args, kwargs: Kwargs) -> str | None:
    """``BlockManager(blocks, axes)``: pandas counts its columns against the labels."""
    if not args and not kwargs:
        return None
    blocks, axes = args
    if kwargs or type(blocks) is not tuple or any(made_by(block) not in _BLOCKS for block in blocks):
        return "holds something other than blocks of columns"
    if type(axes) is not list or len(axes) != 2 or not _watched([b.args[1] for b in blocks], axes):
        return "names columns that it does not have"
    return None


def _parts(state: Any) -> tuple[Any, Any] | None:
    """Axes and blocks; None for the state of versions up to 0.13."""
    if type(state) is not tuple or len(state) < 4 or type(state[3]) is not dict:
        return None
    now = state[3]["0.14.1"]
    return (now["axes"], now["blocks"]) if now.keys() == {"axes", "blocks"} else None


def manager_state(_: Any, state: Any) -> str | None:
    """Axes, values and items for versions up to 0.13, and a dict for those since: uncounted."""
    parts = _parts(state)
    if parts is None:
        return "its state must be that of pandas 0.14 or later"
    axes, blocks = parts
    if type(axes) is not list or len(axes) != 2:
        return "has something else than rows and columns"
    placements = [block["mgr_locs"] for block in blocks]
    if not _watched(placements, axes) or sum(len(_places(p) or ()) for p in placements) > length_of(axes[0]):
        return "names columns that it does not have"
    if not all(_as_many(axes[1], block["values"]) for block in blocks):
        return "has another number of rows than of labels"
    held = [(block, key, block[key]) for block in blocks for key in ("values", "mgr_locs")]
    _remain(axes[0], *((blocks, place, block) for place, block in enumerate(blocks)), *held)
    return None


def single_args(args: Args, kwargs: Kwargs) -> str | None:
    """A series has one block, in the only place there is; it has no table of places."""
    if not args and not kwargs:
        return None
    block, axis = args
    if kwargs or made_by(block) not in _BLOCKS or not isinstance(axis, Inert):
        return "holds something other than a block and an index"
    return None if _as_many(axis, block.args[0]) else "has another number of values than of labels"


def single_state(_: Any, state: Any) -> str | None:
    """As a frame's, with one axis."""
    parts = _parts(state)
    if parts is None or [len(part) for part in parts if type(part) is list] != [1, 1]:
        return "its state must be one axis and a block"
    (axis,), (block,) = parts
    if type(block) is not dict or not _as_many(axis, block["values"]):
        return "has another number of values than of labels"
    _remain(axis, (parts[0], 0, axis), (parts[1], 0, block), (block, "values", block["values"]))
    return None


def is_time_part(value: Any) -> bool:
    """A number, text, a time, an offset or a tuple of such: what an offset is made with."""
    if type(value) is tuple:
        return all(map(is_time_part, value))
    maker = made_by(value)
    return is_plain(value) if maker is None else maker.module.partition(".")[0] in _TIME_LIBRARIES


def time_args(args: Args, kwargs: Kwargs) -> str | None:
    """Numbers, text and times by position, never a global."""
    fits = not kwargs and all(map(is_time_part, args))
    return None if fits else "takes numbers, text and times"


def offset_state(made: Any, state: Any) -> str | None:
    """Attributes of its own, which do not lead back to it: pandas compares steps without an end."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"

    def again() -> None:
        if _leads_to(made, state):
            made.recorder.objects(made.ref, "holds itself", structural=False)

    if not all(map(is_plain, state.values())):
        made.recorder.afterwards.append(again)
    return None


def _leads_to(made: Any, state: Any) -> bool:
    """Whether an object stands among what its state holds, however deep."""
    waiting, seen = [state], {}
    while waiting:
        value = waiting.pop()
        if value is made:
            return True
        if id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, Inert):
            waiting += [getattr(value, "args", None), getattr(value, "state", None)]
        elif type(value) is dict:
            waiting += [*value, *value.values()]
        elif type(value) in (list, tuple, set, frozenset):
            waiting += value
    return False


_LISTED: Final = re.compile(r"(?:^|[,\[])\s*[\d(]|^[^\[]*,")


def dtype_args(args: Args, kwargs: Kwargs) -> str | None:
    """As above, and ``pandas.NA`` for a missing value; no text that numpy would read as a list of dtypes."""
    fits = not kwargs and len(args) <= 2
    fits = fits and not any(type(a) is str and _LISTED.search(a) for a in args)
    fits = fits and all(is_time_part(a) or getattr(ref_of(a), "qualname", "") == "NA" for a in args)
    return None if fits else "takes the name of a storage and its missing value"


def int_index_args(args: Args, kwargs: Kwargs) -> str | None:
    """A length and places, which pandas checks against it, unless told not to by a third argument."""
    fits = not kwargs and len(args) == 2 and is_int(args[0]) and is_array(args[1])
    return None if fits else "takes a length and an array of places"


def block_index_args(args: Args, kwargs: Kwargs) -> str | None:
    """A length, places and lengths of blocks, which pandas checks."""
    fits = not kwargs and len(args) == 3 and is_int(args[0]) and all(map(is_array, args[1:]))
    return None if fits else "takes a length and two arrays of places"


def one_list(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and [type(arg) for arg in args] in ([list], [tuple])
    return None if fits else "takes one list"


def weekday_state(_: Any, state: Any) -> str | None:
    """Its two slots; a dict is the form of older versions."""
    slots = state[1] if type(state) is tuple and len(state) == 2 and state[0] is None else state
    fits = type(slots) is dict and slots.keys() <= {"weekday", "n"}
    return None if fits and all(map(is_plain, slots.values())) else "its state must be two numbers"


def tzfile_args(args: Args, kwargs: Kwargs) -> str | None:
    """``tzfile(None, name)``: no file is opened, and the table of the zone comes by BUILD."""
    fits = not kwargs and len(args) == 2 and args[0] is None and is_plain(args[1])
    return None if fits else "would open a file"


def tzfile_parts(args: Args, kwargs: Kwargs) -> str | None:
    """dateutil 3 and later: the zone's table itself, and the name of the file that it came from."""
    cls, key, filename, table = args
    named = is_ref_in(cls, refs("dateutil.tz._tzfile: tzfile\ndateutil.tz.tz: tzfile"))
    fits = not kwargs and named and is_plain(key) and is_plain(filename) and type(table) is tuple
    return None if fits else "makes something other than a time zone"
