"""What the readers of all formats share: the rulebook, the depth, and the way to the next reader."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, Protocol

from safeload.scan.entry import Rulebook
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


# Python 2 pickles hold text in any encoding; names are ASCII in all of them, and latin1 reads all.
OPTIONS: Final[Mapping[str, Any]] = {"encoding": "latin1"}


def size_of(file: io.BufferedReader[Any]) -> int:
    """Bytes from here to the end of a file that knows its end."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here
