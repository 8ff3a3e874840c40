"""Compressed bytes as a file that is unpacked while it is read."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from safeload.scan.sniff import Kind

CHUNK: Final = 64 * 1024
FREE: Final = 4 << 30
TIMES: Final = 100
"""A stream may unpack to ``FREE`` bytes and ``TIMES`` its own size; more is taken for a trap."""

# joblib up to 0.9: "ZF", the length in hexadecimal, padded to the digits of 2**64, then zlib.
ZFILE_HEADER: Final = len(b"ZF") + len(hex(2**64))


class Engine(Protocol):
    """What bz2's, lzma's and lz4's decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


class Inflate:
    """zlib's decompressor with the surface of the others."""

    def __init__(self, bits: int) -> None:
        self._zlib = zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _lz4() -> Engine:
    try:
        import lz4.frame
    except ImportError:
        msg = "an lz4 stream, and the package lz4 is not installed"
        raise ValueError(msg) from None
    engine: Engine = lz4.frame.LZ4FrameDecompressor()
    return engine


ENGINES: Final[dict[Kind, Callable[[], Engine]]] = {
    Kind.GZIP: lambda: Inflate(31),
    Kind.ZLIB: lambda: Inflate(15),
    Kind.ZFILE: lambda: Inflate(15),
    Kind.BZ2: bz2.BZ2Decompressor,
    Kind.XZ: lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ),
    Kind.LZMA: lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE),
    Kind.LZ4: _lz4,
}


class Unpacked(io.RawIOBase):
    """The contents of a compressed file; goes back by beginning again.

    Streams that follow one another are one, as joblib and gzip take them. Bytes behind the last
    that are neither zeros nor another stream are an error.
    """

    def __init__(self, packed: io.BufferedReader[Any], kind: Kind, size: int) -> None:
        self._packed = packed
        self._new = ENGINES[kind]
        self._start = packed.tell() + (ZFILE_HEADER if kind is Kind.ZFILE else 0)
        self._limit = FREE + TIMES * size
        self._begin()

    def _begin(self) -> None:
        self._packed.seek(self._start)
        self._engine = self._new()
        self._ahead = b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        data = self._some(min(len(into), CHUNK))
        into[: len(data)] = data
        self._at += len(data)
        if self._at > self._limit:
            msg = f"it unpacks to more than {self._limit} bytes, which is taken for a trap"
            raise ValueError(msg)
        return len(data)

    def _some(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end."""
        while True:
            if self._engine.eof and not self._next_stream():
                return b""
            hungry, more = self._engine.needs_input, b""
            if hungry:
                more = self._ahead or self._packed.read(CHUNK)
                self._ahead = b""
            data = self._engine.decompress(more, size)
            if data:
                return data
            if hungry and not more and not self._engine.eof:
                msg = "the compressed data breaks off"
                raise EOFError(msg)

    def _next_stream(self) -> bool:
        rest = self._engine.unused_data or self._ahead
        while not rest.strip(b"\0"):
            rest = self._packed.read(CHUNK)
            if not rest:
                return False
        self._ahead = rest
        self._engine = self._new()
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            msg = "the end of a compressed file is only known once it was read"
            raise io.UnsupportedOperation(msg)
        target = offset + self._at if whence == io.SEEK_CUR else offset
        if target < self._at:
            self._begin()
        room = bytearray(CHUNK)
        while self._at < target:
            if not self.readinto(memoryview(room)[: min(CHUNK, target - self._at)]):
                break
        return self._at
