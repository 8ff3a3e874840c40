"""The helper: a child that has imported a loader already, and forks one child for each file.

It was started as every child is and has nothing of the program's memory. No file's code runs in it: what it forks locks
itself up first, and can reach it no more than anything else.
"""

from __future__ import annotations

import array
import gc
import os
import select
import socket
import sys
from contextlib import suppress
from typing import Final

from safeload.sandbox import child, kernel, loading, lock
from safeload.sandbox.request import Request

GIVEN: Final = 5
"""Descriptors of one file: the file, the output, the report, what it is told by, and where its end is told."""


def run(control: int) -> None:
    """From the first line to the end of the process."""
    channel = socket.socket(fileno=control)
    request = Request.of_line(child.line_of(0))
    sys.path[:] = request.path
    sys.dont_write_bytecode = True
    try:
        layers = lock.early(request.scratch, request.path, stage=lock.Stage.HELPER)
        child.imported((*child.ENCODINGS, *request.modules))
        with suppress(ImportError):
            loading.READERS[request.how].prepare(request.modules)
    except lock.FloorError:
        os._exit(child.REFUSED)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    gc.collect()
    gc.freeze()  # so that collecting copies no memory that is shared
    channel.send(b"ready")
    _Forks(channel, layers, request.limits["seconds"]).go_on()
    os._exit(0)


class _Forks:
    """The children under way, each with where its end is told.

    Args:
        idle: seconds without a child after which there is nothing left to wait for.
    """

    def __init__(self, channel: socket.socket, layers: dict[str, str], idle: float) -> None:
        self.channel, self.layers, self.idle = channel, layers, idle
        self.running: dict[int, tuple[int, int]] = {}  # by the descriptor of the process
        self.polled = select.poll()
        self.polled.register(channel, select.POLLIN)

    def go_on(self) -> None:
        while True:
            ready = self.polled.poll(self.idle * 1000)
            if not ready and not self.running:
                return
            for descriptor, _ in ready:
                if descriptor in self.running:
                    self._ended(descriptor)
                elif not self._asked():
                    return

    def _asked(self) -> bool:
        """Fork for one file; False when nobody is left who could ask."""
        room = array.array("i", [0] * GIVEN)
        said, given, _, _ = self.channel.recvmsg(1, socket.CMSG_SPACE(room.itemsize * GIVEN))
        if not said:
            return False
        descriptors = array.array("i")
        for _, _, data in given:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
        pid = os.fork()
        if not pid:
            self._be_a_child(list(descriptors))
        *others, end = descriptors
        for number in others:
            os.close(number)
        process = os.pidfd_open(pid)
        self.running[process] = pid, end
        self.polled.register(process, select.POLLIN)
        fds = array.array("i", [process])
        self.channel.sendmsg([b"%d" % pid], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        return True

    def _be_a_child(self, descriptors: list[int]) -> None:
        try:
            file, output, report, told, _ = descriptors
            os.dup2(told, 0)
            self.channel.close()
            child.run([file, output, report], dict(self.layers))
        finally:
            os._exit(child.REFUSED)

    def _ended(self, process: int) -> None:
        pid, end = self.running.pop(process)
        self.polled.unregister(process)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # nobody waits for it any more
            os.write(end, b"%d" % os.waitstatus_to_exitcode(status))
        os.close(process)
        os.close(end)

