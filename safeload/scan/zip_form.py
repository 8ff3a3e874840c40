"""Whether a zip archive has the one form that torch writes, in which no two readers can differ.

Readers differ where an archive says things twice and not the same: in its directory and before each member,
in two directories, in fields that stand for others, in bytes that belong to nothing. Here every byte has to
be accounted for: members one behind another from the first byte on, uncompressed, each under the name that
the directory has; then the directory; then its end, once in each of the two forms that torch writes.
"""

from __future__ import annotations

import io
import re
import struct
from typing import Any, Final, NamedTuple

_END: Final = struct.Struct("<4s4H2LH")
_LOCATOR: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_ENDS: Final = _END_64.size + _LOCATOR.size + _END.size

_NAME: Final = re.compile(rb"\.?[\w-][\w.-]*(?:/\.?[\w-][\w.-]*)+", re.ASCII)
_MOST: Final = 0xFFFFFFFF  # what stands here is in the longer field
_UNCOMPRESSED: Final = 0
_FLAGS: Final = (0x808, 0x800, 0x8, 0)  # names are UTF-8; sizes follow the bytes
_SIZES_FOLLOW: Final = 0x8
_WIDE: Final = 1  # the extra field with sizes of eight bytes
LARGEST_DIRECTORY: Final = 64 << 20


class _Member(NamedTuple):
    name: bytes
    flags: int
    crc: int
    size: int
    start: int
    wide: bool


class _OtherFormError(Exception):
    """Not as torch writes it, whatever else it is."""


def is_as_torch_writes(file: io.BufferedReader[Any], size: int) -> bool:
    """Whether every byte of an archive is where torch puts it. In doubt it is not; the file is moved."""
    try:
        start, directory, count = _ends(file, size)
        members = _members(directory, count)
        at = 0
        for member in members:
            if member.start != at:
                return False
            at = _behind(file, member)
    except (_OtherFormError, struct.error, ValueError, OSError):
        return False
    names = {member.name.lower() for member in members}
    root = members[0].name.partition(b"/")[0] + b"/" if members else b""
    return at == start and len(names) == count > 0 and all(member.name.startswith(root) for member in members)


def _must(holds: bool) -> None:  # noqa: FBT001 - an assertion, whatever the interpreter's options
    if not holds:
        raise _OtherFormError


def _ends(file: io.BufferedReader[Any], size: int) -> tuple[int, bytes, int]:
    """Where the directory begins, its bytes, and how many members it lists."""
    _must(size >= _ENDS)
    file.seek(size - _ENDS)
    ends = file.read(_ENDS)
    mark, rest, _, _, disk, first, here, count, length, start = _END_64.unpack_from(ends)
    _must((mark, rest, disk, first, here) == (b"PK\x06\x06", _END_64.size - 12, 0, 0, count))
    located = _LOCATOR.unpack_from(ends, _END_64.size)
    _must(located == (b"PK\x06\x07", 0, size - _ENDS, 1))
    last = _END.unpack_from(ends, _END_64.size + _LOCATOR.size)
    short = (min(count, 0xFFFF), min(count, 0xFFFF), min(length, _MOST), min(start, _MOST))
    _must(last == (b"PK\x05\x06", 0, 0, *short, 0))
    # Where its signature stood twice, readers would have a choice.
    _must(ends.count(b"PK\x05\x06") == ends.count(b"PK\x06\x06") == ends.count(b"PK\x06\x07") == 1)
    _must(start + length == size - _ENDS and length <= LARGEST_DIRECTORY)
    file.seek(start)
    return start, file.read(length), count


def _members(directory: bytes, count: int) -> list[_Member]:
    found, at = [], 0
    for _ in range(count):
        entry = _ENTRY.unpack_from(directory, at)
        mark, made, needed, flags, method, _, _, crc, packed, size, name_size, extra_size, *rest, start = entry
        # Comment, disk and attributes: torch takes what these call a folder for one, and reads nothing of it.
        _must((mark, made, needed, method, *rest) == (b"PK\x01\x02", 0, 0, _UNCOMPRESSED, 0, 0, 0, 0))
        _must(flags in _FLAGS)
        at += _ENTRY.size
        name, extra = directory[at : at + name_size], directory[at + name_size : at + name_size + extra_size]
        _must(len(extra) == extra_size and _NAME.fullmatch(name) is not None)
        at += name_size + extra_size
        packed, size, start = _widened(extra, size, packed, start)
        _must(packed == size)
        found.append(_Member(name, flags, crc, size, start, bool(extra)))
    _must(at == len(directory))
    return found


def _widened(extra: bytes, size: int, packed: int, start: int) -> tuple[int, int, int]:
    """Sizes and place, where those that are too long stand in the extra field, in that order and nothing else."""
    values = [size, packed, start]
    if not extra:
        _must(_MOST not in values)
        return packed, size, start
    kind, length = struct.unpack_from("<2H", extra)
    _must(kind == _WIDE and length == len(extra) - 4 and length == 8 * values.count(_MOST))
    longer = iter(struct.unpack_from(f"<{length // 8}Q", extra, 4))
    size, packed, start = (next(longer) if value == _MOST else value for value in values)
    return packed, size, start


def _behind(file: io.BufferedReader[Any], member: _Member) -> int:
    """Where the next member has to begin: behind the bytes of this one, and what says their sizes."""
    file.seek(member.start)
    mark, needed, flags, method, _, _, crc, packed, size, name_size, extra_size = _LOCAL.unpack(file.read(_LOCAL.size))
    _must((mark, needed, flags, method) == (b"PK\x03\x04", 0, member.flags, _UNCOMPRESSED))
    _must(file.read(name_size) == member.name)
    at: int = member.start + _LOCAL.size + name_size + extra_size + member.size
    if not flags & _SIZES_FOLLOW:
        _must((crc, packed, size) == (member.crc, member.size, member.size))
        return at
    _must((crc, packed, size) in {(0, 0, 0), (member.crc, member.size, member.size), (0, _MOST, _MOST)})
    form = struct.Struct("<4sL2Q" if member.size >= _MOST else "<4s3L")
    file.seek(at)
    _must(form.unpack(file.read(form.size)) == (b"PK\x07\x08", member.crc, member.size, member.size))
    return at + form.size
