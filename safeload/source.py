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
AHEAD: Final = 16 * 1024  # read ahead by a look: of what follows a big buffer, or is one


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

    def __init__(self, buffered: io.BufferedReader[Any], readinto: Callable[[Any], int] | None) -> None:
        self.peek = buffered.peek
        self.read = buffered.read
        self.readline = buffered.readline
        self.readinto = readinto or buffered.readinto
        self.tell = buffered.tell


class Exactly:
    """A reader that never asks for more than the unpickler needs: no ``peek``."""

    __slots__ = ("read", "readinto", "readline", "skip", "tell")

    def __init__(
        self, buffered: io.BufferedReader[Any], record: Recording | None = None
    ) -> None:
        self.read = buffered.read
        self.readline = buffered.readline
        self.readinto = buffered.readinto
        self.tell = buffered.tell
        self.skip = skipper(buffered, record)


def skipper(buffered: io.BufferedReader[Any], record: Recording | None) -> Callable[[int], None]:
    """Move on without reading; what was read ahead of the skipped bytes leaves the record."""

    def skip(length: int) -> None:
        end = buffered.tell() + length
        if record is not None and end > record.at:
            record.forget_from(end - length)
        buffered.seek(end)

    return skip


def skipping(
    buffered: io.BufferedReader[Any], record: Recording | None = None
) -> Callable[[Any], int]:
    """A ``readinto`` that leaves big buffers as they are and moves on."""
    skip = skipper(buffered, record)

    def readinto(into: Any) -> int:
        length = len(into)
        if length < BULK:
            return buffered.readinto(into)
        skip(length)
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

    def forget_from(self, position: int) -> None:
        """Drop what was read from there on: it belongs to bytes that are skipped."""
        while self.at > position:
            last = self.parts.pop()
            kept = len(last) - (self.at - position)
            self.at -= len(last)
            if kept > 0 and isinstance(last, bytes):
                self.parts.append(last[:kept])
                self.at += kept

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        ahead = offset - self.at
        if ahead < 0 or whence != io.SEEK_SET:
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


class RecordingPeeks(RecordingExactly):
    """The same over a file that offers ``peek``, which CPython's unpickler uses too: far fewer reads."""

    __slots__ = ()

    def peek(self, size: int) -> Any:
        return reading(self, self.file.peek, size)


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


class Playing:
    """The record for a Python unpickler and for joblib's arrays, which call ``read`` in Python anyway.

    Small reads come from memory; long ones straight from the user's file, without a buffer between.
    """

    __slots__ = ("_left", "_memory", "_parts", "file", "name")

    def __init__(self, parts: list[Part], file: Any) -> None:
        self._parts = deque(parts)
        self._memory = io.BytesIO()
        self._left = 0  # of the hole that is being read
        self.file = file
        self.name = getattr(file, "name", "")

    def read(self, size: int) -> bytes:
        data = self.file.read(min(size, self._left)) if self._left else self._memory.read(size)
        if self._left:
            self._left -= len(data)
        if len(data) == size:
            return bytes(data)
        chunks = [data]
        missing = size - len(data)
        while missing and self._next():
            if self._left:
                data = self.file.read(min(missing, self._left))
                self._left = self._left - len(data) if data else 0
            else:
                data = self._memory.read(missing)
            chunks.append(data)
            missing -= len(data)
        return b"".join(chunks)

    def _next(self) -> bool:
        if self._left:
            return True
        if not self._parts:
            return False
        part = self._parts.popleft()
        if isinstance(part, Hole):
            self.file.seek(part.start)
            self._left = part.length
        else:
            self._memory = io.BytesIO(part)
        return True

    def readline(self) -> bytes:
        line = self._memory.readline() if not self._left else b""
        while not line.endswith(b"\n") and self._next():
            line += self.file.readline(self._left) if self._left else self._memory.readline()
            if self._left:
                msg = "a line of text inside a buffer that the look skipped"
                raise ValueError(msg)
        return line

    def readinto(self, into: Any) -> int:
        data = self.read(len(into))
        into[: len(data)] = data
        return len(data)


def cut(parts: list[Part], length: int) -> list[Part]:
    """The first ``length`` bytes of a record."""
    kept: list[Part] = []
    for part in parts:
        size = part.length if isinstance(part, Hole) else len(part)
        if size > length:
            kept.append(Hole(part.start, length) if isinstance(part, Hole) else part[:length])
            break
        kept.append(part)
        length -= size
    return kept


def slices(parts: list[Part], bounds: list[int]) -> list[list[Part]]:
    """A record cut at each of the ascending bounds; the last piece is what follows the last bound."""
    pieces: list[list[Part]] = [[]]
    at, waiting = 0, deque(parts)
    for bound in bounds:
        while waiting and at < bound:
            part = waiting.popleft()
            size = part.length if isinstance(part, Hole) else len(part)
            if at + size > bound:
                head = cut([part], bound - at)[0]
                rest = (
                    Hole(part.start + bound - at, size - bound + at)
                    if isinstance(part, Hole)
                    else part[bound - at :]
                )
                waiting.appendleft(rest)
                part, size = head, bound - at
            pieces[-1].append(part)
            at += size
        pieces.append([])
    pieces[-1].extend(waiting)
    return pieces


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
