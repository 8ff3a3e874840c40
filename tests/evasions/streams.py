"""Tricks with the stream: broken, lying, padded, doubled, or doing harm without a call."""

from __future__ import annotations

import argparse
import gzip
import io
import os
import pickle
import struct
import sys
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
    given,
    group,
    kept,
    listing,
    mapping,
    named,
    new,
    number,
    octets,
    pickled,
    proto,
    put,
    text,
)
from .rows import FILE, Row, fragment, unpickle

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
        self.data = io.BytesIO(open(FILE, "rb").read())  # noqa: SIM115

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
    stream(
        "cut_within_a_string", lambda deed: proto(4) + deed + b"X\xff\xff\x00\x00abc", twin=False
    ),
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
    stream(
        "frame_longer_than_the_file", lambda deed: proto(4) + deed + frame(10**6) + STOP, twin=False
    ),
    stream(
        "frame_of_absurd_length", lambda deed: proto(4) + deed + frame(2**62) + STOP, twin=False
    ),
)

FRAMES: Final = (
    stream("frame_shorter_than_its_content", lambda deed: proto(4) + frame(2) + deed + STOP),
    stream("frame_of_no_length", lambda deed: proto(4) + frame(0) + deed + STOP),
    stream(
        "frame_within_a_frame",
        lambda deed: proto(4) + frame(len(deed) + 10) + frame(len(deed) + 1) + deed + STOP,
    ),
    stream("frame_of_many_bytes", lambda deed: framed((text("x" * 500) + POP) * 400 + deed)),
    stream(
        "deed_behind_a_buffer_in_a_frame", lambda deed: framed(octets(bytes(BULK)) + POP + deed)
    ),
    stream(
        "deed_behind_a_buffer_over_a_frame_end",
        lambda deed: proto(4) + frame(100) + octets(bytes(BULK)) + POP + deed + STOP,
    ),
    stream(
        "deed_in_what_looks_like_a_buffer",
        lambda deed: (
            proto(4)
            + octets(bytes(BULK))
            + POP
            + octets(deed.ljust(BULK, b"N"))
            + POP
            + deed
            + STOP
        ),
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
    stream("from_memory", pickled, load=lambda: pickle.load(io.BytesIO(open(FILE, "rb").read()))),  # noqa: SIM115
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


def polluted(
    code: bytes, id: str, effect: Callable[[], bool], *, needs: tuple[str, ...] = ()
) -> Row:
    """A pickle that changes something of the process without calling anything."""
    return fragment(id, code, effect=lambda _: effect(), needs=needs)


def slots(**values: bytes) -> bytes:
    """The state that BUILD sets attribute by attribute, on whatever it is given."""
    return group(NONE, mapping(*((text(k), v) for k, v in values.items())))


def torch_defaults() -> object:
    return sys.modules["torch"]._utils._rebuild_tensor_v2.__defaults__


POLLUTION: Final = (
    polluted(
        given(named("argparse:Namespace"), slots(polluted=number(1))),
        "attribute_of_a_listed_class",
        lambda: hasattr(argparse.Namespace, "polluted"),
    ),
    polluted(
        given(named("argparse:Namespace"), slots(__setattr__=named("builtins:print"))),
        "method_of_a_listed_class_replaced",
        lambda: argparse.Namespace.__setattr__ is print,
    ),
    polluted(
        given(named("os:path"), mapping((text("polluted"), number(1)))),
        "attribute_of_a_module",
        lambda: hasattr(os.path, "polluted"),
    ),
    polluted(
        given(named("os:popen"), slots(__code__=named("os:getenv.__code__"))),
        "code_of_a_function_replaced",
        lambda: os.popen.__code__ is os.getenv.__code__,
    ),
    polluted(
        given(named("copyreg:_reconstructor"), slots(__defaults__=group(number(1)))),
        "defaults_of_a_listed_function",
        lambda: sys.modules["copyreg"]._reconstructor.__defaults__ == (1,),
    ),
    polluted(
        given(named("torch._utils:_rebuild_tensor_v2"), slots(__defaults__=group(number(1)))),
        "defaults_of_torch_rebuilder",
        lambda: torch_defaults() == (1,),
        needs=("torch",),
    ),
    polluted(
        given(named("joblib.numpy_pickle:NumpyArrayWrapper"), slots(read=named("builtins:print"))),
        "method_of_joblib_wrapper_replaced",
        lambda: sys.modules["joblib"].numpy_pickle.NumpyArrayWrapper.read is print,
        needs=("joblib",),
    ),
    polluted(
        named("os:environ") + text("POLLUTED") + text("1") + b"s",
        "item_of_the_environment",
        lambda: "POLLUTED" in os.environ,
    ),
    polluted(
        named("os:environ") + MARK + text("POLLUTED") + text("1") + b"u",
        "items_of_the_environment",
        lambda: "POLLUTED" in os.environ,
    ),
    polluted(
        named("builtins:__dict__") + text("polluted") + number(1) + b"s",
        "builtin_added",
        lambda: "polluted" in vars(sys.modules["builtins"]),
    ),
    polluted(
        named("sys:modules") + text("polluted") + named("os:path") + b"s",
        "module_planted",
        lambda: "polluted" in sys.modules,
    ),
    polluted(
        named("sys:path") + text("/polluted") + b"a",
        "import_path_appended",
        lambda: "/polluted" in sys.path,
    ),
    polluted(
        named("sys:path") + MARK + text("/polluted") + text("/more") + b"e",
        "import_path_extended",
        lambda: "/polluted" in sys.path,
    ),
    polluted(
        named("site:PREFIXES") + text("/polluted") + b"a",
        "list_of_a_module_appended",
        lambda: "/polluted" in sys.modules["site"].PREFIXES,
    ),
    polluted(
        named("token:EXACT_TOKEN_TYPES") + text("polluted") + number(1) + b"s",
        "table_of_a_module",
        lambda: "polluted" in sys.modules["token"].EXACT_TOKEN_TYPES,
    ),
    polluted(
        named("copyreg:dispatch_table")
        + named("argparse:Namespace")
        + named("builtins:print")
        + b"s",
        "pickling_of_a_class_rerouted",
        lambda: argparse.Namespace in sys.modules["copyreg"].dispatch_table,
    ),
)

DISGUISED: Final = (
    polluted(
        given(
            given(
                new(named("argparse:Namespace")),
                mapping((text("__setstate__"), named("os:system"))),
            ),
            COMMAND,
        ),
        "call_by_build_of_a_planted_setstate",
        lambda: os.path.exists("canary"),
    ),
    polluted(
        given(new(named("argparse:Namespace")), mapping((text("append"), named("os:system"))))
        + COMMAND
        + b"a",
        "call_by_append_on_a_planted_method",
        lambda: os.path.exists("canary"),
    ),
    polluted(
        given(new(named("argparse:Namespace")), mapping((text("add"), named("os:system"))))
        + MARK
        + COMMAND
        + b"\x90",
        "call_by_additems_on_a_planted_method",
        lambda: os.path.exists("canary"),
    ),
)

ROWS: Final = (*SHAPES, *BROKEN, *FRAMES, *STACK, *READERS, *POLLUTION, *DISGUISED)
