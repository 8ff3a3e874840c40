"""All rows, in one place."""

from __future__ import annotations

from typing import Final

from . import arguments, containers, doors, gadgets, library_gadgets, names, streams
from .rows import Row

ROWS: Final[dict[str, Row]] = {}
for _module in (names, gadgets, library_gadgets, streams, containers, doors, arguments):
    for _row in _module.ROWS:
        if _row.id in ROWS:
            _message = f"two rows are called {_row.id}"
            raise ValueError(_message)
        ROWS[_row.id] = _row
