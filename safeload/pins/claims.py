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
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_KINDS: Final = {"models": "hf:", "datasets": "hf:datasets/", "spaces": "hf:spaces/"}
LONGEST: Final = 64 << 20  # bytes of a list of files
_NOTES: Final = (".cache", "huggingface")  # in a folder that a repository was downloaded into
_NOTE: Final = 4096  # bytes, of what is kept there of one file


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

    def against(self, digest: str) -> str:
        """The alarm that bytes of this digest are; empty where they are not claimed to be others."""
        if not self.sha256 or self.sha256 == digest:
            return ""
        return (
            f"{self.words} says that it is sha256:{self.sha256}, and its bytes are sha256:{digest}: "
            "it was changed or damaged since it came; fetch it again"
        )


def claim_of(path: str | os.PathLike[str]) -> Claim | None:
    """The claim about a file of a cache; None where nothing is claimed."""
    try:
        whole = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - the link itself is what says it
        return (_of_the_cache(Path(whole)) if "--" in whole else None) or _of_the_download(whole)
    except (OSError, ValueError):  # no name of a file
        return None


def alarm(descriptor: int, path: str, digest: str) -> str:
    """Why the bytes of an open file are not those that its cache claims; empty if they are, or none are claimed.

    Args:
        path: how it was opened. What is no name of this very file says nothing of it, as a member's is not
            of its archive: what the kernel calls the file does, and where a link of somebody's own leads into a cache.
    """
    try:
        same = bool(path) and os.path.samestat(os.stat(path), os.fstat(descriptor))  # noqa: PTH116 - cheaper
    except (OSError, ValueError):
        same = False
    try:
        claim = (claim_of(path) if same else None) or claim_of(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115 - the same
    except OSError:
        return ""
    return claim.against(digest) if claim is not None else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file lies in a cache.

    Attributes:
        folder: of its repository.
        kind: how the name of the repository begins.
        commit: whose snapshot it is in; empty for a blob.
        inside: its name in the repository; a blob's own name.
    """

    folder: Path
    kind: str
    repository: str
    commit: str
    inside: str


def place_of(whole: Path) -> Place | None:
    """``models--org--name/snapshots/COMMIT/…``, or one of the blobs that those lead to. No file is looked at."""
    parts = whole.parts
    for number, part in enumerate(parts[:-2]):
        kind, dashes, name = part.partition("--")
        if not dashes or kind not in _KINDS:
            continue
        folder, repository, below = Path(*parts[: number + 1]), name.replace("--", "/"), parts[number + 1 :]
        if below[0] == "snapshots" and len(below) > 2:  # noqa: PLR2004 - and a commit, and a file
            return Place(folder, _KINDS[kind], repository, below[1], "/".join(below[2:]))
        if below[0] == "blobs" and len(below) == 2:  # noqa: PLR2004 - and a file
            return Place(folder, _KINDS[kind], repository, "", below[1])
    return None


def _of_the_cache(whole: Path) -> Claim | None:
    words, place = "the cache that it lies in", place_of(whole)
    if place is None:
        return None
    if place.commit:
        digest = _of_the_link(whole) or _of_the_tree(place.folder / "trees" / f"{place.commit}.json", place.inside)
        return Claim(f"{place.kind}{place.repository}@{place.commit}/{place.inside}", digest, words)
    if _SHA256.fullmatch(place.inside):
        return Claim(f"{place.kind}{place.repository}", place.inside, words)
    return None


def _of_the_download(whole: str) -> Claim | None:
    """What is kept beside files that were downloaded into a folder; the repository is not in it."""
    folder = os.path.dirname(whole)  # noqa: PTH120 - os.path is cheaper, and a load with an event pays for it
    while True:
        notes = os.path.join(folder, *_NOTES)  # noqa: PTH118 - the same
        if os.path.isdir(notes):  # noqa: PTH112 - the same
            inside = os.path.relpath(whole, folder).replace(os.sep, "/")
            found = _lines_of(Path(notes, "download", f"{inside}.metadata"), Path(whole))
            if len(found) > 1 and _COMMIT.fullmatch(found[0]):
                digest = found[1] if _SHA256.fullmatch(found[1]) else ""
                digest = digest or _of_the_tree(Path(notes, "trees", f"{found[0]}.json"), inside)
                return Claim(f"hf:@{found[0]}/{inside}", digest, "the note of its download")
        above = os.path.dirname(folder)  # noqa: PTH120 - the same
        if above == folder:
            return None
        folder = above


def _lines_of(note: Path, file: Path) -> list[str]:
    """Its lines, if whoever owns the file wrote it, or root did: nobody else stops a load."""
    try:
        status = note.stat()
        if status.st_size > _NOTE or status.st_uid not in (file.stat().st_uid, 0):
            return []
        return note.read_text("ascii").split()
    except (OSError, ValueError):
        return []


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
