"""All rows, in one place."""

from __future__ import annotations

from typing import Final

from . import arguments, containers, doors, gadgets, library_gadgets, names, streams
from .rows import Row

THEMES: Final[dict[str, tuple[Row, ...]]] = {
    "names": names.ROWS,
    "gadgets": gadgets.ROWS,
    "library_gadgets": library_gadgets.ROWS,
    "streams": streams.ROWS,
    "containers": containers.ROWS,
    "doors": doors.ROWS,
    "arguments": arguments.ROWS,
}

ROWS: Final = {f"{theme}-{row.id}": row for theme, rows in THEMES.items() for row in rows}
"""Each row under its theme and name."""
