"""A stretch of somebody else's file as a file of its own."""

from __future__ import annotations

import io
from typing import Any, BinaryIO


class Window(io.RawIOBase):
    """Bytes ``start`` to ``end`` of a file that can be sought in; keeps a position of its own."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._start = start
        self.size = max(0, end - start)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self.size)[whence])
        return self._at

    def readinto(self, into: Any) -> int:
        count = min(len(into), max(0, self.size - self._at))
        self._file.seek(self._start + self._at)
        data = self._file.read(count)
        into[: len(data)] = data
        self._at += len(data)
        return len(data)


class Whole:
    """All of a short stream in one answer: the unpickler then stands as ``loads`` does, with no file.

    ``loads`` has no file to go on with, so neither has this: what follows the first answer is empty.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self, _size: int) -> bytes:
        data, self._data = self._data, b""
        return data

    def readline(self) -> bytes:
        return b""
