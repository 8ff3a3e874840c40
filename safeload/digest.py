"""sha256 beside whoever reads: the digest of one piece is counted while the next is read and written."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Final, Self

ROOMS: Final = 4
"""Pieces under way: one that is read or written, and some that wait for their digest."""


class Hashing:
    """Hashes pieces on a thread of its own, in the order in which they come; OpenSSL lets go of the interpreter.

    Args:
        update: the digest's.
        size: how many bytes a piece has at most.
    """

    def __init__(self, update: Callable[[Any], object], size: int) -> None:
        self._update = update
        self._full: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
        self._free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
        for _ in range(ROOMS):
            self._free.put(bytearray(size))
        self._thread = threading.Thread(target=self._run, name="safeload-sha256", daemon=True)

    def _run(self) -> None:
        while piece := self._full.get():
            room, count = piece
            self._update(memoryview(room)[:count])
            self._free.put(room)

    def room(self) -> bytearray:
        """Where the next piece is read into; waits until one is hashed."""
        return self._free.get()

    def give(self, room: bytearray, count: int) -> None:
        """Hash the first bytes of a room, which may be read and must not be changed from here on."""
        self._full.put((room, count))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Everything given is hashed."""
        self._full.put(None)
        self._thread.join()


class HashingAlone:
    """The same without a thread, for what is too short to be worth its start."""

    def __init__(self, update: Callable[[Any], object], size: int) -> None:
        self._update = update
        self._room = bytearray(size)

    def room(self) -> bytearray:
        return self._room

    def give(self, room: bytearray, count: int) -> None:
        self._update(memoryview(room)[:count])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """There is nothing to wait for."""
