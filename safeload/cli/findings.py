"""Which files to look at, and what was found in one, as plain values that a worker can hand back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safeload.files import judged
from safeload.pins.claims import place_of
from safeload.policy import Verdict
from safeload.scan.readers import UNKNOWN
from safeload.scan.report import Report

# Names by which people keep pickles. In a folder, what has another name and is no pickle is passed by.
SUFFIXES: Final = frozenset(
    """
    .pkl .pickle .p .pk .joblib .jl .sav .model .pt .pth .ckpt .bin .dill .cloudpickle
    .npy .npz .pt2 .ptc .gz .bz2 .xz .lz4 .z
    """.split()
)


@dataclass(frozen=True, slots=True)
class Target:
    """One file to look at.

    Attributes:
        place: its path, or its address where it is not on this machine.
        named: whether the user named it, or its suffix does: then it is never passed by.
        source: repository and revision, where it lies in a Hugging Face cache.
    """

    place: str
    named: bool
    source: str = ""

    @property
    def is_remote(self) -> bool:
        return "://" in self.place


@dataclass(frozen=True, slots=True)
class Finding:
    """One file, looked at.

    Attributes:
        names: each name asked for, with what is done with it.
        refused: each name refused, with the ground in one word and in a sentence.
        unpinned: why its bytes may not load, whatever they ask for.
        sha256: of its bytes, where they were hashed.
        grant: what lets exactly these bytes in, fact by fact.
    """

    target: Target
    format: str = UNKNOWN
    names: tuple[tuple[str, str], ...] = ()
    refused: tuple[tuple[str, str, str], ...] = ()
    allowed_by: tuple[str, ...] = ()
    problem: str = ""
    unpinned: str = ""
    error: str = ""
    sha256: str = ""
    grant: tuple[tuple[str, str], ...] = ()

    @property
    def outcome(self) -> str:
        if self.error:
            return "error"
        if self.refused or self.unpinned:
            return "refused"
        return "unreadable" if self.problem else "admitted"

    @property
    def is_passed_by(self) -> bool:
        """Nothing that an unpickler would take, and nobody named it."""
        return not self.target.named and not self.error and self.format == UNKNOWN and not self.refused

    def as_json(self) -> dict[str, Any]:
        texts = {name: text for name, _, text in self.refused}
        row = {
            "path": self.target.place,
            "verdict": self.outcome,
            "format": self.format,
            "names": [{"name": name, "uses": uses, "refused": texts.get(name)} for name, uses in self.names],
            "refused": texts,
            "grounds": {name: ground for name, ground, _ in self.refused},
            "allowed_by": list(self.allowed_by),
            "problem": self.error or self.unpinned or self.problem,
        }
        return row | ({"source": self.target.source} if self.target.source else {})


def find(target: Target) -> Finding:
    """Look at one file."""
    try:
        if target.is_remote:
            from safeload.cli import remote

            with remote.opened(target.place) as file:
                return _finding(target, *judged(file))
        return _finding(target, *judged(target.place))
    except (OSError, ValueError, TypeError) as error:
        return Finding(target, error=f"{getattr(error, 'strerror', '') or error}")


def _finding(target: Target, report: Report, verdict: Verdict) -> Finding:
    return Finding(
        target,
        format=report.format,
        names=tuple((str(ref), str(report.uses[ref])) for ref in report.globals),
        refused=tuple((str(item.ref), item.ground.name.lower(), item.text) for item in verdict.refused),
        allowed_by=verdict.profiles,
        problem=verdict.unread,
        unpinned=verdict.unpinned,
    )


def targets_of(places: Iterable[str]) -> Iterator[Target]:
    """Every file, each once, however many names lead to it."""
    seen: set[tuple[int, int]] = set()
    for place in places:
        if "://" in place:
            from safeload.cli import remote

            yield from (Target(file, named or has_a_models_name(file)) for file, named in remote.files(place))
        elif not Path(place).is_dir():
            yield Target(place, named=True)
        else:
            yield from _walk(place, seen)


def has_a_models_name(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES  # noqa: PTH122 - an address is no path


def _walk(place: str, seen: set[tuple[int, int]]) -> Iterator[Target]:
    for folder, folders, names in os.walk(place):
        # Of a cache, snapshots before blobs: a file is known by the name that its repository gives it.
        folders[:] = sorted((name for name in folders if name != ".git"), key=lambda name: (name == "blobs", name))
        for name in sorted(names):
            file = Path(folder, name)
            if not file.is_file():
                continue
            status = file.stat()
            if (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                yield Target(str(file), has_a_models_name(name), _cached_from(file))


def _cached_from(file: Path) -> str:
    """Of a file in a snapshot: ``org/name@revision``."""
    place = place_of(file)
    return f"{place.repository}@{place.commit}" if place is not None and place.commit else ""
