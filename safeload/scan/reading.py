"""What the readers of all formats share: the rulebook, the depth, and the way to the next reader."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Final, Protocol

from safeload.scan.entry import Rulebook
from safeload.scan.inert import Recorder
from safeload.scan.look import Engine, look
from safeload.scan.nested import BULK
from safeload.scan.report import Report
from safeload.scan.rest import holds_more
from safeload.scan.strain import BEHIND, Limits, left_behind, weighed

MAX_DEPTH: Final = 8
LONGEST: Final = 1 << 43  # bytes of an array: more, no disk has, and few let a file be

FRAME: Final = b"\x95"
FRAME_LENGTH: Final = 8
_OPCODE, _LENGTH, _CONTENTS = b"opcode", b"length", b"contents"

# What goes wrong in the standard library's readers over bytes that they cannot or will not read.
READ_ERRORS: Final = (
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


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
        is_far: torch is not imported yet, which takes a hundred times what a file does: so it is not asked
            about an archive in which no two readers could find different things.
        depth: how many containers are around this one.
    """

    rulebook: Rulebook
    read: Callable[[io.BufferedReader[Any], Reading], Report]
    torch_archive: Callable[[BinaryIO], Archive] | None = None
    is_far: bool = False
    depth: int = 0

    def inside(self, file: io.BufferedReader[Any]) -> Report:
        """Look into a file that a container holds."""
        if self.depth >= MAX_DEPTH:
            return Report(problem=f"more than {MAX_DEPTH} containers in one another")
        return self.read(file, replace(self, depth=self.depth + 1))


class Forward:
    """What a look reads a file through, exactly as far as the unpickler asks.

    An argument that crosses the end of its frame is what CPython's unpicklers take in different
    ways: one that sees ahead keeps the rest of the frame, one that does not drops it, the one
    written in Python refuses. No pickler writes such a thing.

    Args:
        skips: big buffers are passed over, not read.
        longest: how many bytes a line may have; any, where the file is one of lines.

    Attributes:
        crossed: an argument crossed the end of its frame.
        cut: where the stream ends too early.
        has_long_line: a line was longer than that, and was not read to its end.
    """

    answers: Final = ()  # nothing is loaded afterwards, so nothing has to be kept
    crossed = False
    cut = ""
    has_long_line = False

    def __init__(self, file: io.BufferedReader[Any], *, skips: bool, longest: int = -1) -> None:
        self._longest = longest
        self._given = self._file = file
        self._read = file.read
        self._behind = b""  # of a frame: its opcode, its length, its contents
        self.skips = skips
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        data = self._read(size)
        if size == 1:
            self._behind = _OPCODE if data == FRAME else b""
        elif self._behind:
            self._inside_frame(size)
        return data

    def _inside_frame(self, size: int) -> None:
        if self._behind is _OPCODE:
            self._behind = _LENGTH if size == FRAME_LENGTH else b""
        elif self._behind is _LENGTH:
            self._behind = _CONTENTS
        else:
            self.crossed = True

    def readline(self) -> bytes:
        self.crossed = self.crossed or self._behind is _CONTENTS
        line = self._file.readline(self._longest)
        if len(line) == self._longest and not line.endswith(b"\n"):
            self.has_long_line = True
            msg = f"a line of more than {self._longest} bytes"
            raise ValueError(msg)
        return line

    def readinto(self, into: Any) -> int:
        self.crossed = self.crossed or self._behind is _CONTENTS
        if self.skips and len(into) >= BULK:
            self.skip(len(into))
            return len(into)
        return self._file.readinto(into)

    def skip(self, length: int) -> bool:
        """Pass over bytes that are no opcodes; says whether they were all there."""
        return goes_on_behind(self._file, length)

    def now_holds(self, data: bytes) -> None:
        """Give these bytes and no more, whatever the file has, until :meth:`go_on`."""
        self._file = io.BufferedReader(io.BytesIO(data))
        self._read = self._file.read

    def is_spent(self) -> bool:
        return not self._read(1)

    def go_on(self) -> None:
        """Read the file again, from where it stands."""
        self._file, self._read = self._given, self._given.read


def look_through(reader: Forward, recorder: Recorder, kind: Engine | None = None) -> Report:
    """Look at one pickle, in the one way that all unpicklers read it in."""
    engines: list[Any] = []
    source = weighed(reader, Limits())
    report = look(source, recorder, options=OPTIONS, kind=kind, afterwards=engines.append)
    if report.problem:
        return report
    if reader.crossed:
        return replace(report, problem="an argument crosses the end of its frame: unpicklers differ on it")
    holds = holds_more(engines[0], reader, left_behind(source))
    reader.go_on()
    if holds:
        return replace(report, problem=BEHIND)
    return report


# Python 2 pickles hold text in any encoding; names are ASCII in all of them, and latin1 reads all.
OPTIONS: Final[Mapping[str, Any]] = {"encoding": "latin1"}


def goes_on_behind(file: io.BufferedReader[Any], length: int) -> bool:
    """Pass over so many bytes; says whether they were all there."""
    if length <= 0 or length > LONGEST:
        return length == 0
    try:
        file.seek(length - 1, io.SEEK_CUR)
    except OSError:  # no file of this disk is so long
        return False
    return bool(file.read(1))


def size_of(file: io.BufferedReader[Any]) -> int:
    """Bytes from here to the end of a file that knows its end."""
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here
