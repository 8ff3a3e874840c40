"""The parent: starts the child, sees from outside that it is locked up, and seals what it hands back."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safeload import installed
from safeload.errors import SandboxError
from safeload.sandbox import spawn, warm
from safeload.sandbox.limits import ChildLimits
from safeload.sandbox.request import MAX_REPORT, Request
from safeload.scan.report import printable

if TYPE_CHECKING:
    from safeload.sandbox.observe import Observer

IMPORTS: Final = 300.0  # seconds for the modules that a file names
GRACE: Final = 0.2  # seconds for the process to be gone after its last word
_SEALS: Final = 1 | 2 | 4 | 8  # F_SEAL_SEAL, _SHRINK, _GROW, _WRITE
_ADD_SEALS: Final = 1033


@dataclass(slots=True)
class Ended:
    """What became of a child.

    Attributes:
        layers: the walls that stood around it.
        missing: modules that the file names and that are not here, with what their import said.
        output: a sealed file of what it handed back; None if it handed back nothing.
        problem: why it did not.
        wants: a module that was imported too late; named by the file's own code, for all that is known.
        seconds: how long it all took.
    """

    layers: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    output: int | None = None
    problem: str = ""
    wants: str = ""
    seconds: float = 0.0


def request_for(
    how: str, modules: tuple[str, ...], limits: ChildLimits, scratch: str, *, observed: bool = False
) -> Request:
    """What a child is told."""
    return Request(
        how=how,
        modules=modules,
        path=tuple(installed.folders()),
        scratch=scratch,
        parent=os.getpid(),
        limits=dict(limits._asdict()),
        observed=observed,
    )


def run(
    file: int, how: str, modules: tuple[str, ...], limits: ChildLimits, *, observer: Observer | None = None
) -> Ended:
    """Let one file be read by a child; the caller closes the output.

    Args:
        file: a descriptor of it; nothing moves its place.
        observer: answers what is refused; told of it by the kernel.

    Raises:
        SandboxError: no child can be had here, or one whose walls do not stand.
    """
    before = time.monotonic()
    limits = limits.for_file(os.fstat(file).st_size)
    helper = None if observer is not None else warm.helper_for(how)
    with spawn.scratch_folder(None if helper is None else helper.folder) as scratch:
        request = request_for(how, modules, limits, scratch, observed=observer is not None)
        own, output = spawn.reopened(file), os.memfd_create("safeload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        told, report = os.pipe()
        try:
            given = (own, output, report) if observer is None else (own, output, report, observer.far.fileno())
            forked = helper.child(given) if helper is not None else None
            if forked is not None:
                request = replace(request, parent=forked.parent)
            with forked or spawn.started(scratch, given) as process:
                os.close(report)
                report = -1
                try:
                    ended = Conversation(process, told, limits.seconds, observer).hold(request)
                finally:
                    _kill(process)
            ended.seconds = time.monotonic() - before
            ended.output = _sealed(output, ended, limits)
            output = -1 if ended.output is not None else output
            return ended
        finally:
            for descriptor in (own, output, told, report):
                if descriptor >= 0:
                    os.close(descriptor)


def closed(ended: Ended) -> None:
    """Nobody reads its output."""
    if ended.output is not None:
        os.close(ended.output)
        ended.output = None


def _kill(process: Any) -> None:
    """It and whatever it has started, which is of its group: it may found none of its own."""
    if process.returncode is None:  # while it is not waited for, its number is nobody else's
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


class Conversation:
    """What is said between a parent and one child, until a moment at which it is ended.

    Args:
        seconds: for the file's code.
    """

    def __init__(self, process: Any, told: int, seconds: float, observer: Observer | None = None) -> None:
        self.process, self.told, self.seconds, self.observer = process, told, seconds, observer
        self.until = time.monotonic() + IMPORTS
        self.heard = bytearray()
        self.code: int | None = None
        self.at_end = False
        self.listening = select.poll()
        self.listening.register(told, select.POLLIN)

    def hold(self, request: Request) -> Ended:
        """Tell it what to do, look at it, let it go on, and wait for its end.

        Raises:
            SandboxError: its walls do not stand.
        """
        self._tell(request.line())
        if self.observer is not None:
            self.observer.take(self.until)
        facts = self._line()
        if "layers" not in facts:
            raise SandboxError(self._unready(facts))
        ended = Ended(layers=_words(facts["layers"]), missing=_words(facts.get("missing", {})))
        ended.layers["seen from outside"] = seen_from_outside(self.process.pid)
        if self.observer is not None:
            self.observer.on = True
        self.until = time.monotonic() + self.seconds
        self._tell(b"go\n")
        # From here on it is the file that speaks.
        said = self._line()
        self._end_group()
        ended.problem, ended.wants = self._problem(said), str(said.get("wants", ""))
        return ended

    def _unready(self, facts: dict[str, Any]) -> str:
        if "refused" in facts:
            why = printable(str(facts["refused"]), 300)
            return f"nothing of the file was run, for the sandbox does not hold here: {why}"
        if time.monotonic() >= self.until:
            return "nothing of the file was run: the modules that it names took too long to import"
        return f"nothing of the file was run: the child ended before it was ready ({self._end()})"

    def _end_group(self) -> None:
        """What the code has started ends with it; while the child is not waited for, its number is nobody else's."""
        if self.observer is None:
            return
        ended = None
        with suppress(ChildProcessError):  # a program that ignores SIGCHLD has it reaped
            ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        if ended is not None:
            self.code = -ended.si_status if ended.si_code != os.CLD_EXITED else ended.si_status

    def _problem(self, said: dict[str, Any]) -> str:
        if "done" in said:
            return "" if self._gone() else "it did not end"
        if "error" in said:
            return printable(str(said["error"]), 500)
        if len(self.heard) > MAX_REPORT:
            return "it said more than a child may say"
        if time.monotonic() >= self.until:
            return "it took too long and was ended"
        return f"it ended before it was done ({self._end()})"

    def _gone(self) -> bool:
        try:
            return self.process.wait(max(GRACE, self.until - time.monotonic())) is not None
        except subprocess.TimeoutExpired:
            return False

    def _end(self) -> str:
        if self.code is not None:
            return _ended_by(self.code)
        try:
            return _ended_by(self.process.wait(GRACE))
        except subprocess.TimeoutExpired:
            return "still running"

    def _tell(self, line: bytes) -> None:
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except OSError:
            pass  # it is gone, and its report says why

    def _line(self) -> dict[str, Any]:
        """One line as an object; nothing where there is none in time, or what is said is none."""
        while b"\n" not in self.heard and not self.at_end and len(self.heard) <= MAX_REPORT:
            left = self.until - time.monotonic()
            if left <= 0 or not self._wait(left):
                break
            part = os.read(self.told, MAX_REPORT)
            self.at_end = not part
            self.heard += part
        line, newline, rest = self.heard.partition(b"\n")
        if not newline:
            return {}
        self.heard = rest
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _wait(self, seconds: float) -> bool:
        """Until there is something to read; False if there is nothing in time."""
        if self.observer is not None:
            return self.observer.wait(self.told, seconds)
        return bool(self.listening.poll(seconds * 1000))


def seen_from_outside(pid: int) -> str:
    """What the kernel says of a child's filter, where it may be asked.

    Raises:
        SandboxError: it says that there is none.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return ""
    facts = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    for key, wanted in (("Seccomp", "2"), ("NoNewPrivs", "1"), ("Threads", "1")):
        if facts.get(key, wanted).strip() != wanted:
            msg = f"nothing of the file was run: the kernel says {key} {facts[key].strip()} of the child"
            raise SandboxError(msg)
    return "filter, no new privileges, one thread"


def _ended_by(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _words(table: Any) -> dict[str, str]:
    """Words of the child's, before the file's code ran; of modules that it imported, after all."""
    if not isinstance(table, dict):
        return {}
    return {printable(str(name), 200): printable(str(text), 400) for name, text in table.items()}


def _sealed(output: int, ended: Ended, limits: ChildLimits) -> int | None:
    """The output, which nobody can change any more."""
    import fcntl

    if ended.problem:
        return None
    try:
        fcntl.fcntl(output, _ADD_SEALS, _SEALS)
    except OSError as error:
        ended.problem = f"what it handed back cannot be sealed: {error.strerror}"
        return None
    if os.fstat(output).st_size > limits.output:
        ended.problem = "it handed back more than a child may"
        return None
    return output
