"""Digests that were found before, so that a large file is not hashed at every start.

What a file is, its device, inode, size and times say: whoever changes its bytes changes its ctime, which
no program can set. That does not hold for a file that was written a moment ago, whose times may not have
moved yet, nor where others may write: those are hashed each time. The folder is this user's alone, or is
not used; under a locked policy it never is, as its user may not decide there which bytes are which.
"""

from __future__ import annotations

import os
import re
import stat
import time
from typing import Final

from safeload import grants
from safeload.errors import TensorsError

WORTH: Final = 64 << 20  # bytes: what is smaller is hashed in no time
YOUNG: Final = 2_000_000_000  # nanoseconds: the coarsest clock of a file system
_FOLDER: Final = "digests"


def digest_of(status: os.stat_result) -> str:
    """The digest that a file of this status had, which may be kept; empty if it is not known."""
    from safeload.tensors import cache

    try:
        folder = cache.folder() / _FOLDER
        if cache.not_ours(folder):
            return ""
        descriptor = os.open(folder / _key(status), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, encoding="ascii") as file:
            own = os.fstat(descriptor)
            if own.st_uid != os.geteuid() or own.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or own.st_nlink != 1:
                return ""
            text = file.read(65)
    except (OSError, TensorsError, ValueError):
        return ""
    return text if re.fullmatch(r"[0-9a-f]{64}", text) else ""


def remember(status: os.stat_result, digest: str) -> None:
    """Keep a digest that was found, where it may be believed the next time."""
    from safeload.tensors import cache

    try:
        folder = cache.folder() / _FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        if cache.not_ours(folder):
            return
        new = folder / f".{os.getpid()}.{_key(status)}"
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(digest)
            new.replace(folder / _key(status))
        finally:
            new.unlink(missing_ok=True)
    except (OSError, TensorsError):
        return  # it is hashed again


def may_be_kept(status: os.stat_result) -> bool:
    """Whether a digest of such a file, as it is now, would still be its digest when it looks the same."""
    if status.st_size < WORTH or grants.policy_in_force().locked or not hasattr(os, "geteuid"):
        return False
    age = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns)
    return age > YOUNG


def _key(status: os.stat_result) -> str:
    """A name that another user's file, or another system's, does not have."""
    import hashlib  # brings in OpenSSL, 4 MB

    said = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return hashlib.sha256(repr(said).encode()).hexdigest()
