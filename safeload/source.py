"""One file, read once: what the look read is what the load gets.

The look records every byte that it interprets. The load that follows is fed from that record, so
that a file swapped or rewritten in between changes nothing of what was judged. Only the contents of
single buffers of ``BULK`` bytes and more, which the look never interprets, are left in a regular
file and read when the load comes to them.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Callable
from typing import Any, Final, NamedTuple

BULK: Final = 64 * 1024


class Hole(NamedTuple):
    """Bytes the look skipped: opaque contents of one buffer."""

    start: int
    length: int


Part = bytes | Hole


class Ahead:
    """A reader for the C unpickler over something seekable: reads ahead, skips bulk.

    ``skips`` is False in a second look, when the contents of a skipped buffer turned out to matter.
    """

    __slots__ = ("peek", "read", "readinto", "readline", "tell")

    def __init__(self, buffered: io.BufferedReader, readinto: Callable[[Any], int] | None) -> None:
        self.peek = buffered.peek
        self.read = buffered.read
        self.readline = buffered.readline
        self.readinto = readinto or buffered.readinto
        self.tell = buffered.tell


class Exactly:
    """A reader that never asks for more than the unpickler needs: no ``peek``."""

    __slots__ = ("read", "readinto", "readline", "seek", "tell")

    def __init__(self, buffered: io.BufferedReader) -> None:
        self.read = buffered.read
        self.readline = buffered.readline
        self.readinto = buffered.readinto
        self.tell = buffered.tell
        self.seek = buffered.seek

    def skip(self, length: int) -> None:
        self.seek(length, io.SEEK_CUR)


def skipping(buffered: io.BufferedReader) -> Callable[[Any], int]:
    """A ``readinto`` that leaves big buffers as they are and moves on."""

    def readinto(into: Any) -> int:
        length = len(into)
        if length < BULK:
            return buffered.readinto(into)
        buffered.seek(length, io.SEEK_CUR)
        return length

    return readinto


def reading(record: Recording | RecordingExactly, read: Callable[..., Any], *size: int) -> Any:
    """Read from the user's file; remember an error of its own, which is not the stream's fault."""
    try:
        return read(*size)
    except BaseException as error:
        record.error = error
        raise


class Recording(io.RawIOBase):
    """The raw side of a look at a regular file: keeps what it reads, notes what it skips."""

    error: BaseException | None = None  # what the file itself raised, for the caller to see

    def __init__(self, file: Any) -> None:
        self.file = file
        self.start: int = file.tell()
        self.at = 0
        self.parts: list[Part] = []

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def readinto(self, into: Any) -> int:
        data = reading(self, self.file.read, len(into))
        if data:
            into[: len(data)] = data
            self.parts.append(data)
            self.at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        ahead = offset if whence == io.SEEK_CUR else offset - self.at
        if ahead < 0:
            msg = "a look only goes forward"
            raise io.UnsupportedOperation(msg)
        if ahead:
            self.parts.append(Hole(self.start + self.at, ahead))
            self.at += ahead
            self.file.seek(self.start + self.at)
        return self.at


class RecordingExactly:
    """A look at a pipe, a socket, a compressed or a user-made file: takes no byte too many."""

    __slots__ = ("at", "error", "file", "parts")

    def __init__(self, file: Any) -> None:
        self.file = file
        self.error: BaseException | None = None
        self.parts: list[Part] = []
        self.at = 0

    def _keep(self, data: Any) -> Any:
        if data:
            self.parts.append(bytes(data))
            self.at += len(data)
        return data

    def read(self, size: int) -> Any:
        return self._keep(reading(self, self.file.read, size))

    def readline(self) -> Any:
        return self._keep(reading(self, self.file.readline))

    def readinto(self, into: Any) -> int:
        data = reading(self, self.file.read, len(into))
        if data:
            into[: len(data)] = self._keep(data)
        return len(data)

    def tell(self) -> int:
        return self.at

    def skip(self, length: int) -> None:
        while length > 0:
            data = self.read(min(length, 1 << 20))
            if not data:
                return
            length -= len(data)


class Replay(io.RawIOBase):
    """The record, given out once and forgotten as it goes; holes are read from the file."""

    def __init__(self, parts: list[Part], length: int, file: Any) -> None:
        self.parts = deque(parts)
        self.left = length
        self.file = file
        self.offset = 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if not self.parts or not self.left:
            return 0
        part = self.parts[0]
        size = part.length if isinstance(part, Hole) else len(part)
        count = min(len(into), size - self.offset, self.left)
        if isinstance(part, Hole):
            self.file.seek(part.start + self.offset)
            count = self.file.readinto(memoryview(into)[:count])
        else:
            into[:count] = memoryview(part)[self.offset : self.offset + count]
        self.offset += count
        self.left -= count
        if self.offset >= size:
            self.parts.popleft()
            self.offset = 0
        return count


_REGULAR: Final = (io.BufferedReader, io.BufferedRandom, io.BytesIO, io.FileIO)


def is_regular(file: Any) -> bool:
    """Whether reading ahead and going back costs nothing and is seen by nobody."""
    if type(file) not in _REGULAR:
        return False
    if isinstance(file, io.BufferedIOBase) and type(file) is not io.BytesIO:
        raw = getattr(file, "raw", None)
        if type(raw) is not io.FileIO:
            return False
    return bool(file.seekable())
