"""What a Hugging Face cache holds of one commit: ``hf:org/name@COMMIT`` as files. Offline, and by exact names only."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from safeload.errors import PolicyError

PREFIX: Final = "hf:"
_WORD: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?"
_PLACE: Final = re.compile(rf"hf:(?:(datasets|spaces)/)?({_WORD}(?:/{_WORD})?)@([0-9a-f]{{7,64}})")
SHOWN: Final = 5  # commits that a message names


def files_of(place: str, cache: Path) -> list[Path]:
    """Every file that the cache holds of a commit, in order; what was not fetched is not there.

    Raises:
        PolicyError: that names no commit, or none that the cache holds.
    """
    found = _PLACE.fullmatch(place)
    if found is None or "--" in found[2] or ".." in found[2]:
        msg = f"{place}: hf:ORGANISATION/NAME@COMMIT is needed, with the digits of a commit: a branch or a tag moves"
        raise PolicyError(msg)
    kind, repository, commit = found[1] or "models", found[2], found[3]
    snapshots = cache / f"{kind}--{repository.replace('/', '--')}" / "snapshots"
    folder = snapshots / commit
    files = sorted(_below(folder))
    if not files:
        msg = f"{place}: there is nothing of it in {cache}{_others(snapshots)}"
        raise PolicyError(msg)
    return files


def _below(folder: Path) -> list[Path]:
    files = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return [file for file in files if file.is_file()]


def _others(snapshots: Path) -> str:
    try:
        commits = sorted(path.name for path in snapshots.iterdir())
    except OSError:
        return ""
    more = ", …" if len(commits) > SHOWN else ""
    return f"; of this repository it holds {', '.join(commits[:SHOWN])}{more}" if commits else ""
