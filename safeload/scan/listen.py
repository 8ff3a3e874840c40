"""What a look reads through: every answer that the unpickler got is written down.

CPython's C unpickler reads the same bytes in more than one way. It drops the unread rest of what one
``read`` gave it when the argument of an opcode crosses that end, and keeps it where it could ``peek``
or had all in memory. So bytes alone do not say what a load will do: the load that follows a look has
to be given the very answers that the look got, to the very same questions
(:mod:`safeload.replay`). Here they are recorded.
"""

from __future__ import annotations

import io
import os
from _blake2 import blake2b  # without hashlib, which brings in OpenSSL
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from safeload.scan.strain import Following

BULK: Final = 64 * 1024  # a buffer as long as this is skipped where that is possible
AHEAD: Final = 64 * 1024  # how far a regular file is read ahead, at most
TO_REREAD: Final = 32 * 1024  # what is longer is not kept in memory, beside all that it describes
SHOWN: Final = 16 * 1024  # and to one that peeks: what it then reads in one piece is kept twice
FIRST_AHEAD: Final = 4 * 1024  # and at first
BEHIND_A_HOLE: Final = 512  # and behind a skipped buffer, where the next may be near


class Hole(NamedTuple):
    """Bytes of a regular file that the look skipped: the contents of one buffer."""

    start: int
    length: int


class Reread(NamedTuple):
    """A long part of a regular file that the look did read: the load reads it again, and compares."""

    start: int
    length: int
    digest: bytes


class Again(NamedTuple):
    """A part of what an earlier ``peek`` had shown already."""

    window: bytes
    start: int
    stop: int


Answer = tuple[str, int, Any]
"""One question of the unpickler (the method's name and its size) and what it was told."""


def length_of(told: Any) -> int:
    """The number of bytes an answer gave."""
    if isinstance(told, Hole | Reread):
        return told.length
    return told.stop - told.start if isinstance(told, Again) else len(told)


def short_of(last: Answer) -> str:
    """In words, that a stream breaks off in a buffer that is longer than what there is; empty if it does not."""
    method, size, told = last
    if method != "readinto" or size < BULK or length_of(told) >= size:
        return ""
    return f"it asks for {size} bytes where {length_of(told)} are left: it is cut short, or lies"


def digest_of(data: bytes) -> bytes:
    """Tells one part from every other."""
    return blake2b(data, digest_size=16).digest()


class Live:
    """A look at a pipe, a socket, a compressed or a user-made file: asks it what it is asked itself."""

    skips = False

    def __init__(self, file: Any) -> None:
        self.file = file
        self.error: BaseException | None = None  # what the file itself raised, for its user to see
        self.cut = ""  # how the stream asks for more than there is
        self.answers: list[Answer] = []
        self.at = 0
        self.following: Following | None = None

    def _ask(self, method: Callable[..., Any], *size: int) -> Any:
        try:
            return method(*size)
        except NotImplementedError:
            raise  # of a peek: the unpickler does without
        except (MemoryError, OverflowError):
            self.cut = "it asks for more bytes at once than there is memory for"
            raise
        except BaseException as error:
            self.error = error
            raise

    def _note(self, method: str, size: int, told: Any) -> Any:
        if not isinstance(told, bytes | bytearray | memoryview):
            self.answers.append((method, size, told))
            msg = f"{method}() returned {type(told).__name__}, not bytes"
            raise TypeError(msg)
        told = bytes(told)
        self.answers.append((method, size, told))
        self._follow(told)
        self.at += len(told)
        return told

    def _follow(self, data: bytes) -> None:
        """Break off before the unpickler has what would exhaust it."""
        words = self.following.gives(self.at, data) if self.following is not None else ""
        if words:
            self.cut = words
            raise ValueError(words)

    def read(self, size: int) -> Any:
        return self._note("read", size, self._ask(self.file.read, size))

    def readline(self) -> Any:
        return self._note("readline", -1, self._ask(self.file.readline))

    def readinto(self, into: Any) -> int:
        data = self._note("readinto", len(into), self._ask(self.file.read, len(into)))
        into[: len(data)] = data
        return len(data)

    def tell(self) -> int:
        """Bytes consumed since the look began."""
        return self.at

    def now_holds(self, data: bytes) -> None:
        """Give these bytes and no more, whatever the file has; begin another record."""
        self.file, self.answers = io.BytesIO(data), []

    def is_spent(self) -> bool:
        """Whether all of those bytes were asked for."""
        return not self.file.read(1)

    def skip(self, length: int) -> bool:
        """Pass over bytes that are no opcodes; says whether they were all there."""
        while length > 0:
            data = self.read(min(length, 1 << 20))
            if not data:
                return False
            length -= len(data)
        return True


class LivePeeking(Live):
    """The same over a file with ``peek``, which the unpickler uses where it finds it."""

    def peek(self, size: int) -> Any:
        data = bytes(self._ask(self.file.peek, size))
        self.answers.append(("peek", size, data))
        self._follow(data)
        return data


class Window(Live):
    """A look at a regular file or at memory: reads ahead, and skips the contents of big buffers."""

    skips = True

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.origin: int = file.tell()
        self.end = _end_of(file)
        self.window = b""
        self.base = 0  # where the window begins, counted from the origin
        self.inside = 0  # the next byte within the window
        self.ahead = FIRST_AHEAD

    def _fill(self) -> None:
        """Read on, further each time: behind a skipped buffer only little is read to no purpose."""
        self.base += self.inside
        self.window = self.window[self.inside :] + self._ask(self.file.read, self.ahead)
        self.inside = 0
        self.ahead = min(2 * self.ahead, AHEAD)

    def _beyond(self, method: str, size: int) -> bytes:
        """Bytes that the window does not hold to their end, put on record."""
        start = self.origin + self.tell()
        data = self._read_on(size)
        kept = Reread(start, len(data), digest_of(data)) if len(data) >= TO_REREAD else data
        self.answers.append((method, size, kept))
        return data

    def _read_on(self, size: int) -> bytes:
        left = self.end - self.origin - self.tell()
        if size > max(left, AHEAD):
            self.cut = f"it asks for {size} bytes where {left} are left: it is cut short, or lies"
            raise ValueError(self.cut)
        if size < self.ahead:
            self._fill()
            self.inside = min(size, len(self.window))
            return self.window[: self.inside]
        data: bytes = self.window[self.inside :]
        data += self._ask(self.file.read, size - len(data))
        self.base += self.inside + len(data)
        self.window, self.inside = b"", 0
        return data

    def _told(self, _start: int, _stop: int, data: bytes) -> Any:
        return data

    def read(self, size: int) -> Any:
        start, window = self.inside, self.window
        stop = start + size
        if stop <= len(window):
            self.inside = stop
            data = window[start:stop]
            self.answers.append(("read", size, self._told(start, stop, data)))
        else:
            data = self._beyond("read", size)
        return data

    def readline(self) -> Any:
        searched = self.inside
        while (newline := self.window.find(b"\n", searched)) < 0:
            before = searched = len(self.window) - self.inside
            self.ahead = max(self.ahead, before)  # a long line is not copied for each part of it
            self._fill()
            if len(self.window) == before:
                newline = before - 1
                break
        start, self.inside = self.inside, newline + 1
        data = self.window[start : self.inside]
        self.answers.append(("readline", -1, data))
        return data

    def readinto(self, into: Any) -> int:
        size = len(into)
        if size >= BULK and self.skips:
            return self._pass_over("readinto", size)
        stop = self.inside + size
        if stop <= len(self.window):
            data = self.window[self.inside : stop]
            self.inside = stop
            self.answers.append(("readinto", size, data))
        else:
            data = self._beyond("readinto", size)
        into[: len(data)] = data
        return len(data)

    def _pass_over(self, method: str, asked: int) -> int:
        at = self.base + self.inside
        size = min(asked, max(self.end - self.origin - at, 0))
        self.answers.append((method, asked, Hole(self.origin + at, size)))
        if self.inside + size <= len(self.window):
            self.inside += size
        else:
            self.window, self.inside, self.base = b"", 0, at + size
            self.ahead = BEHIND_A_HOLE
            self._ask(self.file.seek, self.origin + self.base)
        return size

    def skip(self, length: int) -> bool:
        return self._pass_over("skip", length) == length

    def tell(self) -> int:
        return self.base + self.inside

    def now_holds(self, data: bytes) -> None:
        super().now_holds(data)
        self.origin, self.end = 0, len(data)
        self.window, self.inside, self.base = b"", 0, 0

    def is_spent(self) -> bool:
        return self.inside == len(self.window) and super().is_spent()


class WindowPeeking(Window):
    """The same, showing the window to an unpickler that asks for it."""

    shown = b""

    def _told(self, start: int, stop: int, data: bytes) -> Any:
        # What a peek has shown is in the record already.
        return Again(self.window, start, stop) if self.shown is self.window else data

    def peek(self, size: int) -> Any:
        if self.inside >= len(self.window):
            self.ahead = min(self.ahead, SHOWN)
            self._fill()
        start, window = self.inside, self.window
        told = window[start:]
        self.answers.append(("peek", size, self._told(start, len(window), told)))
        if not start:
            self.shown = window
        return told


def _end_of(file: Any) -> int:
    if isinstance(file, io.BytesIO):
        return file.getbuffer().nbytes
    return os.fstat(file.fileno()).st_size


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


def listener(file: Any, *, exactly: bool = False, peeks: bool = True) -> Live:
    """The reader for a look at a file.

    Args:
        exactly: the stream holds more than opcodes, so the unpickler must not see ahead.
        peeks: the unpickler that loads afterwards still asks for ``peek``.
    """
    if is_regular(file):
        return Window(file) if exactly or not peeks else WindowPeeking(file)
    return LivePeeking(file) if not exactly and peeks and hasattr(file, "peek") else Live(file)
