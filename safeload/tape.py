"""What an unpickler reads from while it is guarded: first nothing, then the record of the look."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from safeload import grants
from safeload.scan.inert import Recorder
from safeload.scan.look import look
from safeload.scan.nested import JoblibRecorder, NestedRecorder
from safeload.scan.report import Report
from safeload.source import (
    AHEAD,
    BULK,
    Ahead,
    Exactly,
    Part,
    Playing,
    Recording,
    RecordingExactly,
    RecordingPeeks,
    Replay,
    cut,
    is_regular,
    skipping,
)


class Tape:
    """Stands for the user's file in an unpickler; passes through unless a look went before.

    The position of the user's file after a load is just behind the STOP, as without us; after a
    refusal it is where it was, if the file can go back.
    """

    __slots__ = ("back", "consumed", "recorder", "current", "file", "options", "parts", "replaying", "start")

    def __init__(self, file: Any, options: Mapping[str, Any]) -> None:
        self.file = file
        self.options = options
        self.current: Any = file
        self.replaying = False
        self.start: int | None = None
        self.back: int | None = None
        self.recorder: NestedRecorder | None = None
        self.consumed = 0
        self.parts: list[Part] = []

    # What the unpickler calls. It takes hold of these methods once, so they look up the source.
    def read(self, *size: int) -> Any:
        return self.current.read(*size)

    def readline(self) -> Any:
        return self.current.readline()

    def readinto(self, into: Any) -> Any:
        readinto = getattr(self.current, "readinto", None)
        if readinto is not None:
            return readinto(into)
        data = self.current.read(len(into))
        into[: len(data)] = data
        return len(data)

    def peek(self, size: int) -> Any:
        if not self.replaying:
            raise NotImplementedError  # the unpickler then reads exactly what it needs
        return self.current.peek(size)

    # What the guard calls.
    def look(
        self, recorder: Recorder, memo: Mapping[int, Any], *, skips: bool = True
    ) -> Report:
        """Read one stream to its end and keep what was read for :meth:`rewind`."""
        regular = is_regular(self.file)
        if regular:
            record: Any = Recording(self.file)
            self.start = self.back = record.start
            buffered = io.BufferedReader(record, AHEAD)
            reader: Any = Ahead(buffered, skipping(buffered, record) if skips else None)
            if isinstance(recorder, JoblibRecorder):
                reader = recorder.reader = Exactly(buffered, record)
        else:
            self.start = None
            self.back = _position(self.file)
            exactly = isinstance(recorder, JoblibRecorder) or not hasattr(self.file, "peek")
            reader = record = (RecordingExactly if exactly else RecordingPeeks)(self.file)
            if isinstance(recorder, JoblibRecorder):
                recorder.reader = reader
        report = look(reader, recorder, options=self.options, memo=memo)
        if record.error is not None:
            raise record.error
        self.consumed = reader.tell()
        self.parts = record.parts
        return report

    def look_twice(self, recorder_type: Callable[[], NestedRecorder], memo: Mapping[int, Any]) -> Report:
        """Look; once more, reading everything, if a buffer that was skipped turns out to matter."""
        for skips in (True, False):
            recorder = recorder_type()
            self.recorder = recorder
            recorder.skips = skips and is_regular(self.file)
            report = self.look(recorder, memo, skips=skips)
            if not recorder.wants_bulk or self.start is None:
                break
            self.file.seek(self.start)
        return report

    def trusted(self) -> bool:
        """Whether a grant names these bytes: the whole file, read into memory and kept for the load."""
        if self.file.seekable() and self.file.tell() == 0:
            content = self.file.read()
            self.file.seek(0)
            if grants.trusts_bytes(content):
                self.start, self.parts, self.consumed = 0, [content], len(content)
                self.replay()
                return True
        return False

    def replay(self) -> None:
        """Give the load what the look read, and no more."""
        self.current = io.BufferedReader(Replay(self.parts, self.consumed, self.file), BULK)
        self.parts = []
        self.replaying = True

    def replay_in_python(self) -> None:
        """As :meth:`replay`, for an unpickler written in Python."""
        self.current = Playing(cut(self.parts, self.consumed), self.file)
        self.parts = []
        self.replaying = True

    def replay_whole(self) -> None:
        """For a stream that broke off: let the load meet the same end by itself."""
        if self.start is not None:
            self.file.seek(self.start)
            self.pass_through()
        else:
            self.replay()

    def finish(self) -> None:
        """Leave the file just behind the STOP and drop the record."""
        if self.replaying and self.start is not None:
            self.file.seek(self.start + self.consumed)
        self.pass_through()

    def rewind(self) -> None:
        """After a refusal: leave the file where it was, as far as it can go back."""
        if self.back is not None:
            self.file.seek(self.back)
        self.pass_through()

    def pass_through(self) -> None:
        self.current = self.file
        self.parts = []
        self.replaying = False


def _position(file: Any) -> int | None:
    """Where a file is that can go back there; None for a pipe or a file that does not say."""
    try:
        return int(file.tell()) if file.seekable() else None
    except (AttributeError, OSError, ValueError, TypeError):
        return None
