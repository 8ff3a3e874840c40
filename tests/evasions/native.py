"""Objects that native code takes for whole ones: without the state, the length or the type that it counts on."""

from __future__ import annotations

import pickle
from typing import Any, Final

from .archives import array, dtype
from .builders import FALSE, calling, get, given, group, named, new, number, octets, pickled, put, sequence
from .objects import attributes_of, then
from .rows import FILE, Row, crash


def loaded() -> object:
    with open(FILE, "rb") as opened:
        return pickle.load(opened)


def short_tree(_: bytes) -> bytes:
    """A search tree whose state ends before the weights, which scikit-learn reads all the same."""
    import numpy as np
    from sklearn.neighbors import BallTree

    maker, args, state = BallTree(np.zeros((30, 3))).__reduce__()

    class Short:
        def __reduce__(self) -> Any:
            return maker, args, state[:12]

    return pickle.dumps([Short() for _ in range(64)])


def half_made_times(_: bytes) -> bytes:
    """Times in an array that was made and not given its state: of another type, and of no items."""
    import pandas as pd

    values = pd.date_range("2026-01-01", periods=3)._data
    array_maker = values._ndarray.__reduce__()[:2]
    maker, args, state = values.__reduce__()

    class Empty:
        def __reduce__(self) -> Any:
            return array_maker

    class Times:
        def __reduce__(self) -> Any:
            dtype, *rest = (part for part in state if not hasattr(part, "nbytes"))
            return maker, args, (dtype, Empty(), *rest)

    class Index:
        def __reduce__(self) -> Any:
            parts = {"data": Times(), "name": None, "freq": None}
            return pd.core.indexes.datetimes._new_DatetimeIndex, (pd.DatetimeIndex, parts)

    return pickle.dumps(Index())


def series_with_more_labels_than_values(_: bytes) -> bytes:
    import pandas as pd

    made = pd.Series(["a", None, "b"], dtype=object)
    made._mgr.axes = [pd.RangeIndex(100_000_000)]
    return pickle.dumps(made)


def intervals_with_more_labels_than_values(_: bytes) -> bytes:
    import pandas as pd

    made = pd.Series(pd.interval_range(0, 3))
    made._mgr.axes = [pd.RangeIndex(100)]
    return pickle.dumps(made)


def frame_with_more_labels_than_rows(_: bytes) -> bytes:
    """A frame in the form of pandas 0.14, which is not counted when it is given its state."""
    import copyreg

    import pandas as pd
    from pandas.core.internals.managers import BlockManager

    columns, rows = pd.Index(["a"]), pd.RangeIndex(100_000_000)
    values = pd.Series(["a", None, "b"], dtype=object).to_numpy().reshape(1, 3)
    blocks = [{"values": values, "mgr_locs": slice(0, 1, 1)}]

    class Manager:
        __class__ = BlockManager  # a pickler writes NEWOBJ for none but the object's own class

        def __reduce_ex__(self, _: Any) -> Any:
            parts = {"0.14.1": {"axes": [columns, rows], "blocks": blocks}}
            state = [columns, rows], [values], [columns], parts
            return copyreg.__newobj__, (BlockManager,), state  # type: ignore[attr-defined]

    class Frame:
        def __reduce__(self) -> Any:
            flags = {"allows_duplicate_labels": True}
            attributes = {"_mgr": Manager(), "_typ": "dataframe", "_metadata": [], "attrs": {}, "_flags": flags}
            return copyreg._reconstructor, (pd.DataFrame, object, None), attributes

    return pickle.dumps(Frame())


def loaded_and_shown() -> object:
    return repr(loaded())


def loaded_and_listed() -> object:
    return list(loaded())  # type: ignore[call-overload]  # whatever it is


def compared() -> object:
    return loaded() == loaded()


STEP: Final = sequence(calling("pandas:DateOffset"), put(0))

ROWS: Final = (
    Row(
        id="step_in_time_that_holds_itself",
        file=lambda _: pickled(group(given(STEP, attributes_of(n=number(1), normalize=FALSE, days=get(0))))),
        load=compared,
        effect=crash,
        needs=("pandas",),
    ),
    Row(
        id="search_tree_with_too_short_a_state",
        file=short_tree,
        load=loaded,
        effect=crash,
        needs=("sklearn.neighbors",),
    ),
    Row(
        id="times_in_an_array_that_is_half_made",
        file=half_made_times,
        load=loaded_and_listed,
        effect=crash,
        needs=("pandas",),
    ),
    Row(
        id="cached_properties_that_are_no_dict",
        file=lambda _: pickled(
            given(
                new(named("pandas.arrays:IntegerArray")),
                attributes_of(
                    _data=array(octets(b"\0" * 8), of=dtype("i8")),
                    _mask=array(octets(b"\0"), of=dtype("b1")),
                    _cache=number(7),
                ),
            )
        ),
        load=then(lambda made: made.dtype),
        effect=crash,
        needs=("pandas",),
    ),
    Row(
        id="series_with_more_labels_than_values",
        file=series_with_more_labels_than_values,
        load=loaded_and_shown,
        effect=crash,
        needs=("pandas",),
    ),
    Row(
        id="intervals_with_more_labels_than_values",
        file=intervals_with_more_labels_than_values,
        effect=lambda made: hasattr(made, "array") and len(made) != len(made.array),
        needs=("pandas",),
    ),
    Row(
        id="frame_with_more_labels_than_rows",
        file=frame_with_more_labels_than_rows,
        load=loaded_and_shown,
        effect=crash,
        needs=("pandas",),
    ),
)
