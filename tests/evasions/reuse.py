"""One unpickler for several streams: what an earlier one leaves in it, a later one finds there."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any, Final

from .builders import (
    BINPERSID,
    NONE,
    POP,
    REDUCE,
    STOP,
    attribute,
    call,
    calling,
    frame,
    get,
    given,
    group,
    kept,
    named,
    pickled,
    proto,
)
from .objects import NO_FILE, NUMPY, OVERWRITE, attributes_of, opened
from .rows import FILE, Row

MEMMAP: Final = named("numpy:memmap")
DEED: Final = calling("numpy:memmap", *OVERWRITE)
"""A call of a class that every list allows to be named, and none to be called."""


def both(unpickler: Any) -> object:
    """Load twice; a program that expects broken streams goes on after an error."""
    try:
        unpickler.load()
    except (pickle.UnpicklingError, IndexError):
        return unpickler.load()
    return unpickler.load()


def from_a_file() -> object:
    with open(FILE, "rb") as opened:
        return both(pickle.Unpickler(opened))


def from_a_file_without_a_buffer() -> object:
    with open(FILE, "rb", buffering=0) as opened:
        return both(pickle.Unpickler(opened))


def from_memory() -> object:
    with open(FILE, "rb") as opened:
        return both(pickle.Unpickler(io.BytesIO(opened.read())))


class Own(pickle.Unpickler):
    """As programs have one, for their persistent ids."""


def by_a_subclass() -> object:
    with open(FILE, "rb") as opened:
        return both(Own(io.BytesIO(opened.read())))


READERS: Final = {
    "file": from_a_file,
    "file_without_a_buffer": from_a_file_without_a_buffer,
    "memory": from_memory,
    "subclass": by_a_subclass,
}


def framed(contents: bytes) -> bytes:
    return proto(4) + frame(len(contents)) + contents


def behind(end: bytes) -> Callable[[bytes], bytes]:
    """The deed in the last frame of the first stream, behind what ends that stream for the unpickler."""
    return lambda _: framed(end + DEED + STOP) + pickled(MEMMAP)


def next_by_its_place(file: Any) -> object:
    """A program that knows where each record is, and does without one that cannot be loaded."""
    unpickler = pickle.Unpickler(file)
    try:
        return unpickler.load()
    except pickle.UnpicklingError:
        file.seek(len(FAILING))
        return unpickler.load()


def by_place_without_a_buffer() -> object:
    with open(FILE, "rb", buffering=0) as opened:
        return next_by_its_place(opened)


def by_place_in_memory() -> object:
    with open(FILE, "rb") as opened:
        return next_by_its_place(io.BytesIO(opened.read()))


LEFT: Final = NONE + BINPERSID + kept(0, MEMMAP)
"""The program knows no persistent ids; what it does not come to, exchanges the function that the next record calls."""

FAILING: Final = proto(4) + kept(0, named("builtins:ValueError")) + frame(len(LEFT)) + LEFT + NONE + STOP


AFTER_IT: Final = kept(1, MEMMAP) + call(get(0), *OVERWRITE) + STOP


class Inner(pickle.Unpickler):
    """Goes on to the next stream for an object that the first one leaves out."""

    def persistent_load(self, _pid: object) -> object:
        return self.load()


class InnerInPython(pickle._Unpickler):
    """The same with the unpickler that is written in Python."""

    def persistent_load(self, _pid: object) -> object:
        return self.load()


def inner(unpickler: Any) -> Callable[[], object]:
    def load() -> object:
        with open(FILE, "rb", buffering=0) as opened:
            return unpickler(opened).load()

    return load


def within_itself(_: bytes) -> bytes:
    """What comes behind the inner stream, the end for who reads straight on; once more behind what is read ahead."""
    rest = pickled(NONE) + DEED + STOP
    return (proto(2) + kept(0, MEMMAP) + NONE + BINPERSID + rest).ljust(1 << 16, b"\0") + rest


def within_itself_in_python(_: bytes) -> bytes:
    """The inner stream leaves on the stack what the rest of the frame then calls."""
    first = named("builtins:ValueError") + group() + NONE + BINPERSID + POP + REDUCE
    return framed(first) + MEMMAP + group(*OVERWRITE) + NONE + NONE + STOP + STOP


def reading_on() -> object:
    """A program whose objects are pickles in the same memory, each behind its persistent id."""
    with open(FILE, "rb") as opened:
        memory = io.BytesIO(opened.read())
    unpickler = Own(memory)
    unpickler.persistent_load = lambda _pid: pickle.load(memory)  # type: ignore[method-assign,misc]
    loaded = [unpickler.load()]
    while memory.tell() < len(memory.getbuffer()):
        loaded.append(unpickler.load())
    return loaded


def before_what_nobody_read(beginning: bytes) -> Callable[[bytes], bytes]:
    """The look ends where the inner pickle does."""
    return lambda _: beginning + NONE + BINPERSID + pickled(NONE) + call(get(0), *OVERWRITE) + STOP


NEW: Final = attribute(named("argparse:Namespace"), "__new__")
MAKES: Final = given(calling("functools:partial", NEW), group(NEW, group(named("argparse:Namespace")), NONE, NONE))
OBEYED: Final = attributes_of(__setstate__=MEMMAP)


def by_an_earlier_partial(_: bytes) -> bytes:
    """A partial of the first stream makes the object to which the second one gives what it obeys."""
    return pickled(kept(0, MAKES) + NONE) + pickled(given(given(call(get(0)), OBEYED), NO_FILE))


STREAMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "call_of_what_the_memo_holds": lambda _: pickled(kept(0, MEMMAP) + b"N") + pickled(call(get(0), *OVERWRITE)),
    "pickle_behind_the_stop_in_the_frame": behind(MEMMAP + STOP),
    "pickle_behind_an_error_in_the_frame": behind(POP),
}

ROWS: Final = (
    *(
        Row(id=f"{stream}_{reader}", file=file, load=load, needs=NUMPY)
        for stream, file in STREAMS.items()
        for reader, load in READERS.items()
        # A file with a buffer shows what lies ahead, and the rest of the frame is gone with the first load.
        if not (stream.startswith("pickle_behind") and reader == "file")
    ),
    Row(
        id="rest_of_a_frame_after_an_error_without_a_buffer",
        file=lambda _: FAILING + AFTER_IT,
        load=by_place_without_a_buffer,
        needs=NUMPY,
    ),
    Row(
        id="rest_of_a_frame_after_an_error_in_memory",
        file=lambda _: FAILING + AFTER_IT,
        load=by_place_in_memory,
        needs=NUMPY,
    ),
    Row(id="load_within_itself", file=within_itself, load=inner(Inner), needs=NUMPY),
    Row(id="load_within_itself_in_python", file=within_itself_in_python, load=inner(InnerInPython), needs=NUMPY),
    Row(
        id="pickle_in_the_middle_of_a_pickle",
        file=before_what_nobody_read(proto(2) + kept(0, MEMMAP)),
        load=reading_on,
        needs=NUMPY,
    ),
    Row(
        id="pickle_in_the_middle_of_the_second_pickle",
        file=before_what_nobody_read(pickled(kept(0, MEMMAP) + NONE) + proto(2)),
        load=reading_on,
        needs=NUMPY,
    ),
    Row(
        id="object_made_by_a_partial_of_an_earlier_stream",
        file=by_an_earlier_partial,
        load=from_memory,
        effect=opened,
        needs=NUMPY,
    ),
)
