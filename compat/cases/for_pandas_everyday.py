"""pandas: every type, index, offset and zone, and what pyarrow holds for it."""
# ruff: noqa: PLC3002 - one expression a case, and what is old is kept, too

import datetime as dt
import decimal
import importlib
import zoneinfo

import dateutil.tz as dtz
import numpy as np
import pandas as pd
import pytz
from shapes import pickled

S = pd.Series
GROUPED = "blocked: holds the functions that it groups by"

CASES = {
    "mixed": pickled(
        lambda: pd.DataFrame(
            {
                "i": [1, 2],
                "f": [1.0, 2],
                "s": ["a", "b"],
                "b": [True, False],
                "d": pd.to_datetime(["2020", "2021"]),
                "td": pd.to_timedelta([1, 2], "D"),
                "c": pd.Categorical(["x", "y"]),
                "o": [[1], {"a": 2}],
                "n": [None, np.nan],
            }
        )
    ),
    **{
        f"dtype {t}": pickled(
            lambda t=t: S(
                [1, 2, None]
                if t not in ("boolean", "bool", "string", "str", "category", "object")
                else {"boolean": [True, None, False], "bool": [True, False, True]}.get(t, ["a", None, "b"]),
                dtype=t,
            )
        )
        for t in [
            "Int8",
            "Int16",
            "Int32",
            "Int64",
            "UInt8",
            "UInt16",
            "UInt32",
            "UInt64",
            "Float32",
            "Float64",
            "boolean",
            "bool",
            "string",
            "str",
            "category",
            "object",
            "float16",
            "float32",
            "float64",
            "complex64",
            "string[python]",
            "string[pyarrow]",
            "int64[pyarrow]",
            "double[pyarrow]",
            "bool[pyarrow]",
        ]
    },
    **{
        f"np {t}": pickled(lambda t=t: S(np.arange(3).astype(t)))
        for t in [
            "int8",
            "int16",
            "int32",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "M8[ns]",
            "m8[ns]",
            "M8[s]",
            "M8[ms]",
            "M8[us]",
            "m8[s]",
        ]
    },
    "tz series": pickled(lambda: S(pd.date_range("2020", periods=3, tz="Europe/Berlin"))),
    "tz utc": pickled(lambda: S(pd.date_range("2020", periods=3, tz="UTC"))),
    "tz pytz": pickled(lambda: S(pd.date_range("2020", periods=3, tz=pytz.timezone("US/Eastern")))),
    "tz dt.utc": pickled(lambda: pd.date_range("2020", periods=3, tz=dt.UTC)),
    "tz zoneinfo": pickled(lambda: pd.date_range("2020", periods=3, tz=zoneinfo.ZoneInfo("Asia/Tokyo"))),
    "tz fixed": pickled(lambda: pd.date_range("2020", periods=3, tz=dt.timezone(dt.timedelta(hours=3)))),
    "tz pytz fixed": pickled(lambda: pd.date_range("2020", periods=3, tz=pytz.FixedOffset(60))),
    "tz dateutil": pickled(lambda: pd.date_range("2020", periods=3, tz="dateutil/Europe/Paris")),
    "tz dateutil utc": pickled(lambda: pd.date_range("2020", periods=3, tz=dtz.tzutc())),
    "tz dateutil offset": pickled(lambda: pd.to_datetime(["2020-01-01T00:00:00+02:00"])),
    **{
        f"freq {f}": pickled(lambda f=f: pd.date_range("2020", periods=3, freq=f))
        for f in [
            "D",
            "h",
            "min",
            "s",
            "ms",
            "us",
            "ns",
            "B",
            "W",
            "W-MON",
            "ME",
            "MS",
            "QE",
            "QS",
            "YE",
            "YS",
            "BME",
            "BMS",
            "BQE",
            "QE-NOV",
            "BYE",
            "SME",
            "SMS",
            "3D",
            "2h",
            "C",
            "15min",
            "WOM-3FRI",
            "bh",
        ]
    },
    **{
        f"period {f}": pickled(lambda f=f: pd.period_range("2020", periods=3, freq=f))
        for f in ["D", "M", "Q", "Y", "h", "W", "min", "s", "B", "Q-NOV"]
    },
    "period series": pickled(lambda: S(pd.period_range("2020", periods=3, freq="M"))),
    "Interval": pickled(lambda: S(pd.interval_range(0, 3))),
    "cut": pickled(lambda: pd.cut([1, 2, 3, 4], 2)),
    "qcut": pickled(lambda: pd.qcut(S(range(10)), 3)),
    "IntervalIndex dt": pickled(lambda: pd.interval_range(pd.Timestamp("2020"), periods=2)),
    "bins dt": pickled(lambda: pd.cut(S(pd.date_range("2020", periods=5)), 2)),
    "Sparse": pickled(lambda: S(pd.arrays.SparseArray([0, 0, 1]))),
    "Sparse df": pickled(lambda: pd.DataFrame(np.eye(3)).astype("Sparse[float]")),
    "Sparse bool": pickled(lambda: S(pd.arrays.SparseArray([True, False], fill_value=False))),
    "Sparse block": pickled(lambda: S(pd.arrays.SparseArray([0, 1, 1], kind="block"))),
    "get_dummies sparse": pickled(lambda: pd.get_dummies(["a", "b"], sparse=True)),
    "RangeIndex": pickled(lambda: pd.RangeIndex(3)),
    "Index int": pickled(lambda: pd.Index([3, 1])),
    "Index float": pickled(lambda: pd.Index([3.0, 1])),
    "Index str": pickled(lambda: pd.Index(["a", "b"])),
    "Index obj": pickled(lambda: pd.Index(["a", 1, None])),
    "Index bool": pickled(lambda: pd.Index([True, False])),
    "Index Int64": pickled(lambda: pd.Index([1, None], dtype="Int64")),
    "Index string": pickled(lambda: pd.Index(["a"], dtype="string")),
    "CategoricalIndex": pickled(lambda: pd.CategoricalIndex(["a", "b"])),
    "MultiIndex": pickled(lambda: pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"])),
    "MI dates": pickled(
        lambda: pd.MultiIndex.from_product([pd.date_range("2020", periods=2, tz="UTC"), pd.Categorical(["a", "b"])])
    ),
    "MI df": pickled(
        lambda: pd.DataFrame(
            np.ones((4, 2)),
            index=pd.MultiIndex.from_product([["a", "b"], [1, 2]]),
            columns=pd.MultiIndex.from_tuples([("p", "q"), ("p", "r")]),
        )
    ),
    "TimedeltaIndex": pickled(lambda: pd.timedelta_range("1D", periods=3)),
    "Index complex": pickled(lambda: pd.Index([1 + 2j])),
    "Index ea arrow": pickled(lambda: pd.Index([1, 2], dtype="int64[pyarrow]")),
    "MI interval": pickled(
        lambda: pd.MultiIndex.from_arrays([pd.interval_range(0, 2), pd.period_range("2020", periods=2, freq="M")])
    ),
    "Timestamp": pickled(lambda: pd.Timestamp("2020-01-01 01:02:03.000000004")),
    "Timestamp tz": pickled(lambda: pd.Timestamp("2020", tz="Europe/Berlin")),
    "Timestamp us": pickled(lambda: pd.Timestamp("2020").as_unit("us")),
    "Timedelta": pickled(lambda: pd.Timedelta("1D2h")),
    "Timedelta s": pickled(lambda: pd.Timedelta(1, "s").as_unit("s")),
    "Period": pickled(lambda: pd.Period("2020", "M")),
    "IntervalS": pickled(lambda: pd.Interval(0, 1)),
    "IntervalT": pickled(lambda: pd.Interval(pd.Timestamp("2020"), pd.Timestamp("2021"), "both")),
    "NaT": pickled(lambda: [pd.NaT, pd.NA, np.nan]),
    "objs": pickled(
        lambda: S(
            [
                pd.Timestamp("2020"),
                pd.NaT,
                dt.date(2020, 1, 1),
                decimal.Decimal(1),
                pd.Timedelta(1),
                pd.Period("2020"),
                pd.NA,
            ]
        )
    ),
    **{
        f"offset {n}": pickled(lambda n=n: getattr(pd.offsets, n)())
        for n in [
            "Day",
            "Hour",
            "Minute",
            "Second",
            "Milli",
            "Micro",
            "Nano",
            "BDay",
            "MonthEnd",
            "MonthBegin",
            "BMonthEnd",
            "BMonthBegin",
            "QuarterEnd",
            "QuarterBegin",
            "BQuarterEnd",
            "YearEnd",
            "YearBegin",
            "BYearEnd",
            "Week",
            "WeekOfMonth",
            "LastWeekOfMonth",
            "SemiMonthEnd",
            "Easter",
            "CustomBusinessDay",
            "CustomBusinessHour",
            "BusinessHour",
            "CustomBusinessMonthEnd",
            "FY5253",
            "FY5253Quarter",
            "BHalfYearEnd",
            "HalfYearEnd",
        ]
        if hasattr(pd.offsets, n)
    },
    "DateOffset": pickled(lambda: pd.DateOffset(months=1, days=2)),
    "CBD hol": pickled(lambda: pd.offsets.CustomBusinessDay(holidays=["2020-01-01"])),
    "CBD cal": pickled(
        lambda: pd.offsets.CustomBusinessDay(
            calendar=importlib.import_module("pandas.tseries.holiday").USFederalHolidayCalendar()
        )
    ),
    "DateOffset wd": pickled(lambda: pd.DateOffset(weekday=importlib.import_module("dateutil.relativedelta").MO(1))),
    "cal": pickled(lambda: importlib.import_module("pandas.tseries.holiday").USFederalHolidayCalendar()),
    "holiday": pickled(lambda: importlib.import_module("pandas.tseries.holiday").USMemorialDay),
    "dtypes": pickled(
        lambda: [
            pd.CategoricalDtype(["a"], True),
            pd.Int64Dtype(),
            pd.DatetimeTZDtype(tz="UTC"),
            pd.PeriodDtype("M"),
            pd.IntervalDtype("int64"),
            pd.SparseDtype(float),
            pd.StringDtype(),
            pd.BooleanDtype(),
            pd.Float32Dtype(),
            np.dtype("M8[ns]"),
        ]
    ),
    "df.dtypes": pickled(lambda: pd.DataFrame({"a": [1], "b": ["x"], "c": pd.Categorical(["a"])}).dtypes),
    "dtypes dict": pickled(lambda: pd.DataFrame({"a": [1], "b": ["x"], "c": pd.Categorical(["a"])}).dtypes.to_dict()),
    "ArrowDtype": pickled(
        lambda: [
            pd.ArrowDtype(__import__("pyarrow").int64()),
            pd.ArrowDtype(__import__("pyarrow").timestamp("us", "UTC")),
        ]
    ),
    "attrs": pickled(lambda: (lambda d: (d.attrs.update(a=1), d)[1])(pd.DataFrame({"a": [1]}))),
    "flags": pickled(lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False)),
    "empty": pickled(lambda: [pd.DataFrame(), S(dtype=float), pd.Index([])]),
    "named": pickled(lambda: S([1], name="x", index=pd.Index(["a"], name="i"))),
    "dup cols": pickled(lambda: pd.DataFrame([[1, 2]], columns=["a", "a"])),
    "wide": pickled(lambda: pd.DataFrame({f"c{i}": [i, float(i)] if i % 2 else ["a", "b"] for i in range(50)})),
    "unconsolidated": pickled(
        lambda: (lambda d: [d.__setitem__(f"x{i}", i) for i in range(5)] and d)(pd.DataFrame({"a": [1, 2]}))
    ),
    "sliced": pickled(lambda: pd.DataFrame(np.arange(20).reshape(5, 4)).iloc[1:3, ::2]),
    "F order": pickled(lambda: pd.DataFrame(np.asfortranarray(np.arange(6.0).reshape(2, 3)))),
    "T": pickled(lambda: pd.DataFrame({"a": [1, 2], "b": [3, 4]}).T),
    "obj df": pickled(lambda: pd.DataFrame({"a": [np.arange(2), S([1])]})),
    "nested df": pickled(lambda: {"train": pd.DataFrame({"a": [1]}), "y": S([1])}),
    "rolling": pickled(lambda: pd.DataFrame({"a": [1, 2]}).rolling(2), GROUPED),
    "groupby": pickled(lambda: pd.DataFrame({"a": [1, 2], "b": [1, 1]}).groupby("b"), GROUPED),
    "groups": pickled(lambda: pd.DataFrame({"a": [1, 2], "b": [1, 1]}).groupby("b").groups),
    "groupby dict": pickled(lambda: dict(list(pd.DataFrame({"a": [1, 2], "b": [1, 1]}).groupby("b")))),
    "list grouper": pickled(lambda: pd.Grouper(freq="D"), GROUPED),
    "NamedAgg": pickled(lambda: pd.NamedAgg("a", "sum")),
    "indexslice": pickled(lambda: pd.IndexSlice[:, 1]),
    "array ea": pickled(
        lambda: [
            pd.array([1, None]),
            pd.array(["a"]),
            pd.array([True, None]),
            pd.array([1.5, None]),
            pd.array(pd.date_range("2020", periods=2)),
            pd.array(pd.timedelta_range("1D", periods=2)),
            pd.arrays.NumpyExtensionArray(np.arange(3)),
        ]
    ),
    "Categorical ordered": pickled(lambda: pd.Categorical(["a", "b"], categories=["b", "a"], ordered=True)),
    "Cat int": pickled(lambda: pd.Categorical([1, 2, 1])),
    "Cat dates": pickled(lambda: pd.Categorical(pd.date_range("2020", periods=2))),
    "Cat interval": pickled(lambda: pd.Categorical(pd.interval_range(0, 2))),
    "arrow str": pickled(lambda: S(["a", "b", None], dtype="string[pyarrow]")),
    "arrow list": pickled(
        lambda: S([[1, 2], None], dtype=pd.ArrowDtype(__import__("pyarrow").list_(__import__("pyarrow").int64())))
    ),
    "arrow ts": pickled(lambda: S(pd.date_range("2020", periods=2), dtype="timestamp[us][pyarrow]")),
    "arrow dict": pickled(
        lambda: S(
            ["a", "b"],
            dtype=pd.ArrowDtype(
                __import__("pyarrow").dictionary(__import__("pyarrow").int32(), __import__("pyarrow").string())
            ),
        )
    ),
    "arrow struct": pickled(
        lambda: S([{"a": 1}], dtype=pd.ArrowDtype(__import__("pyarrow").struct([("a", __import__("pyarrow").int64())])))
    ),
    "arrow decimal": pickled(
        lambda: S([decimal.Decimal("1.1")], dtype=pd.ArrowDtype(__import__("pyarrow").decimal128(5, 2)))
    ),
    "arrow table": pickled(lambda: __import__("pyarrow").table({"a": [1, 2]})),
    "arrow schema": pickled(lambda: __import__("pyarrow").schema([("a", __import__("pyarrow").int64())])),
    "arrow array": pickled(lambda: __import__("pyarrow").array([1, 2])),
    "arrow batch": pickled(lambda: __import__("pyarrow").record_batch({"a": [1]})),
    "arrow scalar": pickled(lambda: __import__("pyarrow").scalar(1)),
    "arrow map": pickled(
        lambda: S(
            [[("a", 1)]],
            dtype=pd.ArrowDtype(
                __import__("pyarrow").map_(__import__("pyarrow").string(), __import__("pyarrow").int64())
            ),
        )
    ),
    "arrow date": pickled(lambda: S([dt.date(2020, 1, 1)], dtype=pd.ArrowDtype(__import__("pyarrow").date32()))),
    "arrow time": pickled(lambda: S([dt.time(1)], dtype=pd.ArrowDtype(__import__("pyarrow").time64("us")))),
    "arrow bin": pickled(lambda: S([b"a"], dtype=pd.ArrowDtype(__import__("pyarrow").binary()))),
    "arrow null": pickled(lambda: S([None], dtype=pd.ArrowDtype(__import__("pyarrow").null()))),
    "arrow dur": pickled(
        lambda: S(pd.timedelta_range("1D", periods=2), dtype=pd.ArrowDtype(__import__("pyarrow").duration("us")))
    ),
    "arrow large_str": pickled(lambda: S(["a"], dtype=pd.ArrowDtype(__import__("pyarrow").large_string()))),
    "arrow chunked": pickled(lambda: pd.concat([S(["a"], dtype="string[pyarrow]"), S(["b"], dtype="string[pyarrow]")])),
}
