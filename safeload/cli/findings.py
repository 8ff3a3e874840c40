"""Which files to look at, and what was found in one."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from safeload.files import judged
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


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One file, looked at."""

    path: Path
    report: Report = dataclasses.field(default_factory=Report)
    verdict: Verdict = dataclasses.field(default_factory=Verdict)
    error: str = ""

    @property
    def outcome(self) -> str:
        if self.error:
            return "error"
        if self.verdict.refused:
            return "refused"
        return "unreadable" if self.verdict.unread else "admitted"

    @property
    def is_no_pickle(self) -> bool:
        """Nothing that an unpickler would take."""
        return self.report.format == UNKNOWN and not self.verdict.refused

    def as_json(self) -> dict[str, Any]:
        grounds = {item.ref: item.text for item in self.verdict.refused}
        return {
            "path": str(self.path),
            "verdict": self.outcome,
            "format": self.report.format,
            "names": [
                {"name": str(ref), "uses": str(self.report.uses[ref]), "refused": grounds.get(ref)}
                for ref in self.report.globals
            ],
            "refused": {str(ref): text for ref, text in grounds.items()},
            "allowed_by": list(self.verdict.profiles),
            "problem": self.error or self.verdict.unread,
        }


def files_of(paths: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Every file, with whether it was named itself."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file():
                    yield file, file.suffix.lower() in SUFFIXES


def find(path: Path) -> Finding:
    try:
        return Finding(path, *judged(path))
    except OSError as error:
        return Finding(path, error=f"{error.strerror or error}")
