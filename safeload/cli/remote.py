"""Files that are not on this machine, by their addresses: what fsspec and its extras know to open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, BinaryIO

import click


def _fsspec() -> Any:
    try:
        import fsspec
    except ImportError:
        msg = "addresses need fsspec: pip install 'safeload[remote]', and what the protocol needs (s3fs, gcsfs, …)"
        raise click.UsageError(msg) from None
    return fsspec


def files(address: str) -> Iterator[tuple[str, bool]]:
    """Every file under an address, with whether it was named itself."""
    try:
        system, path = _fsspec().url_to_fs(address)
        found = system.find(path)
    except (OSError, ValueError, ImportError) as error:
        msg = f"{address}: {error}"
        raise click.UsageError(msg) from None
    if not found:
        msg = f"{address}: nothing is there"
        raise click.UsageError(msg)
    for file in sorted(found):
        yield system.unstrip_protocol(file), file == path


def opened(address: str) -> AbstractContextManager[BinaryIO]:
    """One file, open for reading, which can go back to where it stood."""
    system, path = _fsspec().url_to_fs(address)
    file: AbstractContextManager[BinaryIO] = system.open(path, "rb")
    return file
