"""What a file's code tries, told by the kernel: each refused call waits for us, is written down and refused.

The answer is always no, but for two kinds, so that more is seen of what was meant. A new process is let be, a few
times: it stands under the same filter and is ended with the child, and what it would have become is what a reader
wants to know. Its call has numbers alone, which nobody can change after they were looked at. And for a socket there is
an empty pipe in its place, so that the address it is for is told.
"""

from __future__ import annotations

import array
import contextlib
import errno
import fcntl
import os
import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

from safeload.sandbox import filters
from safeload.sandbox.describe import Attempt, described, text

_RECEIVE: Final = 0xC0502100
_SEND: Final = 0xC0182101
_STILL_VALID: Final = 0x40082102
_ADD_DESCRIPTOR: Final = 0x40182103
_CONTINUE: Final = 1

_NOTICE: Final = struct.Struct("=QIIiIQ6Q")
_ANSWER: Final = struct.Struct("=QqiI")
_ADDED: Final = struct.Struct("=QIIII")

MOST_PROCESSES: Final = 16
MOST_ATTEMPTS: Final = 1000  # that are told apart
# A process of its own memory or borrowed until it becomes a program: no thread, no namespace, no other parent.
_FORKS: Final = 0x100 | 0x4000 | 0xFF | 0x00200000 | 0x01000000 | 0x00100000

# What Python and the C library ask in passing, and no file has to be asked about.
_QUIET: Final = frozenset(
    """
    getcwd getpgid getsid getgroups epoll_create1 eventfd2 fstatfs fadvise64 fsync fdatasync arch_prctl
    sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min set_tid_address get_mempolicy
    getsockname getsockopt setsockopt getpeername shutdown recvfrom recvmsg
    """.split()
)
_READS: Final = frozenset("open stat access readlink".split())


class Observer:
    """Answers for the kernel while a child runs.

    Args:
        quiet: folders of packages: that modules are looked for there is not told.

    Attributes:
        attempts: what was tried, each with how often.
        on: whether the file's code runs by now: what its child tries before is answered, and not told.
    """

    def __init__(self, quiet: Iterable[str]) -> None:
        self.channel, self.far = socket.socketpair()  # the far end is the child's
        self.listener = -1
        self.quiet = tuple(f"{folder}/" for folder in quiet)
        self.attempts: dict[Attempt, int] = {}
        self.on = False
        self.processes = 0
        machine = filters.machine()
        self.names = {number: name for name, number in machine.numbers.items()} if machine else {}

    def take(self, until: float) -> None:
        """The descriptor that the child hands over."""
        self.far.close()
        self.channel.settimeout(max(0.1, until - time.monotonic()))
        room = array.array("i", [0])
        with contextlib.suppress(OSError):
            _, given, _, _ = self.channel.recvmsg(1, socket.CMSG_SPACE(room.itemsize))
            for level, kind, data in given:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    room.frombytes(data[: room.itemsize])
                    self.listener = room[-1]
        self.channel.close()

    def close(self) -> None:
        self.channel.close()
        self.far.close()
        if self.listener >= 0:
            os.close(self.listener)
            self.listener = -1

    def wait(self, told: int, seconds: float) -> bool:
        """Answer what comes, until there is something to read; False if there is nothing in time."""
        until = time.monotonic() + seconds
        polled = select.poll()
        polled.register(told, select.POLLIN)
        if self.listener >= 0:
            polled.register(self.listener, select.POLLIN)
        while (left := until - time.monotonic()) > 0:
            ready = dict(polled.poll(left * 1000))
            if self.listener in ready:
                if ready[self.listener] & select.POLLIN:
                    self._answer()
                else:  # nobody is left who could ask
                    polled.unregister(self.listener)
            if told in ready:
                return True
        return False

    def _answer(self) -> None:
        room = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, room)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                return  # it is gone, or was interrupted
            raise
        notice, pid, _, number, _, _, *arguments = _NOTICE.unpack(room)
        name = self.names.get(number, f"call {number}")
        if self.on:
            with _memory_of(pid) as memory:
                if self._still_waits(notice):  # then it was its memory that was opened
                    self._note(memory, name, tuple(arguments))
        if not (self.on and self._let(notice, name, tuple(arguments))):
            self._send(_ANSWER.pack(notice, 0, -errno.EPERM, 0))

    def _send(self, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # it did not wait for it
            fcntl.ioctl(self.listener, _SEND, answer)

    def _still_waits(self, notice: int) -> bool:
        try:
            fcntl.ioctl(self.listener, _STILL_VALID, struct.pack("=Q", notice))
        except OSError as error:
            return error.errno != errno.ENOENT
        return True

    def _note(self, memory: int, name: str, arguments: tuple[int, ...]) -> None:
        """Write it down, if it is anything to be told."""

        def peek(address: int, length: int) -> bytes:
            return os.pread(memory, length, address) if 0 <= address < 1 << 63 else b""

        if name in _QUIET or (name == "newfstatat" and not _text(arguments[1], peek)):
            return  # the C library asks so for what is open
        attempt = described(name, arguments, peek)
        if attempt.call in _READS and self._is_of_packages(attempt.what):
            return
        if attempt in self.attempts or len(self.attempts) < MOST_ATTEMPTS:
            self.attempts[attempt] = self.attempts.get(attempt, 0) + 1

    def _is_of_packages(self, path: str) -> bool:
        """A module is looked for in a folder of packages, or on the way there."""
        is_on_the_way = any(folder.startswith(f"{path.rstrip('/')}/") for folder in self.quiet) and path != "/"
        return (path.startswith(self.quiet) or is_on_the_way) and "/.." not in path

    def _let(self, notice: int, name: str, arguments: tuple[int, ...]) -> bool:
        """Whether it was answered otherwise than by no."""
        if name in ("fork", "vfork") or (name == "clone" and not arguments[0] & ~_FORKS):
            if self.processes < MOST_PROCESSES:
                self.processes += 1
                self._send(_ANSWER.pack(notice, 0, 0, _CONTINUE))
                return True
        elif name == "socket":
            return self._pipe_for(notice)
        return False

    def _pipe_for(self, notice: int) -> bool:
        """Give it the reading end of a pipe that nobody writes into."""
        reader, writer = os.pipe()
        try:
            added = bytearray(_ADDED.pack(notice, 0, reader, 0, os.O_CLOEXEC))
            made = fcntl.ioctl(self.listener, _ADD_DESCRIPTOR, added)
        except OSError:  # an old kernel, or it has as many as it may
            return False
        finally:
            os.close(reader)
            os.close(writer)
        self._send(_ANSWER.pack(notice, made, 0, 0))
        return True


@contextlib.contextmanager
def _memory_of(pid: int) -> Iterator[int]:
    """A descriptor of a process's memory; one that gives nothing, where it may not be read."""
    try:
        found = os.open(f"/proc/{pid}/mem", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        found = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield found
    finally:
        os.close(found)


def _text(address: int, peek: Any) -> str:
    try:
        return text(address, peek)
    except OSError:
        return "?"
