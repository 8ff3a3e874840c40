"""What was found in a file, together with the digest of the bytes it was found in, and what lets those load."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from safeload import grants
from safeload.cli.findings import Finding, Target, find
from safeload.pins import claims, granting
from safeload.pins.held import stamp_of

CHANGED: Final = "it was changed while it was looked at"


def find_hashed(target: Target) -> Finding:
    """Look at one file and hash it; what is passed by is not hashed."""
    if target.is_remote:
        return _remote(target)
    try:
        if not stat.S_ISREG(Path(target.place).stat().st_mode):
            return find(target)
        with Path(target.place).open("rb") as file:
            return _local(target, file)
    except OSError as error:
        return Finding(target, error=f"{error.strerror or error}")


def _remote(target: Target) -> Finding:
    from safeload.cli import remote

    finding = find(target)
    if finding.error or finding.is_passed_by:
        return finding
    try:
        with remote.opened(target.place) as file:
            return replace(finding, sha256=_digest(file))
    except (OSError, ValueError) as error:
        return Finding(target, error=str(error))


def _local(target: Target, file: BinaryIO) -> Finding:
    before = stamp_of(os.fstat(file.fileno()))
    finding = find(target)
    if finding.error or finding.is_passed_by:
        return finding
    digest = _digest(file)
    grant = _grant(target.place)
    now = (stamp_of(os.fstat(file.fileno())), stamp_of(Path(target.place).stat()))
    if set(now) != {before} or grant.get("sha256", digest) != digest:
        return Finding(target, error=CHANGED)
    claim = claims.claim_of(target.place)
    alarm = claim.against(digest) if claim is not None else ""
    return replace(finding, sha256=digest, grant=tuple(grant.items()), unpinned=finding.unpinned or alarm)


def _grant(place: str) -> dict[str, str]:
    if not grants.any_trust():
        return {}
    answer, held = granting.of_path(place, place)
    if held is not None:
        held.close()
    return answer.grant.facts() if answer.grant is not None else {}


def _digest(file: Any) -> str:
    sha256 = hashlib.sha256()
    while piece := file.read(1 << 20):
        sha256.update(piece)
    return sha256.hexdigest()
