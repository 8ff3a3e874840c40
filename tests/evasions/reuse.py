"""One unpickler for several streams: what an earlier one leaves in it, a later one finds there."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any, Final

from .builders import POP, STOP, call, calling, frame, get, kept, named, pickled, proto
from .objects import NUMPY, OVERWRITE
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


STREAMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "call_of_what_the_memo_holds": lambda _: pickled(kept(0, MEMMAP) + b"N") + pickled(call(get(0), *OVERWRITE)),
    "pickle_behind_the_stop_in_the_frame": behind(MEMMAP + STOP),
    "pickle_behind_an_error_in_the_frame": behind(POP),
}

ROWS: Final = tuple(
    Row(id=f"{stream}_{reader}", file=file, load=load, needs=NUMPY)
    for stream, file in STREAMS.items()
    for reader, load in READERS.items()
    # A file with a buffer shows what lies ahead, and the rest of the frame is gone with the first load.
    if not (stream.startswith("pickle_behind") and reader == "file")
)
