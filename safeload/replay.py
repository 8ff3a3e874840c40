"""The answers of a look, given once more to the load that follows it, and to nobody else.

What was judged is what is loaded: opcodes come from the record, whatever became of the file. Only the
contents of big buffers, which the look never interpreted, are read from a regular file now.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, Final

from safeload.scan.listen import Again, Answer, Hole, Reread, digest_of, length_of


def read_again(part: Reread, file: Any) -> bytes:
    """What the look read there, from the file.

    Raises:
        UnpicklingError: it has been changed since.
    """
    file.seek(part.start)
    data: bytes = file.read(part.length)
    if digest_of(data) != part.digest:
        msg = "the file was changed while it was being read"
        raise pickle.UnpicklingError(msg)
    return data


class Repeating:
    """Answers each question of the unpickler as the look's was, in the same order; forgets as it goes."""

    def __init__(self, answers: Iterable[Answer], file: Any) -> None:
        self._answers = deque(answers)
        self._file = file

    def _next(self, method: str, size: int) -> Any:
        if not self._answers:
            return b""
        asked, length, told = self._answers.popleft()
        if asked != method or length != size:
            msg = f"the load reads otherwise than the look: {method}({size}), not {asked}({length})"
            raise pickle.UnpicklingError(msg)
        if type(told) is Again:
            return told.window[told.start : told.stop]
        return read_again(told, self._file) if type(told) is Reread else told

    def read(self, size: int) -> Any:
        return self._next("read", size)

    def readline(self) -> Any:
        return self._next("readline", -1)

    def peek(self, size: int) -> Any:
        if self._answers and self._answers[0][0] != "peek":
            raise NotImplementedError  # nor could the look: the unpickler goes on without
        return self._next("peek", size)

    def readinto(self, into: Any) -> int:
        size = len(into)
        if self._answers and type(self._answers[0][2]) is Hole:
            hole = self._answers.popleft()[2]
            self._file.seek(hole.start)
            return int(self._file.readinto(memoryview(into)[: hole.length]))
        data = self._next("readinto", size)
        into[: len(data)] = data
        return len(data)


class Onward:
    """What a look went past, and after it the file itself: for a stream that broke off.

    Only for a load that nothing is hoped to be kept from: it may ask for no global, or for any.
    """

    def __init__(self, answers: Iterable[Answer], file: Any) -> None:
        self._told = deque(told for method, _, told in answers if method != "peek")
        self._file = file
        self._memory = io.BytesIO()

    def _gather(self) -> None:
        while self._told and isinstance(self._told[0], bytes):
            self._memory = io.BytesIO(self._memory.read() + self._told.popleft())

    def _odd(self) -> bool:
        """Whether the file's next answer was none that an unpickler can use."""
        return bool(self._told) and not self._memory.getbuffer()[self._memory.tell() :].nbytes

    def read(self, size: int) -> Any:
        self._gather()
        if self._odd():
            return self._told.popleft()
        data = self._memory.read(size)
        return data if len(data) == size else data + self._file.read(size - len(data))

    def readline(self) -> Any:
        self._gather()
        if self._odd():
            return self._told.popleft()
        line = self._memory.readline()
        return line if line.endswith(b"\n") else line + self._file.readline()

    def readinto(self, into: Any) -> int:
        data = self.read(len(into))
        into[: len(data)] = data
        return len(data)


Part = bytes | Hole | Reread
ONE_PIECE: Final = 64 * 1024


def consumed(answers: Iterable[Answer]) -> Iterator[Part]:
    """The bytes that the look went past, in order: what a peek showed is not among them."""
    for method, _, told in answers:
        if method == "peek":
            continue
        if isinstance(told, Again):
            yield told.window[told.start : told.stop]
        elif length_of(told):
            yield told


class Playing:
    """The bytes of a look for an unpickler in Python and for joblib's arrays.

    Python's unpickler refuses what the C one reads in two ways, so for it the bytes say it all. Long
    reads come straight from the user's file, without a buffer between.
    """

    __slots__ = ("_left", "_memory", "_parts", "file", "name")

    def __init__(self, parts: Iterable[Part], file: Any) -> None:
        self._parts = deque(parts)
        self._memory = io.BytesIO()
        self._left = 0  # of the hole that is being read
        self.file = file
        self.name = getattr(file, "name", "")

    def read(self, size: int) -> bytes:
        data = self._memory.read(size) if not self._left else self._some(size)
        if len(data) == size:
            return data
        chunks = [data] if data else []
        missing = size - len(data)
        while missing and self._next():
            chunks.append(self._some(missing))
            missing -= len(chunks[-1])
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _some(self, size: int) -> bytes:
        if not self._left:
            return self._memory.read(size)
        data: bytes = self.file.read(min(size, self._left))
        self._left = self._left - len(data) if data else 0
        return data

    def _next(self) -> bool:
        if self._left:
            return True
        if not self._parts:
            return False
        part = self._parts.popleft()
        if isinstance(part, Hole):
            self.file.seek(part.start)
            self._left = part.length
        elif isinstance(part, Reread):
            self._memory = io.BytesIO(read_again(part, self.file))
        else:
            self._memory = io.BytesIO(self._with_those_that_follow(part))
        return True

    def _with_those_that_follow(self, part: bytes) -> bytes:
        """Short parts in one piece: an array's bytes are read in several steps, and mostly few."""
        length, parts = len(part), [part]
        while length < ONE_PIECE and self._parts and isinstance(self._parts[0], bytes):
            following = self._parts.popleft()
            assert isinstance(following, bytes)  # noqa: S101 - as the line before says
            parts.append(following)
            length += len(following)
        return b"".join(parts) if len(parts) > 1 else part

    def readline(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            if self._left:
                msg = "a line of text inside a buffer that the look skipped"
                raise pickle.UnpicklingError(msg)
            line += self._memory.readline()
            if not line.endswith(b"\n") and not self._next():
                break
        return line

    def readinto(self, into: Any) -> int:
        """Fill as much as there is; what a hole holds comes from the file without a copy."""
        into = memoryview(into)
        done = 0
        while done < len(into):
            if self._left:
                count = self.file.readinto(into[done : done + self._left])
                self._left = self._left - count if count else 0
            else:
                count = self._memory.readinto(into[done:])
            done += count
            if not count and not self._next():
                break
        return done


class ReadingFrom:
    """While it loads, a Python unpickler reads from another source; what it held before comes back."""

    NAMES: Final = {"_file_read": "read", "_file_readline": "readline", "file_handle": None}

    def __init__(self, source: Any, unpickler: Any) -> None:
        self.source = source
        self.unpickler = unpickler
        self.before: dict[str, Any] = {}

    def __enter__(self) -> None:
        held = vars(self.unpickler)
        for name, method in self.NAMES.items():
            if name in held:
                self.before[name] = held[name]
                held[name] = self.source if method is None else getattr(self.source, method)

    def __exit__(self, *_: object) -> None:
        vars(self.unpickler).update(self.before)
