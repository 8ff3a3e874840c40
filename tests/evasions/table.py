"""All rows, in one place."""

from __future__ import annotations

from typing import Final

from . import (
    arguments,
    at_use,
    codes,
    containers,
    doors,
    entangled,
    exhaustion,
    gadgets,
    indirect,
    library_gadgets,
    memory,
    names,
    native,
    pollution,
    reuse,
    streams,
    subclasses,
    surroundings,
    torch_files,
)
from .rows import Row

THEMES: Final[dict[str, tuple[Row, ...]]] = {
    "names": names.ROWS,
    "indirect": indirect.ROWS,
    "gadgets": gadgets.ROWS,
    "library_gadgets": library_gadgets.ROWS,
    "streams": streams.ROWS,
    "pollution": pollution.ROWS,
    "reuse": reuse.ROWS,
    "torch_files": torch_files.ROWS,
    "containers": containers.ROWS,
    "doors": doors.ROWS,
    "subclasses": subclasses.ROWS,
    "surroundings": surroundings.ROWS,
    "entangled": entangled.ROWS,
    "arguments": arguments.ROWS,
    "memory": memory.ROWS,
    "native": native.ROWS,
    "codes": codes.ROWS,
    "at_use": at_use.ROWS,
    "exhaustion": exhaustion.ROWS,
}

ROWS: Final = {f"{theme}-{row.id}": row for theme, rows in THEMES.items() for row in rows}
"""Each row under its theme and name."""
