"""What tensors are taken out of is read through what knows which bytes are opcodes, with the C part and without."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

import pytest
from evasions.builders import frame, pickled, proto

from safeload.scan import keep, strain
from safeload.scan.keep import Keeper, unpickled
from safeload.scan.look import SlowLook
from safeload.scan.report import GlobalRef

READERS = ["with the C part", "without", "without, read in Python"]


@pytest.fixture(autouse=True, params=READERS)
def _reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "with the C part":
        monkeypatch.setattr(strain, "engine", None)
    if request.param == "without, read in Python":
        monkeypatch.setattr(keep, "engine", lambda: SlowLook)


def read(data: bytes) -> Any:
    """The value, and what stands behind it."""
    file = io.BytesIO(data + b"behind it")
    value = unpickled(file, Keeper())
    assert file.read() == b"behind it"
    return value


@pytest.mark.parametrize("protocol", range(6))
def test_arguments_of_any_length_are_no_opcodes(protocol: int) -> None:
    """The length of one may be the byte of an opcode, as the number of one may be."""
    for length in range(260):
        value = ["x" * length, bytes(length), 1 << 8 * length, length, [length]]
        assert read(pickle.dumps(value, protocol)) == value


def test_texts_of_python_2() -> None:
    for length in range(256):
        assert read(pickled(b"U" + bytes([length]) + b"x" * length + b"q\1", 2)) == "x" * length
        assert read(pickled(b"T" + struct.pack("<i", length) + b"r" * length + b"q\1", 2)) == "r" * length


def test_frames_of_any_length() -> None:
    for count in (0, 1, 2, 3, 9, 9_999, 99_999):
        value = [list(range(count)), {f"c{n}c": n * 0.5 for n in range(count)}]
        assert read(pickle.dumps(value, 4)) == value


def test_names_in_a_frame_have_two_lines() -> None:
    code = b"cm\nXname\n."
    assert read(proto(4) + frame(len(code)) + code).ref == GlobalRef("m", "Xname")


@pytest.mark.parametrize("length", [0, 100_000])
def test_a_stream_may_number_as_many_as_it_has_bytes_and_some_more(length: int) -> None:
    index = max(length, 1 << 16) - 10
    code = b"N0" * (length // 2) + b"Nr" + struct.pack("<I", index) + b"0j" + struct.pack("<I", index) + b"."
    assert read(proto(2) + code) is None
    assert read(proto(4) + frame(len(code)) + code) is None


LINE = {"plain": b"5000000", "with a sign": b"+5000000", "with zeros": b"0000005000000", "cut": b"5000000\0x"}
LINE |= {"with underscores": b"5_000_000", "with blanks": b" \t5000000"}
INDEX = {f"in words, {how}": b"p" + line + b"\n" for how, line in LINE.items()}
INDEX |= {"in bytes": b"r" + struct.pack("<I", 5_000_000)}
WHERE = {
    "in the open": lambda index: proto(4) + b"N" + index + b".",
    "behind an empty text": lambda index: proto(4) + b"U\0" + index + b".",
    "behind a text of one letter": lambda index: proto(4) + b"U\1rN" + index + b".",
    "behind a text as long as an opcode": lambda index: proto(4) + b"U\x95" + b"x" * 0x95 + index + b".",
    "behind a buffer": lambda index: proto(4) + b"C\1r" + index + b".",
    "in a frame": lambda index: proto(4) + frame(2 + len(index)) + b"N" + index + b".",
    "in a frame that a frame announces": lambda index: (
        proto(4) + frame(9) + frame(2 + len(index)) + b"N" + index + b"."
    ),
    "in a frame within a frame": lambda index: (
        # Its length is that of a buffer to who takes it for opcodes.
        proto(4) + frame(9 + 0x0C43) + frame(0x0C43) + b"N0N" + index.ljust(0x0C43 - 4, b"N") + b"."
    ),
    "where an argument crosses its frame": lambda index: proto(4) + frame(3) + b"NV1" + b"x\n" + index + b".",
    "across the end of a frame": lambda index: proto(4) + frame(3) + b"N" + index[:2] + index[2:] + b".",
    "where the rest of a frame is dropped": lambda index: proto(4) + frame(4) + b"N" + index[:1] + b"xx" + index[1:],
}  # fmt: skip
ROWS = {f"{how}, {where}": make(index) for how, index in INDEX.items() for where, make in WHERE.items()}
WORDS = "numbers an object|crosses the end|frame within a frame|entry of the memo|beginning of a new frame|exhausted"


@pytest.mark.parametrize("data", ROWS.values(), ids=ROWS)
def test_no_memo_is_longer_than_its_stream(data: bytes) -> None:
    with pytest.raises(ValueError, match=WORDS):
        unpickled(io.BytesIO(data), Keeper())
