"""What goes wrong, goes wrong in the same words."""

from __future__ import annotations

import array
import io
import pickle
import pickletools
import struct
from collections.abc import Callable
from functools import partial
from typing import Any

from probe_kit import Probes, error_of

# safeload arrives here

probe = Probes()
ALLOW = "__main__:Point,__main__:Missing,life_nowhere:Thing,__main__:ReadOnly,__main__:make"
SlowUnpickler: Any = pickle._Unpickler


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        return f"Point({self.x!r}, {self.y!r})"


class ReadOnly:
    x = property(lambda self: 1)


def make(*args: Any) -> Point:
    return Point(*args)


NONE = b"N."
PLAIN = pickle.dumps({"a": [1, 2.5, "t"], "b": (b"raw", None)}, 4)
OBJECT = pickle.dumps([Point(1, "x"), Point(b"y", 2)], 4)
OLD = pickle.dumps([Point(1, "x"), Point(b"y", 2)], 0)

CALLS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda f: f(),
    "a number": lambda f: f(1),
    "None": lambda f: f(None),
    "text": lambda f: f("N."),
    "a list": lambda f: f([78, 46]),
    "one too many": lambda f: f(NONE, NONE),
    "two too many": lambda f: f(NONE, NONE, NONE),
    "data=": lambda f: f(data=NONE),
    "file=": lambda f: f(file=io.BytesIO(NONE)),
    "both": lambda f: f(io.BytesIO(NONE), file=io.BytesIO(NONE)),
    "unknown=": lambda f: f(NONE, unknown=1),
    "unknown= of a file": lambda f: f(io.BytesIO(NONE), unknown=1),
    "encoding=1": lambda f: f(NONE, encoding=1),
    "encoding=1 of a file": lambda f: f(io.BytesIO(NONE), encoding=1),
    "errors=None": lambda f: f(io.BytesIO(NONE), errors=None),
    "buffers=5": lambda f: f(io.BytesIO(NONE), buffers=5),
    "fix_imports by position": lambda f: f(io.BytesIO(NONE), True),
    "bytes where a file belongs": lambda f: f(NONE),
    "a file where bytes belong": lambda f: f(io.BytesIO(NONE)),
    "wide array": lambda f: f(array.array("I", [1, 2])),
    "star": lambda f: f(*[NONE], fix_imports=False, encoding="bytes", errors="x"),
}
CALLABLES: dict[str, Any] = {
    "loads": pickle.loads,
    "load": pickle.load,
    "Unpickler": lambda *a, **k: pickle.Unpickler(*a, **k).load(),
    "Unpickler class": lambda *a, **k: type(pickle.Unpickler(*a, **k)),
    "Unpickler.load": pickle.Unpickler.load,
    "load of an Unpickler": pickle.Unpickler(io.BytesIO(NONE)).load,
    "find_class": pickle.Unpickler(io.BytesIO(NONE)).find_class,
    "_loads": pickle._loads,  # type: ignore[attr-defined]
    "_load": pickle._load,  # type: ignore[attr-defined]
    "_Unpickler": lambda *a, **k: SlowUnpickler(*a, **k).load(),
}
for name, function in CALLABLES.items():
    for call_name, call in CALLS.items():
        probe[f"{name} with {call_name}"] = partial(error_of, call, function)


class NoReadline:
    def read(self, size: int = -1) -> bytes:
        return NONE


class Lying:
    """Gives out what no file should."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def read(self, size: int = -1) -> Any:
        return self.answer

    def readline(self) -> Any:
        return self.answer


class Failing:
    """Breaks off with an error of its own after some bytes."""

    def __init__(self, data: bytes, error: BaseException) -> None:
        self.inner, self.error = io.BytesIO(data), error

    def read(self, size: int = -1) -> bytes:
        data = self.inner.read(size)
        if len(data) < size:
            raise self.error
        return data

    def readline(self) -> bytes:
        return self.read(1000)


def closed() -> io.BytesIO:
    file = io.BytesIO(NONE)
    file.close()
    return file


def written(mode: str) -> Any:
    with open("file.bin", "wb") as file:
        file.write(OBJECT)
    return open("file.bin", mode)


def closed_file() -> Any:
    file = written("rb")
    file.close()
    return file


FILES: dict[str, Callable[[], Any]] = {
    "closed BytesIO": closed,
    "closed file": closed_file,
    "text mode": lambda: written("r"),
    "StringIO": lambda: io.StringIO("N."),
    "write only": lambda: written("ab"),
    "empty": lambda: io.BytesIO(b""),
    "no readline": NoReadline,
    "a class": lambda: io.BytesIO,
    "reads text": lambda: Lying("N."),
    "reads None": lambda: Lying(None),
    "reads a number": lambda: Lying(5),
    "reads nothing": lambda: Lying(b""),
    "breaks at once": lambda: Failing(b"", OSError(5, "device gone")),
    "breaks in plain data": lambda: Failing(PLAIN[:-4], OSError(5, "device gone")),
    "breaks in an object": lambda: Failing(OBJECT[:-4], ConnectionResetError("peer")),
    "breaks with KeyboardInterrupt": lambda: Failing(OBJECT[:40], KeyboardInterrupt()),
    "breaks with StopIteration": lambda: Failing(OBJECT[:40], StopIteration(3)),
}
LOADERS = {"load": pickle.load, "_load": pickle._load}  # type: ignore[attr-defined]
for file_name, make_file in FILES.items():
    for name, load in LOADERS.items():
        probe[f"{name} of {file_name}"] = partial(error_of, lambda door, make: door(make()), load, make_file)

STREAMS: dict[str, bytes] = {
    "empty": b"",
    "garbage": b"garbage",
    "an HTML page": b"<!DOCTYPE html>",
    "NUL": b"\x00" * 30,
    "protocol of the future": b"\x80\x09N.",
    "stack underflow": b"0.",
    "nothing to stop with": b".",
    "mark without end": b"(.",
    "memo never written": b"h\x05.",
    "memo of text": b"gx\n.",
    "get with no newline": b"g1",
    "append to nothing": b"Na.",
    "append to None": b"NNa.",
    "setitem of a list": b"]NNs.",
    "odd dict": b"(Nd.",
    "unhashable key": b"}]Ns.",
    "call of None": b"N)R.",
    "newobj of None": b"N)\x81.",
    "newobj of a function": b"c__main__\nmake\n)\x81.",
    "build of None": b"NNb.",
    "build of an int": b"K\x01}K\x01K\x02sb.",
    "build with a number": b"c__main__\nPoint\n)\x81K\x05b.",
    "read-only attribute": b"c__main__\nReadOnly\n)\x81}\x8c\x01xK\x01sb.",
    "wrong number of arguments": b"c__main__\nmake\n)R.",
    "attribute not there": b"c__main__\nMissing\n.",
    "module not there": b"clife_nowhere\nThing\n.",
    "persistent id": b"Nq\x00Q.",
    "persistent id, text": b"Pid\n.",
    "extension code": b"\x82\xf5.",
    "extension code zero": b"\x82\x00.",
    "out-of-band buffer": b"\x97.",
    "int of letters": b"Iabc\n.",
    "float of letters": b"Fabc\n.",
    "long of letters": b"Labc\n.",
    "string without quotes": b"Sabc\n.",
    "text that is no UTF-8": b"\x8c\x02\xff\xff.",
    "bytes longer than memory": b"\x8e" + struct.pack("<Q", 1 << 62) + b"x.",
    "text longer than memory": b"\x8d" + struct.pack("<Q", (1 << 64) - 1) + b"x.",
    "negative length": b"T" + struct.pack("<i", -1) + b"x.",
    "memo far away": b"Nr\xff\xff\xff\xff.",
    "frame beyond the end": b"\x80\x04\x95" + struct.pack("<Q", 99) + b"N.",
    "frame of all sizes": b"\x80\x04\x95" + struct.pack("<Q", (1 << 64) - 1) + b"N.",
    "names of numbers": b"\x80\x04K\x01K\x02\x93.",
    "old bytes, not ASCII": b"U\x02\xff\xfe.",
    "something after the stop": b"N.garbage",
}
BYTES = {"loads": pickle.loads, "_loads": pickle._loads}  # type: ignore[attr-defined]
DOORS: dict[str, Any] = {
    **BYTES,
    "load": lambda data: pickle.load(io.BytesIO(data)),
    "Unpickler": lambda data: pickle.Unpickler(io.BytesIO(data)).load(),
    "_load": lambda data: pickle._load(io.BytesIO(data)),  # type: ignore[attr-defined]
}
OURS = ("HTML page", "NUL", "negative length")  # what these are is said in safeload's own words
HUGE = {"memo far away"}  # the memory is really asked for, and granted on some machines
for stream_name, stream in STREAMS.items():
    for name, load in DOORS.items():
        if stream_name not in HUGE:
            probe[f"{name} of {stream_name}"] = partial(error_of, load, stream)


def cut_off_anywhere(load: Any, stream: bytes) -> list[str]:
    """Every length; where names came before the end, the words are safeload's."""
    errors = [error_of(load, stream[:length]) for length in range(len(stream))]
    return errors if stream is PLAIN else [error[:8] for error in errors if "no error" in error]


def lengths(stream: bytes) -> set[int]:
    """Where arguments say how long they are."""
    width = {pickletools.TAKEN_FROM_ARGUMENT1: 1, pickletools.TAKEN_FROM_ARGUMENT4: 4}
    found = [(op.arg.n, at) for op, _, at in pickletools.genops(stream) if op.arg is not None and at is not None]
    return {at + 1 + byte for kind, at in found for byte in range(width.get(kind, 0))}


def one_byte_wrong(load: Any, stream: bytes) -> list[str]:
    """An opcode that does not exist, at every place behind the length of the frame.

    But in the lengths of arguments: what goes on behind its frame is refused, as Python's unpickler refuses it.
    """
    places = sorted(set(range(len(b"\x80\x04\x95") + 8, len(stream))) - lengths(stream))
    return [error_of(load, stream[:n] + b"\xfe" + stream[n + 1 :])[:60] for n in places]


for name, load in DOORS.items():
    for label, stream in (("plain data", PLAIN), ("objects", OBJECT), ("old objects", OLD)):
        probe[f"{name} of {label}, cut off"] = partial(cut_off_anywhere, load, stream)
    probe[f"{name} of plain data, damaged"] = partial(one_byte_wrong, load, PLAIN)

OPTIONS: list[tuple[str, bytes, dict[str, Any]]] = [
    ("latin1", b"U\x02\xff\xfe.", {"encoding": "latin1"}),
    ("bytes", b"U\x02\xff\xfe.", {"encoding": "bytes"}),
    ("ignore", b"U\x02\xffx.", {"errors": "ignore"}),
    ("surrogateescape", b"U\x02\xffx.", {"encoding": "utf-8", "errors": "surrogateescape"}),
    ("unknown encoding", b"U\x02\xffx.", {"encoding": "no-such"}),
    ("fix_imports off", b"c__builtin__\nset\n.", {"fix_imports": False}),
    ("buffers", pickle.dumps(pickle.PickleBuffer(b"abc"), 5, buffer_callback=[].append),
     {"buffers": [b"xyz"]}),
    ("too few buffers", b"\x80\x05(\x97\x97t.", {"buffers": [b"xyz"]}),
    ("buffers=None", b"\x80\x05\x97.", {"buffers": None}),
    ("no buffers wanted", PLAIN, {"buffers": [b"unused"]}),
    ("read-only buffers", b"\x80\x05\x97\x98.", {"buffers": iter([bytearray(b"xyz")])}),
]  # fmt: skip
for label, stream, options in OPTIONS:
    for name, loads in BYTES.items():
        fixed = {k: v for k, v in options.items() if k != "fix_imports"} if "off" in label else options
        probe[f"{name} with {label}"] = partial(error_of, loads, stream, **fixed)


if __name__ == "__main__":
    probe.tell()
