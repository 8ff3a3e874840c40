"""A pickler and an unpickler that are used again share a memo: a later stream names what an earlier one made."""

from __future__ import annotations

import collections
import datetime
import decimal
import importlib.util
import io
import pickle
import uuid
import zoneinfo
from pathlib import Path
from typing import Any

import pytest

import safeload  # noqa: F401 - the guard

np = pytest.importorskip("numpy")

VALUES = {
    "a time with a zone": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
    "a time in a city": datetime.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
    "an identifier": uuid.UUID(int=7),
    "a decimal": decimal.Decimal("1.5"),
    "an ordered dict": collections.OrderedDict(a=1),
    "an array": np.arange(3.0),
    "a structured array": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "U3")]),
    "a number of numpy's": np.float32(2),
    "a random state": np.random.RandomState(1),
}


if importlib.util.find_spec("scipy"):
    from scipy import stats

    VALUES["a tuple with a keyword"] = stats.linregress([1, 2, 3], [1, 2, 4])


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


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_file_that_grows(protocol: int, kind: str, tmp_path: Path) -> None:
    """An end of the file is no error after which an unpickler holds anything."""
    with opened(b"", tmp_path, kind) as file:
        unpickler = pickle.Unpickler(file)
        for number in range(3):
            with pytest.raises(EOFError):
                unpickler.load()
            record = pickle.dumps(decimal.Decimal(number), protocol)
            if kind == "memory":
                file.seek(file.write(record) and -len(record), io.SEEK_CUR)
            else:
                with open(tmp_path / "file", "ab") as end:
                    end.write(record)
            assert unpickler.load() == number


class Known(pickle.Unpickler):
    """Knows some of the objects that its files leave out."""

    def persistent_load(self, pid: str) -> str:
        return {"a": "known"}[pid]


class Leaving(pickle.Pickler):
    def persistent_id(self, value: Any) -> Any:
        return value.removeprefix("id ") if type(value) is str and value.startswith("id ") else None


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("protocol", range(4))
def test_the_next_record_after_one_that_cannot_be_loaded(protocol: int, kind: str, tmp_path: Path) -> None:
    """Without frames an unpickler holds nothing of it; with them CPython's own reads the rest first."""
    records = []
    for value in ("id a", "id b", "id a"):
        buffer = io.BytesIO()
        Leaving(buffer, protocol).dump([value, decimal.Decimal(1)])
        records.append(buffer.getvalue())
    with opened(b"".join(records), tmp_path, kind) as file:
        unpickler = Known(file)
        assert unpickler.load() == ["known", 1]
        with pytest.raises(KeyError):
            unpickler.load()
        file.seek(len(records[0]) + len(records[1]))
        assert unpickler.load() == ["known", 1]


class Own(pickle.Unpickler):
    """To which a program adds what it needs."""


def test_data_with_data_behind_its_ids() -> None:
    """Objects that the file leaves out are pickles in the same memory."""
    inner = pickle.dumps("inner", 2)
    memory = io.BytesIO(b"\x80\x02](NQ" + inner + b"NQ" + inner + b"e.")
    unpickler = Own(memory)
    unpickler.persistent_load = lambda _pid: pickle.load(memory)  # type: ignore[method-assign]
    assert unpickler.load() == ["inner", "inner"]
    assert not memory.read()
