"""A full disk, a folder that may only be read, and a death, each in a fork of this process."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

NOBODY: Final = 65534


def open_to_anybody(folder: Path) -> None:
    """The folder and those above it, as far as they are not: pytest's own are for their owner alone."""
    for one in (folder, *folder.parents):
        if not one.stat().st_mode & 0o001:
            one.chmod(0o755)


def _end_with(act: Callable[[], object], telling: int) -> NoReturn:
    """In a child: do it, tell the parent what became of it, and end."""
    try:
        act()
        said = "done"
    except BaseException as error:  # noqa: BLE001 - told to the parent
        said = type(error).__name__
    os.write(telling, said.encode())
    os._exit(0)


def in_a_child(act: Callable[[], object], *, room: int = 0, unprivileged: bool = False) -> str:
    """What becomes of it: "done", the class of what it raises, or nothing where the child died.

    Args:
        room: bytes that a file may have, as if the disk were full then.
        unprivileged: as somebody whom the modes of files and folders concern.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:

        def limited() -> None:
            sys.dont_write_bytecode = True  # CPython takes half a compiled file for a whole one, ever after
            if room:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            if unprivileged and os.geteuid() == 0:
                os.setuid(NOBODY)
            act()

        _end_with(limited, theirs)
    os.close(theirs)
    with os.fdopen(ours) as file:
        told = file.read()
    os.waitpid(pid, 0)
    return told


def at_once(count: int, act: Callable[[int], object]) -> list[str]:
    """The same in many children that begin together."""
    waiting, beginning = os.pipe()
    ends: list[tuple[int, int]] = []
    for number in range(count):
        ours, theirs = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(beginning)
            os.read(waiting, 1)  # until all are here
            _end_with(partial(act, number), theirs)
        os.close(theirs)
        ends.append((pid, ours))
    os.close(beginning)
    told = []
    for pid, ours in ends:
        with os.fdopen(ours) as file:
            told.append(file.read())
        os.waitpid(pid, 0)
    os.close(waiting)
    return told
