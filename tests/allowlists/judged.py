"""One pickle judged by the builtins, stdlib and numpy lists alone, without policy or settings."""

from __future__ import annotations

from typing import Any

from safeload.allowlists import for_builtins, for_numpy, for_stdlib
from safeload.allowlists.table import Entries
from safeload.scan.inert import Recorder
from safeload.scan.look import look_at_bytes

BOOK: Entries = {**for_builtins.ENTRIES, **for_stdlib.ENTRIES, **for_numpy.ENTRIES}


def _nothing_nested(_format: str, _data: Any) -> None:
    """No entry of these lists has a stream inside."""
    raise AssertionError


def refusals(stream: bytes, **options: Any) -> list[str]:
    """Why a policy of these lists refuses the stream; empty when it loads."""
    report = look_at_bytes(stream, Recorder(BOOK, _nothing_nested), options=options)
    found = [f"{ref}: {text}" for ref, text, _ in report.objections]
    if report.problem:
        found.append(report.problem)
    for ref, use in report.uses.items():
        entry = BOOK.get(ref)
        if entry is None:
            found.append(f"{ref} is on no list")
        elif use & ~entry.uses:
            found.append(f"{ref} may not be {use & ~entry.uses}")
    return found
