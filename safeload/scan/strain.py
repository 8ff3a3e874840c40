"""Whether a pickle asks for more than the process has, told before an unpickler reads it.

Seven bytes make CPython allocate gigabytes, a kilobyte hangs it for years or overruns its stack, in
the look as in the load. The C part goes through the opcodes with a weight for each object; where it
was not built, nothing is told.
"""

from __future__ import annotations

import io
from typing import Any, Final, NamedTuple

try:
    from safeload import _strain

    engine: Any = _strain
except ImportError:  # no compiler when it was installed
    engine = None

CHUNK: Final = 1 << 18
LONGEST_LINE: Final = 1 << 28


class Limits(NamedTuple):
    """How much one pickle may ask for.

    Attributes:
        memo: the highest index of the memo, where the stream has fewer opcodes than that.
        unfolded: what a container refers to, counted again for each reference.
        hashed: what all keys refer to, counted so, beyond 100 for each byte of the stream.
        depth: how many tuples stand in one another in a key.
    """

    memo: float = float(1 << 20)
    unfolded: float = 1e12
    hashed: float = 5e7
    depth: float = 1000.0


def of_bytes(data: Any, limits: Limits) -> str:
    """What a pickle in memory asks too much of; empty where it does not."""
    if engine is None:
        return ""
    try:
        return engine.glance(data, *limits) or ""
    except (TypeError, BufferError, ValueError):  # the unpickler says so better
        return ""


def of_file(file: Any, limits: Limits, *, until_build: bool = False) -> str:
    """The same of a file that can go back; it is left where it stood.

    Args:
        until_build: what follows the first BUILD may be no opcodes, as in joblib's files.
    """
    if engine is None:
        return ""
    start = file.tell()
    walk = engine.Walk(float(start), *limits, until_build)
    if type(file) is io.BytesIO:
        with file.getbuffer() as buffer:
            walk.feed(buffer[start:])
        return str(walk.found)
    at, size = start, CHUNK
    try:
        while not walk.over and (data := file.read(size)):
            taken = walk.feed(data)
            if not taken and (len(data) < size or size > LONGEST_LINE):
                break
            size = CHUNK if taken else 4 * size
            at += taken
            file.seek(at)
    except Exception:  # noqa: BLE001, S110 - what cannot be read, or leads beyond the end, the look meets too
        pass
    finally:
        file.seek(start)
    return str(walk.found)


DEFAULTS: Final = Limits()


class Following:
    """The same of a stream that cannot go back, told what it gives before the unpickler is."""

    def __init__(self, limits: Limits, *, until_build: bool = False) -> None:
        self._walk = None if engine is None else engine.Walk(0.0, *limits, until_build)
        self._seen = 0
        self._skip = 0
        self._rest = bytearray()

    def gives(self, at: int, data: bytes) -> str:
        """The stream holds ``data`` from byte ``at`` on; what it asks too much of."""
        walk = self._walk
        if walk is None or walk.over:
            return ""
        new = data[max(0, self._seen - at) :]
        self._seen = max(self._seen, at + len(data))
        if self._skip >= len(new):
            self._skip -= len(new)
            return ""
        self._rest += new[self._skip :]
        self._skip = 0
        if len(self._rest) > CHUNK and b"\n" not in new:
            return ""  # a long line goes on
        taken = walk.feed(self._rest)
        self._skip = max(0, taken - len(self._rest))
        del self._rest[:taken]
        return str(walk.found)
