"""What was verified is what is loaded: a file's bytes where nobody can rewrite them any more.

Hash, then load is no way, on one descriptor either: whoever may write the file rewrites it in place
between the two. So a file is copied while it is hashed, into memory that the kernel seals, and loaded
from there. What is too large for that is loaded where it lies, if nobody else may write it.
"""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from safeload.pins import known

COPY_LIMIT: Final = 8 << 30  # bytes; and never more than half of the memory that is free
PIECE: Final = 1 << 20
ALONE: Final = 16 << 20  # bytes up to which a second thread is not worth its start
WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH

SEALED: Final = "sealed copy"
PRIVATE: Final = "private copy"
IN_PLACE: Final = "in place"
REMEMBERED: Final = "in place, digest remembered"
MEMORY: Final = "memory"


class NotHeldError(Exception):
    """The bytes could not be verified in a way that still holds when they are loaded."""


@dataclass(frozen=True, slots=True)
class Held:
    """The bytes of one file, verified and open for reading from their beginning.

    Attributes:
        digest: sha256 of exactly these bytes, in digits.
        how: how it is made sure that they stay what they are, in words for the event.
        stamp: what changes when a file that is loaded where it lies is rewritten; empty for a copy.
    """

    digest: str
    size: int
    how: str
    file: BinaryIO
    stamp: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        """A name under which a library can open it once more, for as long as it is held."""
        for folder in ("/proc/self/fd", "/dev/fd"):
            name = f"{folder}/{self.file.fileno()}"
            if os.path.exists(name):  # noqa: PTH110 - whatever a program made of pathlib
                return name
        msg = "this system gives open files no names"
        raise NotHeldError(msg)

    def owns(self, file: Any) -> bool:
        """Whether a file is this one, opened in whatever way."""
        try:
            return os.path.sameopenfile(self.file.fileno(), file.fileno())
        except (OSError, AttributeError, ValueError, TypeError):
            return False

    def again(self) -> BinaryIO:
        """The same bytes under a position of their own; to be closed by who asked."""
        return io.BytesIO(self.file.getvalue()) if isinstance(self.file, io.BytesIO) else _again(self.file.fileno())

    def has_changed(self) -> bool:
        """Whether a file that lies where it lay was rewritten since it was hashed."""
        return bool(self.stamp) and stamp_of(os.fstat(self.file.fileno())) != self.stamp

    def close(self) -> None:
        self.file.close()


def stamp_of(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def hold(descriptor: int, *, remember: bool) -> Held:
    """Verify a regular file; the descriptor stays the caller's, and its position what it was.

    Args:
        remember: a digest that was found before may be believed, where nobody else can write the file.

    Raises:
        NotHeldError: it changes while it is read, or is too large to copy and others may write it.
        OSError: it cannot be read.
    """
    status = os.fstat(descriptor)
    kept = remember and not theirs(status) and known.may_be_kept(status)
    if kept:
        digest = known.digest_of(status)
        if digest:
            return Held(digest, status.st_size, REMEMBERED, _again(descriptor), stamp_of(status))
    if status.st_size <= copy_limit():
        held = _copy(descriptor)
    else:
        problem = theirs(status)
        if problem:
            msg = f"it is too large to be copied ({status.st_size} bytes), and could be rewritten meanwhile: {problem}"
            raise NotHeldError(msg)
        digest = _digest(descriptor, None)[0]
        held = Held(digest, status.st_size, IN_PLACE, _again(descriptor), stamp_of(status))
    if stamp_of(os.fstat(descriptor)) != stamp_of(status):
        held.close()
        msg = "it was changed while it was being read"
        raise NotHeldError(msg)
    if kept:
        known.remember(status, held.digest)
    return held


def in_memory(content: bytes) -> Held:
    """Bytes that nobody else has."""
    import hashlib  # brings in OpenSSL, 4 MB

    return Held(hashlib.sha256(content).hexdigest(), len(content), MEMORY, io.BytesIO(content))


def theirs(status: os.stat_result) -> str:
    """Why somebody else could write a file; empty if only its owner, who is this user or root, can."""
    if not hasattr(os, "geteuid"):
        return "this system does not say who may write it"
    if status.st_uid not in (os.geteuid(), 0):
        return f"it belongs to user {status.st_uid}"
    if status.st_mode & WRITABLE_BY_OTHERS:
        return f"others than its owner may write it ({stat.filemode(status.st_mode)})"
    return ""


def copy_limit() -> int:
    """How large a file may be that is copied into memory, as things stand."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - whatever a program made of pathlib
            free = next(int(line.split()[1]) << 10 for line in file if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return COPY_LIMIT
    return min(COPY_LIMIT, free // 2)


def _again(descriptor: int) -> BinaryIO:
    """The same file under a descriptor of its own, at the beginning."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            return open(f"{folder}/{descriptor}", "rb")  # noqa: PTH123 - it is handed on
        except OSError:
            continue
    msg = "this system opens no file a second time by its descriptor"
    raise NotHeldError(msg)


def _copy(descriptor: int) -> Held:
    """A copy in memory that the kernel lets nobody change, or else in a file that has no name."""
    memory = _memory_file()
    if memory is None:
        import tempfile

        with tempfile.TemporaryFile(buffering=0) as file:
            digest, size = _digest(descriptor, file.fileno())
            return Held(digest, size, PRIVATE, _again(file.fileno()))
    try:
        digest, size = _digest(descriptor, memory)
        _seal(memory)
        return Held(digest, size, SEALED, _again(memory))
    finally:
        os.close(memory)


def _memory_file() -> int | None:
    create = getattr(os, "memfd_create", None)
    if create is None:
        return None
    no_exec = 0x8  # MFD_NOEXEC_SEAL, which some systems require and old kernels do not know
    for flags in (no_exec, 0):
        try:
            made: int = create("safeload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING | flags)
        except OSError:
            continue
        return made
    return None


def _seal(descriptor: int) -> None:
    import fcntl

    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL)


def _digest(descriptor: int, target: int | None) -> tuple[str, int]:
    """The digest of a file from its beginning, and its length; the very bytes hashed go to the target.

    A long file is hashed in a second thread while the next piece is read and written.
    """
    import hashlib  # brings in OpenSSL, 4 MB

    from safeload.digest import Hashing, HashingAlone

    sha256, size = hashlib.sha256(), os.fstat(descriptor).st_size
    kind = Hashing if size > ALONE else HashingAlone
    at = 0
    with kind(sha256.update, PIECE) as hashing:
        # What grows meanwhile is found to have changed, and not followed to an end that may never come.
        while at <= size:
            room = hashing.room()
            count = os.preadv(descriptor, [room], at)
            if not count:
                break
            hashing.give(room, count)
            at += count
            if target is not None:
                _write(target, memoryview(room)[:count])
    return sha256.hexdigest(), at


def _write(target: int, rest: memoryview) -> None:
    while rest:
        rest = rest[os.write(target, rest) :]
