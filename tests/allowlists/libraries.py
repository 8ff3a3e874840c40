"""One pickle judged by all the default lists, without policy or settings."""

from __future__ import annotations

from typing import Any

from safeload.allowlists import DEFAULT_PROFILES, profile_entries
from safeload.allowlists.table import Entries
from safeload.scan.inert import Recorder
from safeload.scan.look import look_at_bytes

BOOK: Entries = {ref: entry for profile in DEFAULT_PROFILES for ref, entry in profile_entries(profile).items()}


def refusals(stream: bytes, book: Entries = BOOK) -> list[str]:
    """Why a policy of the default lists refuses the stream; empty when it loads."""
    return judged(stream, book)[0]


def judged(stream: bytes, book: Entries = BOOK) -> tuple[list[str], list[tuple[str, Any]]]:
    """The refusals, and the streams that the stream holds, each with its format."""
    nested: list[tuple[str, Any]] = []
    recorder = Recorder(book, lambda kind, data: nested.append((kind, data)))
    report = look_at_bytes(stream, recorder)
    found = [f"{ref}: {text}" for ref, text, _ in report.objections]
    if report.problem:
        found.append(report.problem)
    for ref, use in report.uses.items():
        entry = book.get(ref)
        if entry is None:
            found.append(f"{ref} is on no list")
        elif use & ~entry.uses:
            found.append(f"{ref} may not be {use & ~entry.uses}")
    return found, nested
