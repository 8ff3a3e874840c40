"""Tricks with the stream: broken, lying, padded, doubled, or doing harm without a call."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Final

from .builders import (
    BINPERSID,
    BUILD,
    DUP,
    MARK,
    NONE,
    POP,
    POP_MARK,
    REDUCE,
    SHELL,
    STACK_GLOBAL,
    STOP,
    call,
    frame,
    get,
    group,
    kept,
    listing,
    mapping,
    named,
    number,
    octets,
    pickled,
    proto,
    put,
    text,
)
from .rows import FILE, Row, unpickle

COMMAND: Final = text(SHELL)
SYSTEM: Final = named("os:system")
BULK: Final = 100_000
"""More than what a guard may leave unread in one piece."""


def stream(
    id: str,
    around: Callable[[bytes], bytes],
    *,
    twin: bool = True,
    load: Callable[[], object] = unpickle,
    known: str = "",
) -> Row:
    """A row whose deed is an ordinary call somewhere in an odd stream."""
    return Row(id=id, file=around, load=load, twin=twin, known=known)


def twice() -> object:
    """Read two pickles from one file, as logs and checkpoints are read."""
    with open(FILE, "rb") as opened:
        return pickle.load(opened), pickle.load(opened)


def twice_with_one_memo() -> object:
    """Two loads by one unpickler share a memo."""
    with open(FILE, "rb") as opened:
        unpickler = pickle.Unpickler(opened)
        return unpickler.load(), unpickler.load()


def unseekable() -> object:
    """From a stream that cannot go back, as a socket's file."""
    inner, outer = os.pipe()
    with open(FILE, "rb") as opened:
        os.write(outer, opened.read(60_000))
    os.close(outer)
    with open(inner, "rb") as opened:
        return pickle.load(opened)


def compressed() -> object:
    with gzip.open(FILE) as opened:
        return pickle.load(opened)


class Reader:
    """The least that an unpickler takes for a file."""

    def __init__(self) -> None:
        self.data = io.BytesIO(open(FILE, "rb").read())

    def read(self, size: int = -1) -> bytes:
        return self.data.read(size)

    def readline(self) -> bytes:
        return self.data.readline()


class ReaderWithReadinto(Reader):
    def readinto(self, into: memoryview) -> int:
        return self.data.readinto(into)


class ReaderWithPeek(Reader):
    def peek(self, size: int = 0) -> bytes:
        at = self.data.tell()
        data = self.data.read(size)
        self.data.seek(at)
        return data


def from_start(data: bytes) -> bytes:
    """The deed in the first of two."""
    return pickled(data) + pickled(NONE)


def with_zip_behind(deed: bytes) -> bytes:
    """A pickle to unpicklers; to whoever looks for a zip directory at the end, a clean archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("archive/data.pkl", pickled(listing(number(1))))
    return pickled(deed) + archive.getvalue()


SHAPES: Final = (
    stream("no_proto", lambda deed: deed + STOP),
    stream("protocol_said_to_be_0", lambda deed: pickled(deed, 0)),
    stream("protocol_said_to_be_5", lambda deed: pickled(deed, 5)),
    stream("proto_twice", lambda deed: proto(2) + proto(5) + deed + STOP),
    stream("garbage_after_the_stop", lambda deed: pickled(deed) + b"\x00\xff garbage" * 9),
    stream("zip_behind_the_pickle", with_zip_behind),
    stream("second_pickle_of_the_file", lambda deed: pickled(NONE) + pickled(deed), load=twice),
    stream("first_pickle_of_two", from_start, load=twice),
    stream("stop_within_a_string", lambda deed: pickled(text("a.b.c.") + POP + deed)),
    stream("opcodes_within_a_string", lambda deed: pickled(octets(pickled(NONE)) + POP + deed)),
    stream("deed_of_a_dict_key", lambda deed: pickled(mapping((group(deed), number(1))))),
    stream(
        "deep_in_containers",
        lambda deed: pickled(listing(group(mapping((number(1), listing(deed)))))),
    ),
    stream("behind_many_opcodes", lambda deed: pickled((NONE + POP) * 200_000 + deed)),
    stream("behind_many_megabytes", lambda deed: pickled(octets(bytes(3_000_000)) + POP + deed)),
    stream("behind_many_strings", lambda deed: pickled((text("x" * 70_000) + POP) * 20 + deed)),
    stream("many_memo_entries", lambda deed: pickled((NONE + put(1_000_000) + POP) + deed)),
    stream("memo_in_text", lambda deed: pickled(NONE + b"p0000000012\n" + POP + deed)),
)

BROKEN: Final = (
    stream(
        "broken_after_the_deed",
        lambda deed: proto(4) + deed + b"\xff\xff",
        twin=False,
        known="nullifAI",
    ),
    stream("no_stop", lambda deed: proto(4) + deed, twin=False),
    stream("cut_within_a_string", lambda deed: proto(4) + deed + b"X\xff\xff\x00\x00abc", twin=False),
    stream(
        "stack_underflow_after_the_deed",
        lambda deed: proto(4) + deed + POP * 3 + REDUCE,
        twin=False,
    ),
    stream(
        "unknown_memo_entry_after_the_deed",
        lambda deed: proto(4) + deed + get(77) + STOP,
        twin=False,
    ),
    stream(
        "unknown_protocol_after_the_deed",
        lambda deed: proto(4) + deed + proto(77) + STOP,
        twin=False,
    ),
    stream(
        "missing_global_after_the_deed",
        lambda deed: proto(4) + deed + named("no.such:thing") + STOP,
        twin=False,
    ),
    stream(
        "text_that_is_no_utf_8_after_the_deed",
        lambda deed: proto(4) + deed + b"X\x02\x00\x00\x00\xff\xfe" + STOP,
        twin=False,
    ),
    stream(
        "persistent_id_that_nobody_loads",
        lambda deed: proto(4) + deed + BINPERSID + STOP,
        twin=False,
    ),
    stream(
        "state_that_fails_after_the_deed",
        lambda deed: proto(4) + deed + number(1) + number(2) + BUILD + STOP,
        twin=False,
    ),
    stream("frame_longer_than_the_file", lambda deed: proto(4) + deed + frame(10**6) + STOP, twin=False),
    stream("frame_of_absurd_length", lambda deed: proto(4) + deed + frame(2**62) + STOP, twin=False),
)

FRAMES: Final = (
    # An opcode that crosses the end of its frame is refused, whatever it is.
    stream("frame_shorter_than_its_content", lambda deed: proto(4) + frame(2) + deed + STOP, twin=False),
    stream("frame_of_no_length", lambda deed: proto(4) + frame(0) + deed + STOP),
    stream(
        "frame_within_a_frame",
        lambda deed: proto(4) + frame(len(deed) + 10) + frame(len(deed) + 1) + deed + STOP,
    ),
    stream("frame_of_many_bytes", lambda deed: framed((text("x" * 500) + POP) * 400 + deed)),
    stream("deed_behind_a_buffer_in_a_frame", lambda deed: framed(octets(bytes(BULK)) + POP + deed)),
    stream(
        "deed_behind_a_buffer_over_a_frame_end",
        lambda deed: proto(4) + frame(100) + octets(bytes(BULK)) + POP + deed + STOP,
        twin=False,
    ),
    stream(
        "deed_in_what_looks_like_a_buffer",
        lambda deed: proto(4) + octets(bytes(BULK)) + POP + octets(deed.ljust(BULK, b"N")) + POP + deed + STOP,
    ),
    stream(
        "buffer_of_8_byte_length",
        lambda deed: pickled(b"\x8e" + struct.pack("<Q", BULK) + bytes(BULK) + POP + deed),
    ),
    stream(
        "bytearray_of_8_byte_length",
        lambda deed: pickled(b"\x96" + struct.pack("<Q", BULK) + bytes(BULK) + POP + deed, 5),
    ),
)


def framed(body: bytes) -> bytes:
    return proto(4) + frame(len(body) + 1) + body + STOP


STACK: Final = (
    stream("result_dropped", lambda deed: pickled(deed + POP + text("clean"))),
    stream(
        "result_dropped_with_a_mark",
        lambda deed: pickled(MARK + NONE + deed + POP_MARK + text("clean")),
    ),
    stream("result_below_the_one_returned", lambda deed: pickled(deed + text("clean"))),
    stream("result_forgotten_in_the_memo", lambda deed: pickled(kept(9, deed) + text("clean"))),
    stream("result_duplicated", lambda deed: pickled(deed + DUP + b"\x86")),
    stream(
        "deed_as_a_persistent_id",
        lambda deed: pickled(group(text("id"), deed) + BINPERSID),
        load=lambda: with_persistent_ids(),
    ),
    Row(
        id="name_from_the_memo_of_an_earlier_load",
        file=lambda _: (
            pickled(text("system") + put(0) + POP + text("os") + put(1))
            + pickled(call(get(1) + get(0) + STACK_GLOBAL, COMMAND))
        ),
        load=twice_with_one_memo,
    ),
    Row(
        id="function_from_the_memo_of_an_earlier_load",
        file=lambda _: pickled(SYSTEM + put(0)) + pickled(call(get(0), COMMAND)),
        load=twice_with_one_memo,
    ),
)


def with_persistent_ids() -> object:
    """Load with a program's own persistent ids."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, pid: object) -> object:
            return pid

    with open(FILE, "rb") as opened:
        return Unpickler(opened).load()


READERS: Final = (
    stream("from_a_pipe", pickled, load=unseekable),
    stream("from_a_gzip_file", lambda deed: gzip.compress(pickled(deed)), load=compressed),
    stream("from_a_reader_without_seek", pickled, load=lambda: pickle.load(Reader())),
    stream(
        "from_a_reader_with_readinto",
        lambda deed: pickled(octets(bytes(BULK)) + POP + deed),
        load=lambda: pickle.load(ReaderWithReadinto()),
    ),
    stream("from_a_reader_with_peek", pickled, load=lambda: pickle.load(ReaderWithPeek())),
    stream("from_memory", pickled, load=lambda: pickle.load(io.BytesIO(open(FILE, "rb").read()))),
    stream(
        "from_the_middle_of_a_file",
        lambda deed: b"header" + pickled(deed),
        load=lambda: after_header(),
    ),
)


def after_header() -> object:
    with open(FILE, "rb") as opened:
        opened.seek(len(b"header"))
        return pickle.load(opened)


ROWS: Final = (*SHAPES, *BROKEN, *FRAMES, *STACK, *READERS)
