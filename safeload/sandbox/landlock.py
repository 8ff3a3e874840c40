"""Landlock: which files may be touched at all. A second wall where the kernel has it, never the first."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Mapping
from typing import Final

from safeload.sandbox import kernel

_VERSION: Final = 1  # a flag that asks how new it is
_BENEATH: Final = 1  # a rule on what is below a folder

_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
_BITS: Final = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""How many kinds of access to files each version knows; later ones know as many as the last."""
_OF_FILES: Final = 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # write, read, truncate, ioctl: all that a file itself can have
_NETWORK_FROM: Final = 4
_SCOPES_FROM: Final = 6

READ: Final = _READ_FILE | _READ_FOLDER
ALL: Final = (1 << 16) - 1


def version(numbers: Mapping[str, int]) -> int:
    """How new it is; 0 where there is none."""
    try:
        return kernel.syscall(numbers["landlock_create_ruleset"], ctypes.c_void_p(None), 0, _VERSION)
    except OSError:
        return 0


def confine(numbers: Mapping[str, int], places: Iterable[tuple[str, int]]) -> int:
    """From here on only these places may be touched, each so far; says by which version, 0 if by none.

    TCP, signals to others and abstract sockets are shut as well where the version knows them.
    """
    found = version(numbers)
    if not found:
        return 0
    files = (1 << _BITS.get(found, max(_BITS.values()))) - 1
    network = 3 if found >= _NETWORK_FROM else 0
    scopes = 3 if found >= _SCOPES_FROM else 0
    size = 24 if scopes else 16 if network else 8
    attributes = ctypes.create_string_buffer(struct.pack("=QQQ", files, network, scopes), 24)
    ruleset = kernel.syscall(numbers["landlock_create_ruleset"], attributes, size, 0)
    try:
        for place, access in places:
            _allow(numbers, ruleset, place, access & files)
        kernel.syscall(numbers["landlock_restrict_self"], ruleset, 0)
    finally:
        os.close(ruleset)
    return found


def _allow(numbers: Mapping[str, int], ruleset: int, place: str, access: int) -> None:
    try:
        folder = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.EACCES):
            return  # what is not there needs no rule
        raise
    try:
        if not os.path.isdir(place):  # noqa: PTH112 - a child imports as little as it can
            access &= _OF_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", access, folder), 12)
        kernel.syscall(numbers["landlock_add_rule"], ruleset, _BENEATH, rule, 0)
    finally:
        os.close(folder)
