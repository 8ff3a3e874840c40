"""pandas' values pass; frames and columns that say more than they hold do not."""

from __future__ import annotations

import datetime
import decimal
import importlib.util
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import calling, group, listing, mapping, named, new, number, pickled, text

from .hostile import Hostile
from .libraries import refusals
from .test_rules import has_effect

pd: Any = pytest.importorskip("pandas")

DTYPES = """
    Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64 boolean string category
    Sparse[int] Sparse[float]
""".split()


def frames() -> dict[str, Callable[[], Any]]:
    days = pd.date_range("2020", periods=3)
    made: dict[str, Callable[[], Any]] = {
        "mixed": lambda: pd.DataFrame({"a": [1, 2], "b": [1.0, 2], "c": ["x", None]}),
        "empty": lambda: pd.DataFrame(),
        "wide": lambda: pd.DataFrame({f"c{n}": [n] if n % 2 else [n / 3] for n in range(60)}),
        "levels": lambda: pd.DataFrame({"a": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])),
        "days": lambda: pd.DataFrame({"a": days, "b": days - days[0]}, index=days),
        "periods": lambda: pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
        "intervals": lambda: pd.Series(pd.interval_range(0, 3)),
        "zone": lambda: pd.Series(days.tz_localize("UTC")),
        "objects": lambda: pd.Series([1, None, pd.NaT, pd.NA, decimal.Decimal(1)]),
        "attributes": lambda: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
        "moments": lambda: [pd.Timestamp("2020"), pd.Timedelta("1D"), pd.Period("2020-01")],
        "offsets": lambda: [
            pd.offsets.BDay(2),
            pd.offsets.MonthEnd(),
            pd.offsets.CustomBusinessDay(holidays=["2020-01-01"]),
            pd.offsets.BusinessHour(),
        ],
        "step": lambda: pd.DateOffset(days=2, months=1),
        "fixed": lambda: days.tz_localize(datetime.timezone(datetime.timedelta(hours=5))),
    }
    for name in DTYPES:
        made[name] = lambda name=name: pd.Series([1, 0, 1]).astype(name)
        made[name + " type"] = lambda name=name: pd.Series([1, 0, 1]).astype(name).dtype
    return made


def columns() -> dict[str, Callable[[], Any]]:
    """Columns of pyarrow, of every kind that has children, offsets or places; none where it is not installed."""
    if importlib.util.find_spec("pyarrow") is None:
        return {}
    import pyarrow as pa

    pairs = pa.map_(pa.string(), pa.list_(pa.int64()))
    made: dict[str, Callable[[], Any]] = {
        "texts": lambda: pa.array(["a", None, "bc"]),
        "large texts": lambda: pa.array(["a", None], type=pa.large_string()),
        "bytes": lambda: pa.array([b"a", None]),
        "bytes of one length": lambda: pa.array([b"ab", None], type=pa.binary(2)),
        "lists": lambda: pa.array([["a"], ["b", None], None]),
        "large lists of lists": lambda: pa.array([[[1]], None], type=pa.large_list(pa.list_(pa.int8()))),
        "maps": lambda: pa.array([[("a", [1])], [("b", [2, 3]), ("c", None)], None], type=pairs),
        "structures": lambda: pa.array([{"x": 1, "y": "q"}, {"x": None, "y": None}, None]),
        "places": lambda: pa.array(["a", "b", None, "a"]).dictionary_encode(),
        "lists of places": lambda: pa.array([["a", "b"]]).cast(pa.list_(pa.dictionary(pa.int8(), pa.string()))),
        "decimals": lambda: pa.array([decimal.Decimal("1.20"), None]),
        "times": lambda: pa.array([datetime.datetime(2026, 1, 1)], type=pa.timestamp("us", "UTC")),
        "spans": lambda: pa.array([datetime.timedelta(1), None]),
        "nothing": lambda: pa.nulls(3),
        "truths": lambda: pa.array([True, None, False] * 9),
        "a part": lambda: pa.array(["a", None, "bc", "d"])[1:3],
        "chunks": lambda: pa.chunked_array([pa.array([1]), pa.array([2, None])]),
        "a table": lambda: pa.table({"a": [1, None], "b": [[1], [2]]}, metadata={"of": "mine"}),
    }
    return made | {
        f"a column of {name}": lambda make=make: pd.Series(pd.arrays.ArrowExtensionArray(make()))
        for name, make in made.items()
        if name != "a table"
    }


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", sorted(columns()))
def test_columns_of_arrow_pass(kind: str, protocol: int) -> None:
    assert refusals(pickle.dumps(columns()[kind](), protocol)) == []


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("kind", sorted(frames()))
def test_pandas_values_pass(kind: str, protocol: int) -> None:
    if kind == "step" and protocol == 0:
        pytest.skip("pandas cannot pickle it so")
    assert refusals(pickle.dumps(frames()[kind](), protocol)) == []


def test_columns_of_text_in_arrow_pass() -> None:
    pytest.importorskip("pyarrow")
    two = [pd.Series(["a", None], dtype="string[pyarrow]") for _ in range(2)]
    for value in (two[0], pd.concat(two), pd.Series([1, 2], dtype="int64[pyarrow]")):
        for protocol in (2, 4, 5):
            assert refusals(pickle.dumps(value, protocol)) == []


def arrow(length: int, size: int, kind: str = "int64") -> bytes:
    buffer = calling("pyarrow.lib:py_buffer", calling("builtins:bytearray", b"C" + bytes([size]) + bytes(size)))
    described = group(
        calling("pyarrow.lib:type_for_alias", text(kind)),
        number(length), number(0), number(0), listing(b"N", buffer), b"]", b"N",
    )  # fmt: skip
    return calling("pyarrow.lib:_restore_array", described)


def test_a_column_holds_the_values_that_it_counts() -> None:
    assert refusals(pickled(arrow(3, 24))) == []
    assert refusals(pickled(arrow(4, 24)))
    assert refusals(pickled(arrow(2, 24, "string")))
    assert refusals(pickled(arrow(-1, 24)))
    assert refusals(pickled(arrow(1, 24, "struct")))


class Reduced:
    """Pickles as it is told to."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return self.parts


def placed(start: int, stop: int) -> bytes:
    """A frame of one column, put where the file says."""
    import numpy as np
    from pandas._libs.internals import _unpickle_block
    from pandas.core.internals.managers import BlockManager

    block = Reduced(_unpickle_block, (np.zeros((1, 3)), slice(start, stop, 1), 2))
    axes = [pd.Index(["a"]), pd.RangeIndex(3)]
    return pickle.dumps(Reduced(BlockManager, ((block,), axes)), 3)


def test_a_frame_has_the_columns_that_it_names(tmp_path: Path) -> None:
    assert refusals(placed(0, 1)) == []
    stream = placed(10**9, 10**9 + 1)
    assert has_effect(Hostile("place", stream[2:-1], "loaded.blknos"), tmp_path)
    assert refusals(stream) == ["pandas.core.internals.managers:BlockManager: names columns that it does not have"]


INDEX = "pandas.core.indexes.base:_new_Index"


@pytest.mark.parametrize(
    "fragment",
    [
        calling(INDEX, named("argparse:Namespace"), mapping()),
        calling(INDEX, named("pandas:Index"), mapping((text("data"), named("builtins:dict")))),
        calling(INDEX, named("pandas:Index"), mapping((text("factory"), number(1)))),
        calling(
            "pandas._libs.arrays:__pyx_unpickle_NDArrayBacked",
            named("argparse:Namespace"), number(1), b"N",
        ),
        calling("pandas.core.internals.managers:BlockManager", group(number(1)), listing()),
        calling("pandas:DataFrame", number(1)),
        calling("dateutil.tz.tz:tzfile", text("/etc/passwd")),
        calling("pandas.io.pickle:read_pickle", text("x")),
        calling("pandas._libs.tslibs.timestamps:_unpickle_timestamp", named("builtins:dict")),
        calling(
            "pandas._libs.tslibs.offsets:CustomBusinessDay",
            number(1), b"\x89", text("Mon"), group(), new(named("argparse:Namespace")),
        ),
        new(named("pandas:DataFrame"), number(1)),
    ],
)  # fmt: skip
def test_what_pandas_never_writes_is_refused(fragment: bytes) -> None:
    assert refusals(pickled(fragment))
