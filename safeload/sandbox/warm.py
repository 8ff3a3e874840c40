"""The warm helper: from its second use on, a loader stands ready in a process that forks a child for each file.

It is started as every child is, by its name and with nothing of ours, so it is never a fork of the program. It ends
when nobody has wanted it for a while, and with the program. Where it cannot be had, a child is started anew.
"""

from __future__ import annotations

import array
import errno
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Self

from safeload import installed
from safeload.errors import SandboxError
from safeload.sandbox import spawn
from safeload.sandbox.request import Request
from safeload.state import STATE

IDLE: Final = 60.0
"""Seconds after which a helper ends that nobody has wanted."""

PATIENCE: Final = 300.0  # seconds for a helper's imports
ANSWER: Final = 60.0  # seconds for a fork
# Seconds to wait for another thread: it may be one that a fork left behind, or this one, in whose midst a
# finalizer loads.
TURN: Final = 10.0
WARM_FROM: Final = 2  # the use from which on a helper is worth its memory

_IMPORTS: Final = {"torch": ("torch",), "joblib": ("joblib", "numpy"), "numpy": ("numpy",)}
_LOCK: Final = threading.Lock()


def helper_for(how: str) -> Helper | None:
    """What stands ready for a loader; None where it is the first use, or there is none to be had."""
    key = how, tuple(installed.folders()), os.getpid()
    with _turn(_LOCK) as is_ours:
        if not is_ours:
            return None
        for stale in [other for other in STATE.helpers if other[-1] != os.getpid()]:
            del STATE.helpers[stale]  # of the program that forked this one
        found = STATE.helpers.get(key, 0)
        if isinstance(found, Helper) and found.is_there():
            return found
        uses = found + 1 if isinstance(found, int) else WARM_FROM
        STATE.helpers[key] = uses
        if uses < WARM_FROM:
            return None
        with suppress(SandboxError, OSError):
            STATE.helpers[key] = Helper(how, key[1])
            return STATE.helpers[key]  # type: ignore[no-any-return]  # it was put there by the line above
        return None


@contextmanager
def _turn(lock: threading.Lock) -> Iterator[bool]:
    is_ours = lock.acquire(timeout=TURN)
    try:
        yield is_ours
    finally:
        if is_ours:
            lock.release()


def end_helpers() -> None:
    """End them all; whoever wants one next starts it anew."""
    with _turn(_LOCK):
        found = [helper for helper in STATE.helpers.values() if isinstance(helper, Helper)]
        STATE.helpers.clear()
    for helper in found:
        helper.end()


class Helper:
    """One process that has a loader ready.

    Attributes:
        folder: where the folders of its children are.
        pid: the process.

    Raises:
        SandboxError: it cannot be had.
    """

    def __init__(self, how: str, path: tuple[str, ...]) -> None:
        self.folder = tempfile.mkdtemp(prefix="safeload-")
        self.channel, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.lock = threading.Lock()
        self.broken = False
        self.process = spawn.started(self.folder, (far.fileno(),), "helper")
        self.pid = self.process.pid
        far.close()
        self.end = weakref.finalize(self, _ended, self.process, self.channel, self.folder, os.getpid())
        limits = {"seconds": IDLE}
        request = Request(how=how, modules=_IMPORTS.get(how, ()), path=path, scratch=self.folder, limits=limits)
        self.channel.settimeout(PATIENCE)
        try:
            self._tell(request.line())
            if self.channel.recv(16) != b"ready":
                msg = "the helper ended before it was ready"
                raise SandboxError(msg)
        except OSError as error:
            self.end()
            msg = f"the helper: {error}"
            raise SandboxError(msg) from None
        self.channel.settimeout(ANSWER)

    def _tell(self, line: bytes) -> None:
        told: Any = self.process.stdin
        told.write(line)
        told.close()
        self.process.stdin = None

    def is_there(self) -> bool:
        """Whether it has not ended."""
        return not self.broken and self.process.poll() is None

    def child(self, given: tuple[int, ...]) -> Forked | None:
        """A child of its own for one file; None where it is gone by now.

        Args:
            given: the file, the output and the report.
        """
        told, telling = os.pipe()
        ending, end = os.pipe()
        try:
            with _turn(self.lock) as is_ours:
                if not is_ours:
                    raise OSError(errno.EBUSY, "the helper is asked by somebody who does not go on")  # noqa: TRY301
                numbers = array.array("i", (*given, told, end))
                self.channel.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)])
                room = array.array("i", [0])
                said, given_back, _, _ = self.channel.recvmsg(32, socket.CMSG_SPACE(room.itemsize))
            for _, _, data in given_back:
                room.frombytes(data)
            return Forked(int(said), room[1], telling, ending, self.pid)
        except (OSError, ValueError, IndexError):
            os.close(telling)
            os.close(ending)
            self.broken = True
            return None
        finally:
            os.close(told)
            os.close(end)


def _ended(process: subprocess.Popen[bytes], channel: socket.socket, folder: str, owner: int) -> None:
    """Let a helper end, where it is ours and not that of the program that forked us."""
    channel.close()
    if os.getpid() == owner:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Forked:
    """A child that a helper has forked, as a process that we had started.

    Attributes:
        pid: its number.
        parent: the helper's.
        stdin: what it is told by.
        returncode: how it ended; None until that is known.
    """

    def __init__(self, pid: int, process: int, telling: int, ending: int, parent: int) -> None:
        self.pid, self.process, self.ending, self.parent = pid, process, ending, parent
        self.stdin = os.fdopen(telling, "wb")
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.wait(ANSWER)
        os.close(self.process)
        os.close(self.ending)

    def wait(self, timeout: float) -> int:
        """How it ended.

        Raises:
            TimeoutExpired: it has not.
        """
        if self.returncode is None:
            if not _readable(self.process, timeout):
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            said = os.read(self.ending, 16) if _readable(self.ending, ANSWER) else b""
            self.returncode = int(said or b"-9")
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.process, signal.SIGKILL)


def _readable(descriptor: int, seconds: float) -> bool:
    polled = select.poll()
    polled.register(descriptor, select.POLLIN)
    return bool(polled.poll(seconds * 1000))
