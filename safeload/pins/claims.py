"""What a Hugging Face cache says of a file: a claim, to be shown, and an alarm where the bytes say otherwise.

Read offline, without the hub's package. Nothing here opens a file: a name is never trusted.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_KINDS: Final = {"models": "hf:", "datasets": "hf:datasets/", "spaces": "hf:spaces/"}
LONGEST: Final = 64 << 20  # bytes of a list of files


@dataclass(frozen=True, slots=True)
class Claim:
    """Where a file says it is from, and which digest it should have.

    Attributes:
        sha256: the digest that the cache says; empty if it says none.
        words: who says it.
    """

    source: str
    sha256: str
    words: str


def claim_of(path: Path) -> Claim | None:
    """The claim about a file of a cache; None where nothing is claimed."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - the link itself is what says it
    parts = whole.parts
    for number, part in enumerate(parts[:-3]):
        kind, dashes, name = part.partition("--")
        if dashes and kind in _KINDS and parts[number + 1] == "snapshots":
            repository = name.replace("--", "/")
            commit, inside = parts[number + 2], "/".join(parts[number + 3 :])
            source = f"{_KINDS[kind]}{repository}@{commit}/{inside}"
            folder = Path(*parts[: number + 1])
            digest = _of_the_link(whole) or _of_the_tree(folder / "trees" / f"{commit}.json", inside)
            return Claim(source, digest, f"the cache of {repository}")
    return None


def _of_the_link(path: Path) -> str:
    """The blob that a snapshot leads to is named by its digest; what that leads to in turn may not be."""
    try:
        target = Path(os.readlink(path))  # noqa: PTH115 - exactly one link
    except OSError:
        return ""
    return target.name if target.parent.name == "blobs" and _SHA256.fullmatch(target.name) else ""


def _of_the_tree(path: Path, inside: str) -> str:
    """The list of a commit's files, which the hub's package keeps."""
    try:
        if path.stat().st_size > LONGEST:
            return ""
        listed = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    files = listed.get("files") if isinstance(listed, dict) else None
    item = files.get(inside) if isinstance(files, dict) else None
    digest = item.get("lfs_sha256") if isinstance(item, dict) else None
    return digest if isinstance(digest, str) and _SHA256.fullmatch(digest) else ""
