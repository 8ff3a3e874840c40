"""The folder where converted checkpoints are kept under the digest of what they were made from.

It is of use only while nobody else can write into it: what lies there under a digest is believed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from safeload.errors import TensorsError
from safeload.scan.report import printable
from safeload.state import STATE
from safeload.tensors.copying import sha256_of
from safeload.tensors.names import SUFFIX
from safeload.tensors.source import Source


def folder() -> Path:
    """The cache folder, made if it is not there.

    Raises:
        TensorsError: somebody else could write into it.
    """
    path = _named()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    problem = not_ours(path)
    if problem:
        msg = f"the cache folder '{printable(str(path))}' is not used: {problem}"
        raise TensorsError(msg)
    return path


def _named() -> Path:
    if STATE.cache:
        return Path(STATE.cache).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("safeload", appauthor=False))


def not_ours(path: Path) -> str:
    """Why others could write into a folder; empty if only we can."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode):
        return "it is no folder, or a link to one"
    if status.st_uid != os.geteuid():
        return "it belongs to somebody else"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "its group or everybody may write into it"
    return ""


def place_for(source: Path) -> tuple[Path, str]:
    """Where the conversion of a file belongs, and the file's digest, which is its name there."""
    with Source(source) as opened:
        digest = sha256_of(opened)
    return folder() / f"{digest}{SUFFIX}", digest


def found_for(digest: str) -> Path | None:
    """The conversion of the file of this digest, if there is one in a folder that is ours alone."""
    path = _named() / f"{digest}{SUFFIX}"
    try:
        return path if path.is_file() and not not_ours(path.parent) and path.lstat().st_uid == os.geteuid() else None
    except OSError:
        return None
