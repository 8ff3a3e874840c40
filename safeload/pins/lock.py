"""Pins as values: what a lock file says of exact bytes, and what it binds to a path."""

from __future__ import annotations

import enum
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from safeload.scan.report import GlobalRef, printable

NAME: Final = "safeload.lock"
VERSION: Final = 1
# Days by which a pin may seem to come from tomorrow: clocks differ, and so do their days.
SKEW: Final = timedelta(days=1)


class Level(enum.Enum):
    """How far a grant goes. Each is one of a digest; none is one of a name or of a place."""

    DATA = "data"
    NAMES = "names"
    PICKLE = "pickle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What one table of a lock file says.

    Attributes:
        sha256: all 64 digits of the digest of the whole file: the only key.
        size: of the file, in bytes; a file of another size is not even hashed.
        level: what the bytes may do. ``data``: what the lists in force allow. ``names``: beside that, ask
            for the ``globals`` below, but never for what no policy may allow by name. ``pickle``: anything.
        reason: who reviewed them, and why they are fine.
        pinned: the day it was written, in UTC.
        expires: the last day on which it opens anything, in UTC.
        paths: where only these bytes are accepted; relative to the folder of the lock file.
        globals: the names the file asks for.
        source: where it came from, as its user says. Opens nothing.
        safetensors: the digest of the file converted from it. Opens nothing.
        signed_by: whose signature was verified when it was pinned. Opens nothing.
        line: where the table stands.
    """

    sha256: str
    size: int
    level: Level
    reason: str
    pinned: date
    expires: date | None = None
    paths: tuple[str, ...] = ()
    globals: tuple[GlobalRef, ...] = ()
    source: str = ""
    safetensors: str = ""
    signed_by: str = ""
    line: int = field(default=0, compare=False)

    def not_now(self, today: date) -> str:
        """Why it opens nothing on this day; empty if it does."""
        if self.expires is not None and today > self.expires:
            return f"its pin expired on {self.expires}"
        if self.pinned - today > SKEW:
            return f"its pin is of {self.pinned}, which is not yet: it is {today} here"
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock file as it was read.

    Attributes:
        path: where it lies.
        pins: by digest, without the ``sha256:``.
        problem: why it opens nothing; what it bound is not known then.
        text: what stands in it, where there is a problem.
        bound: absolute paths, as they are written and as links lead there, with the digest of each.
    """

    path: str
    pins: Mapping[str, Pin] = field(default_factory=lambda: MappingProxyType({}))
    problem: str = ""
    text: str = field(default="", repr=False)
    bound: Mapping[str, str] = field(init=False)
    sizes: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        folder = os.path.dirname(os.path.abspath(self.path))  # noqa: PTH100, PTH120 - pathlib keeps the dots
        bound: dict[str, str] = {}
        for pin in self.pins.values():
            for named in pin.paths:
                bound |= dict.fromkeys(places_of(os.path.join(folder, named)), pin.sha256)  # noqa: PTH118 - the same
        object.__setattr__(self, "bound", MappingProxyType(bound))
        object.__setattr__(self, "sizes", frozenset(pin.size for pin in self.pins.values()))

    def bound_to(self, path: str) -> str:
        """The digest of the only bytes that this path may give, however it is spelt; empty if any may."""
        if not path or not self.bound:
            return ""
        return next((self.bound[place] for place in places_of(path) if place in self.bound), "")

    def may_bind(self, path: str) -> bool:
        """Whether a lock file that cannot be taken may have bound this path to certain bytes.

        All that its text names, and all but what was installed with the interpreter: a server that reads
        its own pickles as it starts is to say what is wrong, not to be dead.
        """
        if not self.problem or not path:
            return False
        places = places_of(path)
        installed = [os.path.realpath(prefix) for prefix in (sys.prefix, sys.base_prefix)]
        inside = any(place.startswith(prefix + os.sep) for place in places[1:] for prefix in installed)
        return not inside or any(os.path.basename(place) in self.text for place in places)  # noqa: PTH119 - the same

    def __str__(self) -> str:
        return printable(self.path, 500)


def places_of(path: str) -> tuple[str, ...]:
    """A path as it is written, without its dots, and as its links lead now."""
    try:
        return os.path.abspath(path), os.path.realpath(path)  # noqa: PTH100 - pathlib keeps the dots
    except (OSError, ValueError):
        return ()
