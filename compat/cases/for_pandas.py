"""pandas: ``to_pickle`` and ``read_pickle``, plain and compressed, for frames of every kind of column."""

import numpy as np
import pandas as pd
from shapes import Case, joblibbed, pickled


def saved(factory, **keywords):
    reading = {key: value for key, value in keywords.items() if key == "compression"}
    return Case(lambda path: factory().to_pickle(path, **keywords), lambda path: pd.read_pickle(path, **reading))


def mixed():
    return pd.DataFrame(
        {
            "i": [1, 2, 3],
            "f": [0.5, np.nan, 2],
            "s": ["a", None, "c"],
            "t": pd.date_range("2020", periods=3, tz="Europe/Paris"),
            "c": pd.Categorical(["x", "y", "x"], ordered=True),
            "b": [True, False, True],
        }
    )


def nullable():
    frame = pd.DataFrame({"i": pd.array([1, None, 3], dtype="Int64")})
    frame["b"] = pd.array([True, None, False], dtype="boolean")
    frame["s"] = pd.array(["a", None, "c"], dtype="string")
    return frame.assign(f=pd.array([0.1, None, 2], dtype="Float64"))


def many():
    index = pd.MultiIndex.from_product([["a", "b"], pd.period_range("2020-01", periods=2, freq="M")], names=["k", "p"])
    return pd.DataFrame(np.eye(4), index=index)


CASES = {
    "mixed frame": saved(mixed),
    "mixed frame, gzip": saved(mixed, compression="gzip"),
    "mixed frame, bz2": saved(mixed, compression="bz2"),
    "mixed frame, xz": saved(mixed, compression="xz"),
    "mixed frame, zip": saved(mixed, compression="zip"),
    "mixed frame, protocol 2": saved(mixed, protocol=2),
    "nullable columns": saved(nullable),
    "multi-index": saved(many),
    "series": saved(lambda: pd.Series([1, 2], name="x")),
    "intervals": saved(lambda: pd.Series(pd.cut([1, 5, 9], 3))),
    "periods": saved(lambda: pd.Series(pd.period_range("2020", periods=3, freq="D"))),
    "sparse": saved(lambda: pd.DataFrame({"x": pd.arrays.SparseArray([0, 0, 1.0])})),
    "timedeltas": saved(lambda: pd.Series(pd.to_timedelta([1, 2], unit="h"))),
    "utc times": saved(lambda: pd.Series(pd.to_datetime(["2020-01-01"], utc=True))),
    "categorical index": saved(lambda: pd.DataFrame({"x": [1, 2]}, index=pd.CategoricalIndex(["a", "b"]))),
    "range and interval index": saved(lambda: pd.DataFrame({"x": [1]}, index=pd.interval_range(0, 1))),
    "offsets": pickled(lambda: [pd.offsets.BDay(2), pd.offsets.MonthEnd(), pd.DateOffset(months=1)]),
    "stamps": pickled(lambda: [pd.Timestamp("2020", tz="UTC"), pd.Period("2020", "M"), pd.NaT, pd.Timedelta("1h")]),
    "missing and interval": pickled(lambda: [pd.NA, pd.Interval(0, 1)]),
    "frame by joblib": joblibbed(mixed),
    "grouped results": saved(lambda: mixed().groupby("c", observed=True)[["i", "f"]].agg(["mean", "max"])),
}
