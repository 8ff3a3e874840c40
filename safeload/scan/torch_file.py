"""The pickles of a torch file held in memory, for the inventory ahead of the load.

The load itself is judged on what torch's own reader hands to the unpickler, so a zip that two
parsers read differently is refused there, not trusted here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

# The legacy format: magic number, protocol version, system information, the object, storage keys.
LEGACY_PICKLES: Final = 5
ZIP: Final = b"PK\x03\x04"


def pickle_readers(data: bytes) -> Iterator[tuple[io.BufferedReader, int]]:
    """Readers over the pickles, each with how many follow one another in it.

    Raises:
        ValueError: it begins as a zip archive and is none.
    """
    if not data.startswith(ZIP):
        yield io.BufferedReader(io.BytesIO(data)), LEGACY_PICKLES
        return
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            contents = [archive.read(name) for name in archive.infolist() if name.filename.endswith(".pkl")]
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from None
    for content in contents:
        yield io.BufferedReader(io.BytesIO(content)), 1
