"""What a parent tells its child: plain values, written as one line of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Final, Self

HOMES: Final = ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
"""What says where a process may write: in the folder that is its own."""

MAX_REPORT: Final = 64 << 10
"""Bytes that a child may say beside its output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One file.

    Attributes:
        how: which loader reads it: ``torch``, ``joblib``, ``numpy`` or ``pickle``; ``plan``: its inert reading.
        modules: what its names lie in, to be imported before.
        path: where packages are installed; the child imports from nowhere else.
        scratch: the folder that is its own.
        parent: the process that it ends with.
        observed: an observer answers what it may not do, and tells it.
    """

    how: str
    modules: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    scratch: str = ""
    parent: int = 0
    limits: dict[str, float] = field(default_factory=dict)
    observed: bool = False

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        said = json.loads(line)
        return cls(**{**said, "modules": tuple(said["modules"]), "path": tuple(said["path"])})
