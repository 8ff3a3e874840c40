"""The tape of a reusable unpickler over memory, which C goes on reading by itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

from safeload.pins import granting
from safeload.pins.granting import Answer
from safeload.pins.held import Held
from safeload.scan.copied import Copy
from safeload.scan.nested import NestedRecorder
from safeload.scan.report import Report
from safeload.tape import Tape


class MemoryTape(Tape):
    """For a reusable unpickler over a ``BytesIO``, which it goes on reading itself, in C.

    Memory is not rewritten behind the program's back, so the look reads a copy that shares the bytes,
    and the load reads the original: the same class asked the same questions gives the same answers.
    Only ``readinto`` goes through the tape, by which it is found again.
    """

    __slots__ = ("read", "readline")

    def __init__(self, file: io.BytesIO, options: Mapping[str, Any]) -> None:
        super().__init__(file, options)
        self.peeks = False
        # C's own methods in the place of the tape's.
        self.read = file.read  # type: ignore[assignment,method-assign]
        self.readline = file.readline  # type: ignore[method-assign]

    def look(
        self, make_recorder: Callable[[], NestedRecorder], memo: Mapping[int, Any]
    ) -> Report:
        for skips in (True, False):
            self.recorder = make_recorder()
            self.recorder.skips = skips
            reader = Copy(self.file, skips=skips)
            report = self._look_through(reader, memo)
            if not self.recorder.wants_bulk:
                break
        return report

    def _keep(self, reader: Any) -> None:
        self.consumed = reader.tell() - self.file.tell()

    def head(self) -> bytes:
        return bytes(self.file.getbuffer()[self.file.tell() :][:1024])

    def verify(self, path: str) -> tuple[Answer, Held | None]:
        """Its bytes are in memory already, and are read from there."""
        return granting.of_bytes(self.file.getvalue(), path)

    def replay(self) -> None:
        """The load reads the original."""

    replay_whole = replay
