"""From what an unpickler reads to the file on disk below it, and the same stream over another file.

Four kinds of stream of the standard library are known beside plain files, by their exact types: gzip,
bzip2, xz, and the members of a zip. Everything else has no file below it that could be vouched for.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tempfile
import zipfile
from typing import Any, BinaryIO, Final

from safeload.scan.listen import is_regular

# How each says which file it opened itself, so that it began at its beginning.
_STREAMS: Final = {gzip.GzipFile: "myfileobj", bz2.BZ2File: "_fp", lzma.LZMAFile: "_fp"}


def root_of(file: Any) -> Any:
    """The regular file that a stream's bytes come from; None where there is none that could be known."""
    kind: Any = type(file)
    if kind is tempfile._TemporaryFileWrapper:
        return root_of(file.file)
    if kind in _STREAMS:
        return root_of(getattr(file, _STREAMS[kind], None)) if getattr(file, "_closefp", True) else None
    if kind is zipfile.ZipExtFile:
        return root_of(getattr(getattr(file, "_fileobj", None), "_file", None))
    if kind is io.BytesIO or not is_regular(file):
        return None
    return file


def name_of(root: Any, path: str) -> str:
    """Where a file lies: where its user says, if that leads to it now, or else as the kernel has it.

    The name of an archive's member leads elsewhere, as does that of a file taken away since, or opened elsewhere.
    """
    try:
        if path and os.path.samestat(os.stat(path), os.fstat(root.fileno())):  # noqa: PTH116 - whatever a program made of pathlib
            return path
    except (OSError, ValueError):
        pass  # it leads nowhere
    try:
        return os.readlink(f"/proc/self/fd/{root.fileno()}").removesuffix(" (deleted)")  # noqa: PTH115 - the same
    except OSError:
        return path


def over(file: Any, root: BinaryIO) -> Any:
    """The stream that ``file`` is, over another root, where ``file`` stands.

    Raises:
        OSError, ValueError, KeyError: there is none.
    """
    kind: Any = type(file)
    stream: Any = root
    if kind is zipfile.ZipExtFile:
        stream = _member(file.name, root)
    elif kind is gzip.GzipFile:
        stream = gzip.GzipFile(fileobj=root, mode="rb")
    elif kind in _STREAMS:
        stream = kind(root)
    stream.seek(file.tell())
    return stream


def _member(name: str, root: BinaryIO) -> Any:
    archive = zipfile.ZipFile(root)
    if archive.namelist().count(name) != 1:
        msg = f"the archive has no one member {name!r}"
        raise KeyError(msg)
    return archive.open(name)
