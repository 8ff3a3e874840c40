"""What the taking out of tensors reads through: an unpickler must not be talked into giant tables.

CPython's C unpickler keeps its memo in an array as long as the highest number a stream names, so a
dozen bytes can ask for all memory there is. No memo is longer than its stream.
"""

from __future__ import annotations

import re
from typing import Any, Final

_FREE: Final = 1 << 16  # entries that any stream may name
_FRAME: Final = b"\x95"
_CONTENTS: Final = b"what follows its length"
_LONG_BINPUT: Final = b"r"
_PUT: Final = b"p"

# How long the argument of an opcode is: a number of bytes, or how many bytes hold its length, or a line.
_FIXED: Final = {
    "J": 4, "K": 1, "M": 2, "G": 8, "h": 1, "j": 4, "q": 1, "r": 4, "\x80": 1, "\x82": 1, "\x83": 2, "\x84": 4,
}  # fmt: skip
_COUNTED: Final = {
    "T": 4, "U": 1, "X": 4, "B": 4, "C": 1, "\x8a": 1, "\x8b": 4, "\x8c": 1, "\x8d": 8, "\x8e": 8, "\x96": 8,
}  # fmt: skip
_LINES: Final = {"F": 1, "I": 1, "L": 1, "S": 1, "V": 1, "P": 1, "g": 1, "p": 1, "c": 2, "i": 2}
_SUSPECT: Final = re.compile(rb"r(?:..[^\0].|...[^\0]|.{0,3}\Z)|p(?:[1-9]\d{4}|\d*\Z)", re.DOTALL)


class Careful:
    """A file, read exactly as far as the unpickler asks."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._read = file.read
        self._opcode = b""
        self.readinto = file.readinto
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        data: bytes = self._read(size)
        if self._opcode is _CONTENTS:
            self._opcode = b""
            self._frame(data)
        elif size == 1:
            self._opcode = data
        elif self._opcode == _LONG_BINPUT:
            self._number(int.from_bytes(data, "little"), 0)
        elif self._opcode == _FRAME:
            self._opcode = _CONTENTS
        return data

    def readline(self) -> bytes:
        data: bytes = self._file.readline()
        if self._opcode == _PUT:
            self._number(_integer(data), 0)
        return data

    def _number(self, number: int, ahead: int) -> None:
        if number > _FREE and number > self._file.tell() - ahead:
            msg = f"it numbers an object {number} and is not that long"
            raise ValueError(msg)

    def _frame(self, data: bytes) -> None:
        """Opcodes in a frame are read by the unpickler itself."""
        if not _SUSPECT.search(data):
            return
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
            if at > end:
                msg = "an argument crosses the end of its frame"
                raise ValueError(msg)
            if opcode == _LONG_BINPUT[0]:
                self._number(int.from_bytes(data[start:at], "little"), end - at)
            elif opcode == _PUT[0]:
                self._number(_integer(data[start:at]), end - at)


_SIZES: Final = [
    (_FIXED.get(chr(code), 0), _COUNTED.get(chr(code), 0), _LINES.get(chr(code), 0)) for code in range(256)
]


def _integer(line: bytes) -> int:
    try:
        return int(line)
    except ValueError:
        return 0  # which the unpickler refuses
