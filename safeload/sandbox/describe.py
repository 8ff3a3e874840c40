"""A refused system call in words: ``open /etc/passwd``, ``connect 127.0.0.1:4444``, ``execve /bin/sh -c id``.

The kernel gives numbers; texts and addresses are read from the child's memory, which it may change at will. They are
words for a reader, and nothing is decided by them.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from safeload.scan.report import printable

LONGEST: Final = 300
_PAGE: Final = 4096
_PATH: Final = 4096
MOST_WORDS: Final = 20
_O_WRITES: Final = 0o1 | 0o2 | 0o100 | 0o1000

Peek = Callable[[int, int], bytes]
"""Bytes of the child's memory: from there, so many; fewer where there are no more."""


class Attempt(NamedTuple):
    """One thing that a file's code was refused.

    Attributes:
        call: the system call, by one name for all its forms.
        what: on what: a path, an address, a process.
    """

    call: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.call} {self.what}".rstrip()


def described(name: str, arguments: tuple[int, ...], peek: Peek) -> Attempt:
    """A call in words."""
    plain, words = _SAID.get(name, (name, None))
    try:
        what = words(arguments, peek) if words is not None else ""
    except (OSError, ValueError, struct.error):
        what = "?"
    return Attempt(_named(plain, arguments), printable(what, LONGEST))


def _named(plain: str, arguments: tuple[int, ...]) -> str:
    return plain.format(*(_signed(argument) for argument in arguments)) if "{" in plain else plain


def text(address: int, peek: Peek, most: int = _PATH) -> str:
    """A text that ends with a zero."""
    found = bytearray()
    while address and len(found) < most:
        part = peek(address + len(found), _PAGE - (address + len(found)) % _PAGE)
        found += part
        if not part or 0 in part:
            break
    return os.fsdecode(bytes(found).partition(b"\0")[0][:most])


def _path(number: int) -> Callable[[tuple[int, ...], Peek], str]:
    return lambda arguments, peek: text(arguments[number], peek)


def _two_paths(first: int, second: int) -> Callable[[tuple[int, ...], Peek], str]:
    return lambda arguments, peek: f"{text(arguments[first], peek)} -> {text(arguments[second], peek)}"


def _number(number: int) -> Callable[[tuple[int, ...], Peek], str]:
    return lambda arguments, _: str(_signed(arguments[number]))


def _signed(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def _opened(path: int, flags: int | None) -> Callable[[tuple[int, ...], Peek], str]:
    def words(arguments: tuple[int, ...], peek: Peek) -> str:
        writes = flags is None or arguments[flags] & _O_WRITES
        return text(arguments[path], peek) + (" to write" if writes else "")

    return words


def _command(path: int, words: int) -> Callable[[tuple[int, ...], Peek], str]:
    """A program, and what it is given."""

    def command(arguments: tuple[int, ...], peek: Peek) -> str:
        parts = [text(arguments[path], peek)]
        for number in range(1, MOST_WORDS):
            (address,) = struct.unpack("=Q", peek(arguments[words] + 8 * number, 8))
            if not address:
                break
            parts.append(text(address, peek, LONGEST))
        return " ".join(parts)

    return command


def _address(place: int, length: int) -> Callable[[tuple[int, ...], Peek], str]:
    return lambda arguments, peek: address_of(peek(arguments[place], min(arguments[length] & 0xFFFF, 128)))


def address_of(data: bytes) -> str:
    """A socket's address."""
    if len(data) < 2:  # noqa: PLR2004 - the family
        return ""
    (family,) = struct.unpack("=H", data[:2])
    if family == socket.AF_INET:
        return f"{socket.inet_ntoa(data[4:8])}:{int.from_bytes(data[2:4], 'big')}"
    if family == socket.AF_INET6:
        return f"[{socket.inet_ntop(socket.AF_INET6, data[8:24])}]:{int.from_bytes(data[2:4], 'big')}"
    if family == socket.AF_UNIX:
        path = data[2:]
        name = os.fsdecode(path[1:] if path.startswith(b"\0") else path.partition(b"\0")[0])
        return f"unix:@{name}" if path.startswith(b"\0") else f"unix:{name}"
    return f"family {family}"


def _message(arguments: tuple[int, ...], peek: Peek) -> str:
    place, length = struct.unpack("=QI", peek(arguments[1], 12))
    return address_of(peek(place, min(length, 128))) if place else ""


_FAMILIES: Final = {1: "unix", 2: "inet", 10: "inet6", 16: "netlink", 17: "packet", 38: "alg", 40: "vsock"}
_KINDS: Final = {1: "stream", 2: "datagram", 3: "raw", 5: "seqpacket"}


def _socket(arguments: tuple[int, ...], _peek: Peek) -> str:
    family, kind = arguments[0] & 0xFFFF, arguments[1] & 0xF
    return f"{_FAMILIES.get(family, family)} {_KINDS.get(kind, kind)}"


def _signal(process: int, number: int) -> Callable[[tuple[int, ...], Peek], str]:
    return lambda arguments, _: f"{_signed(arguments[process])} with signal {_signed(arguments[number])}"


_Said = tuple[str, Callable[[tuple[int, ...], Peek], str] | None]
_SAID: Final[dict[str, _Said]] = {
    "open": ("open", _opened(0, 1)),
    "openat": ("open", _opened(1, 2)),
    "openat2": ("open", _path(1)),
    "creat": ("open", _opened(0, None)),
    "stat": ("stat", _path(0)),
    "lstat": ("stat", _path(0)),
    "newfstatat": ("stat", _path(1)),
    "statx": ("stat", _path(1)),
    "statfs": ("stat", _path(0)),
    "access": ("access", _path(0)),
    "faccessat": ("access", _path(1)),
    "faccessat2": ("access", _path(1)),
    "readlink": ("readlink", _path(0)),
    "readlinkat": ("readlink", _path(1)),
    "unlink": ("unlink", _path(0)),
    "unlinkat": ("unlink", _path(1)),
    "rmdir": ("rmdir", _path(0)),
    "mkdir": ("mkdir", _path(0)),
    "mkdirat": ("mkdir", _path(1)),
    "mknod": ("mknod", _path(0)),
    "mknodat": ("mknod", _path(1)),
    "rename": ("rename", _two_paths(0, 1)),
    "renameat": ("rename", _two_paths(1, 3)),
    "renameat2": ("rename", _two_paths(1, 3)),
    "link": ("link", _two_paths(0, 1)),
    "linkat": ("link", _two_paths(1, 3)),
    "symlink": ("symlink", _two_paths(0, 1)),
    "symlinkat": ("symlink", _two_paths(0, 2)),
    "chmod": ("chmod", _path(0)),
    "fchmodat": ("chmod", _path(1)),
    "chown": ("chown", _path(0)),
    "lchown": ("chown", _path(0)),
    "fchownat": ("chown", _path(1)),
    "truncate": ("truncate", _path(0)),
    "utimensat": ("utime", _path(1)),
    "utime": ("utime", _path(0)),
    "utimes": ("utime", _path(0)),
    "setxattr": ("setxattr", _path(0)),
    "getxattr": ("getxattr", _path(0)),
    "listxattr": ("getxattr", _path(0)),
    "chdir": ("chdir", _path(0)),
    "chroot": ("chroot", _path(0)),
    "mount": ("mount", _two_paths(0, 1)),
    "inotify_add_watch": ("watch", _path(1)),
    "name_to_handle_at": ("stat", _path(1)),
    "execve": ("execve", _command(0, 1)),
    "execveat": ("execve", _command(1, 2)),
    "fork": ("fork", None),
    "vfork": ("fork", None),
    "clone": ("fork", None),
    "socket": ("socket", _socket),
    "socketpair": ("socketpair", _socket),
    "connect": ("connect", _address(1, 2)),
    "bind": ("bind", _address(1, 2)),
    "sendto": ("send", _address(4, 5)),
    "sendmsg": ("send", _message),
    "kill": ("kill", _signal(0, 1)),
    "tkill": ("kill", _signal(0, 1)),
    "tgkill": ("kill", _signal(1, 2)),
    "rt_sigqueueinfo": ("kill", _signal(0, 1)),
    "pidfd_open": ("pidfd_open", _number(0)),
    "ptrace": ("ptrace", _number(1)),
    "process_vm_readv": ("read memory of", _number(0)),
    "process_vm_writev": ("write memory of", _number(0)),
    "prlimit64": ("limits of", _number(0)),
    "setpriority": ("priority of", _number(1)),
    "write": ("write to descriptor", _number(0)),
    "writev": ("write to descriptor", _number(0)),
    "mmap": ("memory that is run", None),
    "mprotect": ("memory that is run", None),
    "memfd_create": ("memfd_create", _path(0)),
}
