"""A look reads a file ahead: what begins where it has read to is looked at and loaded as anywhere else."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import safeload
from safeload.scan.listen import AHEAD, BEHIND_A_HOLE, BULK, FIRST_AHEAD

A_NAME = b"ccollections\nOrderedDict\n)R"
LONG = 3 * FIRST_AHEAD
HOLE = b"B" + struct.pack("<I", BULK) + bytes(BULK) + b"0"

PIECES: dict[str, tuple[bytes, Any]] = {
    "an empty line": (b"V\n", ""),
    "a line": (b"Vab\n", "ab"),
    "a long line": (b"V" + b"a" * LONG + b"\n", "a" * LONG),
    "a text": (b"X\3\0\0\0abc", "abc"),
    "a long text": (b"X" + struct.pack("<I", LONG) + b"a" * LONG, "a" * LONG),
    "a buffer": (b"B" + struct.pack("<I", LONG) + b"a" * LONG, b"a" * LONG),
    "a buffer that is skipped": (b"B" + struct.pack("<I", BULK) + b"a" * BULK, b"a" * BULK),
    "an array of bytes": (b"\x96" + struct.pack("<Q", LONG) + b"a" * LONG, bytearray(b"a" * LONG)),
}

LOADERS: dict[str, Callable[[Any], Any]] = {
    "C": pickle.load,
    "C, of a class": lambda file: pickle.Unpickler(file).load(),
    "Python": lambda file: pickle._Unpickler(file).load(),
}


def filled(length: int) -> bytes:
    """Opcodes of so many bytes that leave nothing."""
    return b"K\1" + b"0" + b"N0" * ((length - 3) // 2) if length % 2 else b"N0" * (length // 2)


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
@pytest.mark.parametrize("before", [b"", HOLE], ids=["at first", "behind a skipped buffer"])
@pytest.mark.parametrize(("code", "value"), PIECES.values(), ids=PIECES)
def test_what_begins_where_a_window_ends(
    code: bytes, value: Any, before: bytes, load: Callable[[Any], Any], tmp_path: Path
) -> None:
    window = BEHIND_A_HOLE if before else FIRST_AHEAD
    path = tmp_path / "file"
    for short in (-1, 0, 1, 2):
        head = b"\x80\4](" + before
        head += filled(window - short - (0 if before else len(head)))
        path.write_bytes(head + code + A_NAME + b"e.more")
        with open(path, "rb") as file:
            assert load(file) == [value, OrderedDict()]
            assert file.read() == b"more"


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
def test_a_frame_that_is_all_the_rest_of_the_file(load: Callable[[Any], Any], tmp_path: Path) -> None:
    value = [OrderedDict(), "x" * 60_000, "y" * 60_000]
    data = pickle.dumps(value, 4)
    assert struct.unpack("<Q", data[3:11]) == (len(data) - 11,) > (AHEAD,)
    (tmp_path / "file").write_bytes(data)
    with open(tmp_path / "file", "rb") as file:
        assert load(file) == value


@pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)
@pytest.mark.parametrize("before", [0, 100_000], ids=["at first", "behind other bytes"])
def test_how_much_is_left_is_told_where_a_frame_is_longer(
    before: int, load: Callable[[Any], Any], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(bytes(before) + b"\x80\4\x95" + struct.pack("<Q", 100_000) + b"N.")
    with open(tmp_path / "file", "rb") as file:
        file.seek(before)
        with pytest.raises(safeload.UnreadableError, match="it asks for 100000 bytes where 2 are left"):
            load(file)


def test_how_much_is_left_is_told_where_a_bytearray_is_longer(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x80\5\x96" + struct.pack("<Q", BULK) + b"12345")
    with (
        open(tmp_path / "file", "rb") as file,
        pytest.raises(safeload.UnreadableError, match=f"it asks for {BULK} bytes where 5 are left"),
    ):
        LOADERS["Python"](file)
