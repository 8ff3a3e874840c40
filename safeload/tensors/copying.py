"""From one file's bytes into another's, in one pass: what is written is what is hashed, and is read back.

A block is read once. It goes into the digest on a thread of its own (hashing needs no lock of Python's),
its tensors' bytes go to their places, and those are read back and compared while they are still in the
processor's cache. Meanwhile another thread has the disk write what is there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from safeload.digest import Hashing
from safeload.errors import TensorsError
from safeload.scan.forms import SIZES, ArrayForm, TensorForm
from safeload.scan.report import printable
from safeload.tensors.build import Builder, NotHereError, numpy, numpy_dtype
from safeload.tensors.source import Source
from safeload.tensors.write import NUMBERS, Entry

BLOCK: Final = 512 << 10
"""Fits a processor's cache twice over: smaller and larger blocks took up to a tenth more time."""
GATHERED: Final = 8 << 20  # bytes of a strided tensor at a time
PAUSE: Final = 0.03  # seconds between two rounds of the disk

DIFFERENT: Final = "what was written is not what was read: the disk or the file changed"
SHORTER: Final = "the file has become shorter while it was read"

Progress = Callable[[int, int], None]


class Move(NamedTuple):
    """Bytes of the source and where they go."""

    start: int
    stop: int
    to: int


def write_entries(into: int, source: Source, ordered: list[Entry], at: int, progress: Progress) -> str:
    """Write the tensors' bytes one behind another from there on; give the digest of the source.

    Raises:
        TensorsError: what is there now is not what was read.
    """
    total = sum(entry.nbytes for entry in ordered)
    writing = _Writing(into, total, progress)
    moves, others = [], []
    for entry in ordered:
        span = entry.span
        if span is not None and span.data is None and source.in_place:
            moves.append(Move(span.start, span.start + span.length, at))
        else:
            others.append((entry, at))
        at += entry.nbytes
    _reserve(into, at)
    with _synced(into):
        digest = _pass(source, moves, writing)
        for entry, to in others:
            here = to
            for part in _parts(source, entry):
                writing.put(part, here)
                here += len(part)
            if here - to != entry.nbytes:
                raise TensorsError(DIFFERENT)
    if writing.done != total:
        raise TensorsError(SHORTER)
    return digest


def sha256_of(source: Source) -> str:
    """The digest of the whole file, read beside whoever else reads it."""
    digest = hashlib.sha256()
    room = memoryview(bytearray(BLOCK))
    at = 0
    while count := os.preadv(source.whole, [room], at):
        digest.update(room[:count])
        at += count
    return digest.hexdigest()


class _Writing:
    """Puts bytes into places, each read back and compared."""

    def __init__(self, into: int, total: int, progress: Progress) -> None:
        self.into, self.total, self.progress = into, total, progress
        self.done = 0
        self.back = bytearray(BLOCK)  # bytearrays compare as a block; views would be compared item by item
        self.room = memoryview(self.back)

    def put(self, data: memoryview, to: int) -> None:
        for first in range(0, len(data), BLOCK):
            self._put(data[first : first + BLOCK], to + first)

    def _put(self, data: memoryview, to: int) -> None:
        written = 0
        while written < len(data):
            written += os.pwrite(self.into, data[written:], to + written)
        read = os.preadv(self.into, [self.room[:written]], to)
        if read != written or not self.back.startswith(data):
            raise TensorsError(DIFFERENT)
        self.done += written
        self.progress(self.done, self.total)


def _pass(source: Source, moves: list[Move], writing: _Writing) -> str:
    places = _Places(moves)
    digest = hashlib.sha256()
    with Hashing(digest.update, BLOCK) as hashing:
        at = 0
        while True:
            room = hashing.room()
            view = memoryview(room)
            count = os.preadv(source.whole, [view], at)
            if not count:
                break
            hashing.give(room, count)
            for first, behind, to in places.within(at, at + count):
                writing.put(view[first:behind], to)
            at += count
    return digest.hexdigest()


class _Places:
    """Where the bytes of one stretch of the source go, stretch after stretch; views may overlap."""

    def __init__(self, moves: list[Move]) -> None:
        self.waiting = sorted(moves, reverse=True)
        self.open: list[Move] = []

    def within(self, first: int, behind: int) -> Iterator[tuple[int, int, int]]:
        """Pieces of a stretch, counted from its beginning, and their places."""
        while self.waiting and self.waiting[-1].start < behind:
            self.open.append(self.waiting.pop())
        for move in self.open:
            start, stop = max(first, move.start), min(behind, move.stop)
            if start < stop:
                yield start - first, stop - first, move.to + start - move.start
        self.open = [move for move in self.open if move.stop > behind]


def _reserve(into: int, size: int) -> None:
    """Have the room on the disk at once: a full one says so before the work, and the writing takes a tenth less."""
    reserve = getattr(os, "posix_fallocate", None)  # macOS has none
    if reserve is None or not size:
        return
    try:
        reserve(into, 0, size)
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}:
            raise


@contextmanager
def _synced(into: int) -> Iterator[None]:
    """Meanwhile the disk writes, so that little is left to wait for at the end.

    Raises:
        OSError: it could not: the system says so once, and whoever syncs next hears nothing of it.
    """
    done = threading.Event()
    failed: list[OSError] = []

    def syncing() -> None:
        try:
            while not done.wait(PAUSE):
                os.fdatasync(into)
        except OSError as error:
            failed.append(error)

    thread = threading.Thread(target=syncing, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    if failed:
        raise failed[0]


# --- what does not lie in the source as it is to be written -------------------------------------


def _parts(source: Source, entry: Entry) -> Iterator[memoryview]:
    """An entry's bytes, a piece at a time."""
    if entry.span is not None:
        yield source.view(entry.span)
        return
    try:
        np = numpy()
    except NotHereError as error:
        msg = f"{printable(entry.name)} is not contiguous: {error}"
        raise TensorsError(msg) from None
    form: TensorForm | ArrayForm = entry.form
    if isinstance(form, TensorForm) and form.dtype not in NUMBERS:
        # Only its width counts: the bits are moved, not read.
        form = TensorForm(form.storage, f"uint{8 * SIZES[form.dtype]}", form.shape, form.stride, form.offset)
    array: Any = Builder(source, "np").make(form)
    if isinstance(entry.form, ArrayForm):
        array = array.astype(numpy_dtype(entry.dtype), copy=False)
    rows = array if array.shape else array.reshape(1)
    step = max(1, GATHERED // max(1, array.nbytes // max(1, len(rows))))
    for at in range(0, len(rows), step):
        piece = np.ascontiguousarray(rows[at : at + step])
        if piece.size:
            yield memoryview(piece.reshape(-1).view(np.uint8))
