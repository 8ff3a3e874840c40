"""What an unpickler reads from while it is guarded: first nothing, then the answers of the look."""

from __future__ import annotations

import io
from _pickle import Unpickler
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from safeload import grants
from safeload.pins import granting
from safeload.pins.granting import Answer
from safeload.pins.held import Held
from safeload.replay import Onward, Playing, Repeating, consumed
from safeload.scan.copied import SHORT, WHOLE, Ahead
from safeload.scan.listen import Answer as Told
from safeload.scan.listen import Live, Window, is_regular, listener, short_of
from safeload.scan.look import Look, engine, look
from safeload.scan.memo import Kept
from safeload.scan.nested import JoblibRecorder, NestedRecorder
from safeload.scan.report import Report
from safeload.scan.rest import AT_ITS_END, holds_more, may_be_framed
from safeload.scan.strain import Following, behind_its_end, weighed

LONG: Final = 1 << 20  # bytes of a stream whose memo is large

BEHIND_ITS_END: Final = "the stream before it goes on behind its end, inside its last frame"
AFTER_AN_ERROR: Final = "the load before it came to an error, and its unpickler may hold the rest: it takes a new one"


class Tape:
    """Stands for the user's file in an unpickler; passes through unless a look went before.

    The position of the user's file after a load is just behind the STOP, as without us; after a
    refusal it is where it was, if the file can go back.
    """

    __slots__ = (
        "answers",
        "back",
        "consumed",
        "current",
        "cut",
        "file",
        "fills",
        "holds_more",
        "is_framed",
        "is_loading",
        "kept",
        "memo",
        "options",
        "peeks",
        "recorder",
        "replaying",
        "root",
        "seen",
        "stands",
        "start",
        "users",
        "weighed",
    )

    def __init__(self, file: Any, options: Mapping[str, Any]) -> None:
        self.file = file
        self.options = options
        self.current: Any = file
        self.replaying = False
        self.is_loading = False
        # How its unpickler keeps bytes of the last stream for the next, or ""; an unpickler that is made
        # for one load alone need not be asked, and has None here.
        self.holds_more: str | None = None
        # Stand-ins that a later stream may need: of the loads that went well, and of this one's look.
        self.kept: Kept | None = None
        self.seen: Kept | None = None
        self.peeks = True  # until this unpickler was told that there is none
        self.fills = False  # whether it makes room for a bytearray, page by page, before it reads it
        self.start: int | None = None
        self.back: int | None = None
        self.recorder: NestedRecorder | None = None
        self.consumed = 0
        self.is_framed = False  # whether the look may have met a frame
        self.cut = ""
        # Whether somebody has found already that the stream asks for no more than a process has.
        self.weighed = False
        self.answers: list[Told] = []
        self.stands = True  # whether the load reads through it
        self.memo: Any = None  # the look's, where it is large and the load's will be as large
        # While verified bytes are read in its place: the user's file, and the one that they are in.
        self.users: Any = None
        self.root: BinaryIO | None = None

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
        peek = getattr(self.current, "peek", None) if self.peeks else None
        try:
            if peek is not None:
                return peek(size)
        except NotImplementedError:
            pass
        self.peeks = False  # CPython does not ask this unpickler's file again
        raise NotImplementedError

    # What the guard calls.
    def look(
        self, make_recorder: Callable[[], NestedRecorder], memo: Mapping[int, Any]
    ) -> Report:
        """Read one stream to its end and keep what was read for :meth:`replay`.

        Once more, reading everything, if a buffer that was skipped turns out to matter.
        """
        self.recorder = make_recorder()
        exactly = isinstance(self.recorder, JoblibRecorder)
        if not exactly and not self.peeks and is_regular(self.file):
            short = self._look_at_short(make_recorder, memo)
            if short is not None:
                return short
            self.recorder = make_recorder()
        reader = listener(self.file, exactly=exactly, peeks=self.peeks)
        self.start = reader.origin if isinstance(reader, Window) else None
        self.back = self.start if self.start is not None else _position(self.file)
        if self.start is None and not exactly:
            reader.following = Following(grants.policy_in_force().limits)
        report = self._look(reader, memo)
        if self.recorder.wants_bulk and self.start is not None:
            self.file.seek(self.start)
            self.recorder = make_recorder()
            reader = listener(self.file, exactly=exactly, peeks=self.peeks)
            reader.skips = False
            report = self._look(reader, memo)
        return report

    def _look_at_short(self, make_recorder: Callable[[], NestedRecorder], memo: Mapping[int, Any]) -> Report | None:
        """A look for an unpickler that asks for each byte by itself; None if the stream is long, or breaks off."""
        self.start = self.back = self.file.tell()
        for size in SHORT:
            self.recorder = make_recorder()
            self.recorder.skips = False
            reader = Ahead(self.file, size)
            report = self._look_through(reader, memo)
            if not report.problem:
                return report
            self.file.seek(self.start)
            if reader.is_all:
                break
        return None

    def _look(self, reader: Live, memo: Mapping[int, Any]) -> Report:
        recorder = self.recorder
        assert recorder is not None  # noqa: S101 - its caller has made it
        recorder.skips = reader.skips
        if isinstance(recorder, JoblibRecorder):
            recorder.reader, recorder.limits = reader, grants.policy_in_force().limits
        report = self._look_through(reader, memo)
        if reader.error is not None:
            raise reader.error
        return report

    def _look_through(self, reader: Any, memo: Mapping[int, Any]) -> Report:
        recorder = self.recorder
        assert recorder is not None  # noqa: S101 - its caller has made it
        engines: list[Any] = []
        known = {**memo, **self.kept.among(memo)} if memo and self.kept is not None else memo
        if isinstance(recorder, JoblibRecorder):
            source = weighed(reader, recorder.limits)
            report = look(source, recorder, options=self.options, memo=known, afterwards=engines.append)
            reader.cut = reader.cut or getattr(source, "found", "")
        else:
            report = look(reader, recorder, options=self.options, memo=known, afterwards=engines.append)
        self._keep(reader)
        if engines and not memo and self.consumed >= LONG and type(engines[0]) is Look:
            self.memo = engines[0].memo
        if engines and self.holds_more is not None:
            self.seen = Kept(dict(engines[0].memo.copy()), reader.tell())
            self.is_framed = may_be_framed(reader)
            if report.problem:  # of an argument that broke off it holds a part, whatever stood around it
                self.holds_more = AFTER_AN_ERROR if report.problem != AT_ITS_END else ""
            else:
                rest = self.is_framed and holds_more(engines[0], reader, self._behind(reader))
                self.holds_more = BEHIND_ITS_END if rest else ""
        return report

    def _behind(self, reader: Any) -> int | None:
        """How many bytes the last frame has behind the STOP, by a walk through the stream."""
        limits = grants.policy_in_force().limits
        if isinstance(reader, Live) and not isinstance(reader, Window):
            return reader.following.behind() if reader.following is not None else None
        if self.start is None:
            return behind_its_end(self.file, limits)  # which stands where the look began: that reads a copy
        here = self.file.tell()
        self.file.seek(self.start)
        try:
            return behind_its_end(self.file, limits)
        finally:
            self.file.seek(here)

    def _keep(self, reader: Any) -> None:
        """What the load that follows is to be given."""
        self.consumed, self.answers, self.cut = reader.tell(), reader.answers, reader.cut
        if self.fills and not self.cut and self.answers:
            self.cut = short_of(self.answers[-1])

    def head(self) -> bytes:
        """The first bytes that the look saw, to tell what they look like."""
        return b"".join(told for _, _, told in self.answers[:8] if isinstance(told, bytes))

    def verify(self, path: str) -> tuple[Answer, Held | None]:
        """What is to be said of the very bytes; if they have a grant, read only what was verified.

        A file that somebody else goes on reading itself cannot have one.
        """
        if not self.stands:
            return granting.of_what_is_no_file(path), None
        answer, held = granting.of_file(self.file, path)
        if held is not None:
            root = held.again()
            try:
                stream = granting.over(self.file, root)
            except Exception:  # noqa: BLE001 - it says itself what is wrong with it, when it is read
                root.close()
                return granting.of_what_is_no_file(path), None
            self.users, self.root = self.file, root
            self.file = self.current = stream
            self.weighed = False
        return answer, held

    def is_part_of(self, held: Held | None) -> bool:
        """Whether what it reads was verified already, with the load around it."""
        root = granting.root_of(self.file)
        return root is None or (held is not None and held.owns(root))

    def replay(self) -> None:
        """Give the C unpickler the answers that the look's had."""
        if engine() is not Look:  # which asked otherwise than the C one will, and took nothing in two ways
            self.replay_in_python()
            return
        if self.answers and self.answers[0][0] == WHOLE:
            self.current = io.BytesIO(self.answers[0][2])
        else:
            self.current = Repeating(self.answers, self.file)
        self.answers = []
        self.replaying = True

    def make_room(self, unpickler: Any) -> None:
        """Give a new unpickler a memo of the size that it will need.

        glibc maps no block of a size any more of which it got one back. So a memo that grew step by
        step, after the look's was freed, would leave a hole behind in the heap at each step.
        """
        memo, self.memo = self.memo, None
        if memo is not None and type(unpickler) is Unpickler:
            unpickler.memo = memo
            unpickler.memo.clear()  # which leaves it as large

    def replay_in_python(self) -> None:
        """Give an unpickler written in Python the bytes that the look went past."""
        self.current = Playing(consumed(self.answers), self.file)
        self.answers = []
        self.replaying = True

    def replay_whole(self) -> None:
        """For a stream that broke off: let the load meet the same end by itself."""
        if self.start is not None:
            self.file.seek(self.start)
            self.pass_through()
        else:
            self.current, self.answers = Onward(self.answers, self.file), []
            self.replaying = True

    def fails(self) -> None:
        """After an error, which no look foresees: what is left of a frame, judged where it stood, would come first."""
        if self.is_framed and self.holds_more is not None:
            self.holds_more = AFTER_AN_ERROR

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
        if self.users is not None and self.root is not None:
            self.users.seek(self.file.tell())
            self.root.close()
            self.file, self.users, self.root = self.users, None, None
        self.current = self.file
        self.answers = []
        self.replaying = False
        self.memo = None


def _position(file: Any) -> int | None:
    """Where a file is that can go back there; None for a pipe or a file that does not say."""
    try:
        return int(file.tell()) if file.seekable() else None
    except (AttributeError, OSError, ValueError, TypeError):
        return None


__all__ = ["Tape", "is_regular"]
