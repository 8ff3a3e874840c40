"""What rows about doors share."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

from .builders import (
    pickled,
)
from .rows import FILE, Files, Row

Load = Callable[[], object]


def content() -> bytes:
    with open(FILE, "rb") as stream:
        return stream.read()


def stream() -> io.BufferedReader:
    return open(FILE, "rb")


def door(
    id: str,
    load: Load,
    *,
    file: Callable[[bytes], Files] = pickled,
    needs: tuple[str, ...] = (),
    twin: bool = True,
    known: str = "",
    gaps: Mapping[str, str] = MappingProxyType({}),
) -> Row:
    return Row(id=id, file=file, load=load, needs=needs, twin=twin, known=known, gaps=gaps)
