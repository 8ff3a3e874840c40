"""The few calls into the kernel that Python has no function for."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import struct
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NAME: Final = 15
PR_CAPBSET_DROP: Final = 24
PR_SET_NO_NEW_PRIVS: Final = 38
PR_CAP_AMBIENT: Final = 47
PR_CAP_AMBIENT_CLEAR_ALL: Final = 4

SECCOMP_SET_MODE_FILTER: Final = 1
TSYNC: Final = 1
NEW_LISTENER: Final = 8

NEW_NAMESPACES: Final = 0x40000000 | 0x08000000 | 0x04000000  # network, System V's objects, host names
NEW_USERS: Final = 0x10000000

LAST_CAPABILITY: Final = 40
_CAPABILITIES_V3: Final = 0x20080522

_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def syscall(number: int, *arguments: Any) -> int:
    """Any call by its number.

    Raises:
        OSError: the kernel says no.
    """
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    _LIBC.syscall.restype = ctypes.c_long
    return _checked(int(_LIBC.syscall(ctypes.c_long(number), *words)))


def prctl(option: int, *arguments: int) -> int:
    """A process's say about itself; raises OSError."""
    words = [ctypes.c_ulong(a) for a in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(_LIBC.prctl(ctypes.c_int(option), *words))


def unshare(flags: int) -> None:
    """New namespaces; raises OSError."""
    _checked(_LIBC.unshare(ctypes.c_int(flags)))


def install(number: int, program: bytes, flags: int) -> int:
    """A filter of system calls, for good; the observer's descriptor where the flags ask for one.

    Args:
        number: of seccomp(2).

    Raises:
        OSError: it is not in force.
    """
    found = _Program(len(program) // 8, program)
    made = syscall(number, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(found))
    if made > 0 and not flags & NEW_LISTENER:  # TSYNC says which thread would not
        raise OSError(errno.ESRCH, "a thread stays outside the filter")
    return made


def drop_capabilities(capset: int, keep: tuple[int, ...] = ()) -> None:
    """Give up every privilege but these, for good.

    Args:
        capset: the number of capset(2).
    """
    for capability in range(LAST_CAPABILITY + 1):
        if capability not in keep:
            try:
                prctl(PR_CAPBSET_DROP, capability)
            except OSError:  # who has none cannot give one up, nor get it
                break
    kept = sum(1 << capability for capability in keep)
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITIES_V3, 0))
    low, high = kept & 0xFFFFFFFF, kept >> 32
    data = ctypes.create_string_buffer(struct.pack("=6I", low, low, 0, high, high, 0))
    syscall(capset, header, data)
    with contextlib.suppress(OSError):
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
