"""What a look reads that is in memory: C reads it, and nothing of it needs to be recorded.

For unpicklers that cannot look ahead, which ask for each byte by itself: the same class asks the same
questions of the same bytes, and gets the same answers.
"""

from __future__ import annotations

import io
from typing import Any, Final

from safeload.scan.listen import BULK, Answer

SHORT: Final = (64 * 1024, 1 << 20)  # bytes that a stream may have to be read from a copy of its file's
WHOLE: Final = "whole"  # the question that such a stream's one answer is to


class Copy:
    """The rest of a ``BytesIO``, read by C alone but for buffers that are skipped; nothing is recorded."""

    __slots__ = ("_copy", "_skips", "_start", "read", "readline", "tell")

    def __init__(self, file: io.BytesIO, *, skips: bool) -> None:
        self._copy = io.BytesIO(file.getvalue())
        self._start = self._copy.seek(file.tell())
        self._skips = skips
        self.read = self._copy.read
        self.readline = self._copy.readline
        self.tell = self._copy.tell

    def has_read(self, what: bytes) -> bool:
        return self._copy.getvalue().find(what, self._start, self._copy.tell()) >= 0

    def now_holds(self, data: bytes) -> None:
        self._copy.seek(0)
        self._copy.truncate(0)
        self._copy.write(data)
        self._copy.seek(0)

    def is_spent(self) -> bool:
        return not self._copy.read(1)

    def readinto(self, into: Any) -> int:
        size = len(into)
        if size < BULK or not self._skips:
            return self._copy.readinto(into)
        start = self._copy.tell()
        left = max(self._copy.getbuffer().nbytes - start, 0)
        self._copy.seek(start + min(size, left))
        return min(size, left)


class Ahead(Copy):
    """The next bytes of a regular file, read by C alone; what was read is on record as one answer."""

    __slots__ = ("is_all",)
    cut = ""
    error = None

    def __init__(self, file: Any, size: int) -> None:
        data = file.read(size)
        self.is_all = len(data) < size
        super().__init__(io.BytesIO(data), skips=False)

    @property
    def answers(self) -> list[Answer]:
        data = self._copy.getvalue()[: self._copy.tell()]
        return [(WHOLE, len(data), data)]
