"""A pickler and an unpickler that are used again share a memo: a later stream names what an earlier one made."""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import io
import pickle
import uuid
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

import safeload  # noqa: F401 - the guard

np = pytest.importorskip("numpy")


def in_itself() -> argparse.Namespace:
    made = argparse.Namespace()
    made.me = [made]
    return made


def deep(levels: int) -> argparse.Namespace:
    value: Any = None
    for _ in range(levels):
        value = (value,)
    return argparse.Namespace(value=value)


VALUES = {
    "a time with a zone": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    "a time in a city": datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    "an identifier": uuid.UUID(int=7),
    "a decimal": decimal.Decimal("1.5"),
    "an ordered dict": collections.OrderedDict(a=1),
    "an array": np.arange(3.0),
    "a structured array": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "U3")]),
    "a number of numpy's": np.float32(2),
    "an object in itself": in_itself(),
    "an object of many levels": deep(400),
    "a random state": np.random.RandomState(1),
}


def opened(data: bytes, folder: Path, kind: str) -> Any:
    if kind == "memory":
        return io.BytesIO(data)
    (folder / "file").write_bytes(data)
    return open(folder / "file", "rb")


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_every_stream_loads(value: Any, protocol: int, kind: str, tmp_path: Path) -> None:
    written = [value, [value, 1], {"again": value}, pickle.loads(pickle.dumps(value))]
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol)
    for item in written:
        pickler.dump(item)
    with opened(buffer.getvalue(), tmp_path, kind) as file:
        unpickler = pickle.Unpickler(file)
        loaded = [unpickler.load() for _ in written]
        with pytest.raises(EOFError):
            unpickler.load()
    assert loaded[1][0] is loaded[0]
    assert loaded[2]["again"] is loaded[0]
    assert pickle.dumps(loaded[3]) == pickle.dumps(loaded[0])


def test_the_same_bytes_twice() -> None:
    """The second stream counts on from the first one's memo, as CPython does."""
    data = pickle.dumps(np.random.RandomState(1))
    unpickler = pickle.Unpickler(io.BytesIO(data + data))
    first, second = unpickler.load(), unpickler.load()
    assert repr(first.get_state()) == repr(second.get_state())
