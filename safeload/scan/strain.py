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
BEHIND: Final = "its last frame goes on behind its end: unpicklers differ on it"


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


def of_file(file: Any, limits: Limits) -> str:
    """The same of a file that can go back and holds opcodes only; it is left where it stood."""
    if engine is None:
        return ""
    walk, is_whole = _walked(file, limits)
    # Without us a file in memory would be left behind the frame, and a look that sees ahead leaves it behind the STOP.
    return BEHIND if is_whole and type(file) is io.BytesIO else str(walk.found)


def behind_its_end(file: Any, limits: Limits) -> int | None:
    """How many bytes the last frame of such a file's pickle has behind the STOP; None where no walk leads there."""
    if engine is None:
        return None
    return left_behind(_walked(file, limits)[0])


def left_behind(walk: Any) -> int | None:
    """The same of a walk that is over, or of what is no walk, for want of the C part."""
    return walk.behind if getattr(walk, "ended", False) else None


def _walked(file: Any, limits: Limits) -> tuple[Any, bool]:
    """The walk, and whether a frame goes on behind the STOP whose bytes are all there."""
    start = file.tell()
    walk = engine.Walk(float(start), *limits)
    if type(file) is io.BytesIO:
        with file.getbuffer() as buffer:
            taken = start + walk.feed(buffer[start:])
            return walk, 0 < walk.behind <= len(buffer) - taken
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
    return walk, False


DEFAULTS: Final = Limits()


class Following:
    """The same of a stream that cannot go back, told what it gives before the unpickler is."""

    def __init__(self, limits: Limits) -> None:
        self._walk = None if engine is None else engine.Walk(0.0, *limits)
        self._seen = 0

    def gives(self, at: int, data: bytes) -> str:
        """The stream holds ``data`` from byte ``at`` on; what it asks too much of."""
        new = data[max(0, self._seen - at) :]
        self._seen = max(self._seen, at + len(data))
        return "" if self._walk is None else self._walk.give(new) or ""

    def behind(self) -> int | None:
        """How many bytes the last frame has behind the STOP; None where it was not followed there."""
        return left_behind(self._walk)


def weighed(file: Any, limits: Limits) -> Any:
    """What an unpickler may read from that is told nothing but opcodes: all it is told is weighed first.

    joblib's arrays stand between the opcodes, where no walk ahead of the unpickler could know them.
    They are read from the file itself. What asks too much is a ValueError, and ``found`` says it.
    """
    return file if engine is None else engine.Weighed(file, float(file.tell()), *limits)
