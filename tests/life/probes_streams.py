"""Where a stream comes from, and where it stands when the load is over."""

from __future__ import annotations

import array
import bz2
import gzip
import io
import lzma
import mmap
import os
import pickle
import socket
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from functools import partial
from typing import Any

from probe_kit import Probes, error_of

# safeload arrives here

probe = Probes()
ALLOW = "__main__:Point"


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        return f"Point({self.x!r}, {self.y!r})"


VALUES: list[Any] = [
    {"a": [1, 2.5, None, "t"], "b": b"raw"},
    [Point(1, 2), Point(3, "x")],
    [Point(1, b"y" * 70_000), b"z" * 200_000, "w" * 70_000],
]
REST = b"rest of the file\x80\x04."
ENGINES: dict[str, Callable[[Any], Any]] = {
    "load": pickle.load,
    "Unpickler": lambda file: pickle.Unpickler(file).load(),
    "_load": pickle._load,  # type: ignore[attr-defined]
}


def short(value: Any) -> str:
    text = repr(value)
    return f"{text[:60]}… {len(text)}" if len(text) > 60 else text


def stream(protocol: int) -> bytes:
    return b"".join(pickle.dumps(value, protocol) for value in VALUES) + REST


class Minimal:
    """What the documentation asks of a file, and no more; notes how much it was asked for."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self.inner.read(size)

    def readline(self) -> bytes:
        return self.inner.readline()


class WithReadinto(Minimal):
    def readinto(self, into: Any) -> int:
        return self.inner.readinto(into)


class WithPeek(WithReadinto):
    def peek(self, size: int) -> bytes:
        return self.inner.getvalue()[self.inner.tell() :][:size]


class ShortPeek(WithReadinto):
    def peek(self, size: int) -> bytes:
        return self.inner.getvalue()[self.inner.tell() :][:3]


class Bytes(io.BytesIO):
    """A subclass: it may do what it likes in read()."""


class Iterated(io.RawIOBase):
    """A raw file that gives out seven bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        return self.inner.readinto(memoryview(into)[:7])

    def tell(self) -> int:
        return -1  # CPython's own read-ahead


def on_disk(data: bytes, name: str = "stream.bin") -> str:
    with open(name, "wb") as file:
        file.write(data)
    return name


def in_zip(data: bytes) -> Any:
    with zipfile.ZipFile("a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", data)
    return zipfile.ZipFile("a.zip").open("member")


def in_tar(data: bytes) -> Any:
    on_disk(data)
    with tarfile.open("a.tar.gz", "w:gz") as archive:
        archive.add("stream.bin")
    return tarfile.open("a.tar.gz").extractfile("stream.bin")


def temporary(make: Any, data: bytes) -> Any:
    file = make()
    file.write(data)
    file.seek(0)
    return file


def mapped(data: bytes) -> Any:
    with open(on_disk(data), "r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def moved(file: Any, start: int) -> Any:
    file.seek(start)
    return file


FILES: dict[str, Callable[[bytes], Any]] = {
    "BytesIO": io.BytesIO,
    "BytesIO subclass": Bytes,
    "BytesIO, started in the middle": lambda d: moved(io.BytesIO(b"12345" + d), 5),
    "file": lambda d: open(on_disk(d), "rb"),
    "file, started in the middle": lambda d: moved(open(on_disk(b"12345" + d), "rb"), 5),
    "file for writing too": lambda d: open(on_disk(d), "r+b"),
    "file with a buffer of 16": lambda d: open(on_disk(d), "rb", 16),
    "raw file": lambda d: open(on_disk(d), "rb", 0),
    "BufferedReader over BytesIO": lambda d: io.BufferedReader(io.BytesIO(d)),
    "BufferedReader over seven bytes": lambda d: io.BufferedReader(Iterated(d)),
    "gzip": lambda d: gzip.open(io.BytesIO(gzip.compress(d))),
    "bz2": lambda d: bz2.open(io.BytesIO(bz2.compress(d))),
    "lzma": lambda d: lzma.open(io.BytesIO(lzma.compress(d))),
    "member of a zip": in_zip,
    "member of a tar": in_tar,
    "TemporaryFile": partial(temporary, tempfile.TemporaryFile),
    "NamedTemporaryFile": partial(temporary, tempfile.NamedTemporaryFile),
    "SpooledTemporaryFile": partial(temporary, tempfile.SpooledTemporaryFile),
    "mmap": mapped,
    "read and readline": Minimal,
    "and readinto": WithReadinto,
    "and peek": WithPeek,
    "and a peek of three bytes": ShortPeek,
}


def several_from(make: Callable[[bytes], Any], load: Callable[[Any], Any], protocol: int) -> Any:
    """Load one after the other, with the position after each, and what is left behind them."""
    file = make(stream(protocol))
    tell = getattr(file, "inner", getattr(file, "raw", file)).tell
    if isinstance(getattr(file, "file", file), io.BufferedReader | io.BufferedRandom) and file.seekable():
        tell = file.tell
    found = [(short(load(file)), tell()) for _ in VALUES]
    return found, file.read(1000), file.readline(), getattr(file, "closed", "")


def with_one_unpickler(make: Callable[[bytes], Any], engine: Any) -> Any:
    unpickler = engine(make(stream(2)[: -len(REST)]))  # later ones count on in its memo
    return [short(unpickler.load()) for _ in VALUES], error_of(unpickler.load)


def until_the_end(make: Callable[[bytes], Any], load: Callable[[Any], Any]) -> Any:
    file, found = make(stream(4)[: -len(REST)]), []
    while True:
        try:
            found.append(short(load(file)))
        except EOFError as error:
            return found, str(error)


for file_name, make in FILES.items():
    for engine_name, load in ENGINES.items():
        for protocol in (0, 2, 4, 5):
            label = f"{file_name}, {engine_name}, protocol {protocol}"
            probe[label] = partial(several_from, make, load, protocol)
        probe[f"{file_name}, {engine_name}, to its end"] = partial(until_the_end, make, load)
    for engine in (pickle.Unpickler, pickle._Unpickler):
        label = f"{file_name}, one {engine.__module__} {engine.__name__} for all"
        probe[label] = partial(with_one_unpickler, make, engine)


def through_a_pipe(load: Callable[[Any], Any], buffering: int) -> Any:
    """Two pickles and raw bytes, while the writer keeps the pipe open."""
    out, into = os.pipe()
    with open(into, "wb", 0) as writer, open(out, "rb", buffering) as reader:
        found = []
        for value in ({"n": 1}, [Point(1, 2)]):
            writer.write(pickle.dumps(value))
            found.append(repr(load(reader)))
        writer.write(b"".join(map(pickle.dumps, (1, [Point(3, 4)]))) + b"raw")
        both = load(reader), load(reader)
        return found, both, reader.read(3)


def through_a_socket(load: Callable[[Any], Any]) -> Any:
    here, there = socket.socketpair()
    with here, there, there.makefile("rb") as reader, here.makefile("wb") as writer:
        answers = []
        for value in ([Point(1, 2)], {"b": b"x" * 5000}):
            pickle.dump(value, writer)
            writer.flush()
            answers.append(short(load(reader)))
        here.sendall(pickle.dumps(5) + b"raw\n")
        return answers, load(reader), reader.readline()


def slowly(load: Callable[[Any], Any]) -> Any:
    """A pickle that arrives in pieces."""
    out, into = os.pipe()
    data = pickle.dumps([Point(1, b"x" * 100_000), Point(3, 4)])

    def write() -> None:
        with open(into, "wb", 0) as writer:
            writer.writelines(data[start : start + 9000] for start in range(0, len(data), 9000))

    thread = threading.Thread(target=write)
    thread.start()
    with open(out, "rb") as reader:
        loaded = short(load(reader))
        thread.join()
        return loaded, reader.read()


for engine_name, load in ENGINES.items():
    probe[f"pipe, {engine_name}"] = partial(through_a_pipe, load, -1)
    probe[f"raw pipe, {engine_name}"] = partial(through_a_pipe, load, 0)
    probe[f"socket, {engine_name}"] = partial(through_a_socket, load)
    probe[f"in pieces, {engine_name}"] = partial(slowly, load)

KINDS: dict[str, Callable[[bytes], Any]] = {
    "bytes": bytes,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "array": lambda d: array.array("B", d),
    "mmap": mapped,
    "memoryview of a part": lambda d: memoryview(b"12" + d + b"34")[2:-2],
    "with something after it": lambda d: d + b"garbage",
    "every other byte": lambda d: memoryview(bytes(b for byte in d for b in (byte, 0)))[::2],
}


def in_memory(kind: Callable[[bytes], Any], loads: Any) -> list[str]:
    return [error_of(lambda: short(loads(kind(pickle.dumps(v, p))))) for v in VALUES for p in range(6)]


for kind_name, kind in KINDS.items():
    probe[f"loads of {kind_name}"] = partial(in_memory, kind, pickle.loads)
    probe[f"_loads of {kind_name}"] = partial(in_memory, kind, pickle._loads)  # type: ignore[attr-defined]


if __name__ == "__main__":
    probe.tell()
