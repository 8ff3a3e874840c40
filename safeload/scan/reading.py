"""What the readers of all formats share: the rulebook, the depth, and the way to the next reader."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, Protocol

from safeload.scan.entry import Rulebook
from safeload.scan.nested import BULK
from safeload.scan.report import Report

MAX_DEPTH: Final = 8


class Archive(Protocol):
    """A torch zip as torch's own reader sees it."""

    def names(self) -> frozenset[str]:
        """Every record, without the top folder's name."""

    def record(self, name: str) -> bytes:
        """One record's bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One scan.

    Attributes:
        rulebook: whose argument rules are put to the test.
        read: looks into whatever a file turns out to be.
        torch_archive: opens a zip with torch's own reader; None where there is no torch.
        depth: how many containers are around this one.
    """

    rulebook: Rulebook
    read: Callable[[io.BufferedReader[Any], Reading], Report]
    torch_archive: Callable[[BinaryIO], Archive] | None = None
    depth: int = 0

    def inside(self, file: io.BufferedReader[Any]) -> Report:
        """Look into a file that a container holds."""
        if self.depth >= MAX_DEPTH:
            return Report(problem=f"more than {MAX_DEPTH} containers in one another")
        return self.read(file, replace(self, depth=self.depth + 1))


class Forward:
    """What a look reads a file through.

    Args:
        peeks: the unpickler may see ahead. CPython's C one takes some streams in two ways, by that.
        skips: big buffers are passed over, not read.
    """

    answers: Final = ()  # nothing is loaded afterwards, so nothing has to be kept

    def __init__(self, file: io.BufferedReader[Any], *, peeks: bool, skips: bool) -> None:
        self._file = file
        self.skips = skips
        self.read = file.read
        self.readline = file.readline
        self.tell = file.tell
        self.readinto: Callable[[Any], int] = self._skipping if skips else file.readinto
        if peeks:
            self.peek = file.peek

    def _skipping(self, into: Any) -> int:
        if len(into) < BULK:
            return self._file.readinto(into)
        self.skip(len(into))
        return len(into)

    def skip(self, length: int) -> None:
        """Pass over bytes that are no opcodes."""
        self._file.seek(length, io.SEEK_CUR)


# Python 2 pickles hold text in any encoding; names are ASCII in all of them, and latin1 reads all.
OPTIONS: Final[Mapping[str, Any]] = {"encoding": "latin1"}


def size_of(file: io.BufferedReader[Any]) -> int:
    """Bytes from here to the end of a file that knows its end."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here
