"""What the taking out of tensors reads through where the C part is not: no giant tables for a few bytes.

CPython's C unpickler keeps its memo in an array as long as the highest number a stream names, so a
dozen bytes can ask for all memory there is. No memo is longer than its stream.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Any, Final

_FREE: Final = 1 << 16  # entries that any stream may name
_FRAME: Final = b"\x95"
_LONG_BINPUT: Final = b"r"
_PUT: Final = b"p"

# How long the argument of an opcode is: a number of bytes, or how many bytes hold its length, or a line.
_FIXED: Final = {
    "J": 4, "K": 1, "M": 2, "G": 8, "h": 1, "j": 4, "q": 1, "r": 4, "\x80": 1, "\x82": 1, "\x83": 2, "\x84": 4,
}  # fmt: skip
_COUNTED: Final = {
    "T": 4, "U": 1, "X": 4, "B": 4, "C": 1, "\x8a": 1, "\x8b": 4, "\x8c": 1, "\x8d": 8, "\x8e": 8, "\x95": 8,
    "\x96": 8,
}  # fmt: skip
_LINES: Final = {"F": 1, "I": 1, "L": 1, "S": 1, "V": 1, "P": 1, "g": 1, "p": 1, "c": 2, "i": 2}


class _Next(Enum):
    """What the unpickler asks for next."""

    OPCODE = auto()
    ARGUMENT = auto()
    COUNTED = auto()  # as many bytes as the argument says


class Careful:
    """A file, read exactly as far as the unpickler asks."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._opcode = b""
        self._next = _Next.OPCODE
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        data: bytes = self._file.read(size)
        if data:
            self._told(data)
        return data

    def readinto(self, into: Any) -> int:
        """The bytes of a buffer, which are as many as its argument says."""
        self._next = _Next.OPCODE
        return int(self._file.readinto(into))

    def readline(self) -> bytes:
        data: bytes = self._file.readline()
        if self._opcode == _PUT:
            self._number(_integer(data))
        return data

    def _told(self, data: bytes) -> None:
        this, self._next = self._next, _Next.OPCODE
        fixed, counted, _ = _SIZES[data[0] if this is _Next.OPCODE else self._opcode[0]]
        if this is _Next.OPCODE:
            self._opcode = data
            self._next = _Next.ARGUMENT if fixed or counted else _Next.OPCODE
        elif this is _Next.ARGUMENT and counted:
            self._next = _Next.COUNTED if any(data) else _Next.OPCODE
        elif self._opcode == _LONG_BINPUT:
            self._number(int.from_bytes(data, "little"))
        elif self._opcode == _FRAME:
            self._frame(data)

    def _number(self, number: int) -> None:
        if number > _FREE and number > self._file.tell():
            msg = f"it numbers an object {number} and is not that long"
            raise ValueError(msg)

    def _frame(self, data: bytes) -> None:
        """Opcodes in a frame are read by the unpickler itself."""
        at, end = 0, len(data)
        while at < end:
            opcode = data[at]
            start = at = at + 1
            fixed, counted, lines = _SIZES[opcode]
            if counted:
                at += counted + int.from_bytes(data[at : at + counted], "little")
            elif lines:
                for _ in range(lines):
                    at = data.find(b"\n", at) + 1 or end + 1
            else:
                at += fixed
            if at > end or opcode == _FRAME[0]:
                msg = "an argument crosses the end of its frame" if at > end else "a frame within a frame"
                raise ValueError(msg)
            if opcode == _LONG_BINPUT[0]:
                self._number(int.from_bytes(data[start:at], "little"))
            elif opcode == _PUT[0]:
                self._number(_integer(data[start:at]))


_SIZES: Final = [
    (_FIXED.get(chr(code), 0), _COUNTED.get(chr(code), 0), _LINES.get(chr(code), 0)) for code in range(256)
]


def _integer(line: bytes) -> int:
    """What the unpickler takes it for, which reads up to a zero byte."""
    try:
        return int(line.partition(b"\0")[0])
    except ValueError:
        return 0  # which it refuses
