"""The log's vocabulary and its one way out: JSON lines. The only importer of structlog."""

from __future__ import annotations

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

from safeload.state import STATE

LEVELS: Final = {
    "activated": "info",
    "deactivated": "warning",
    "policy.rejected": "error",
    "policy.changed": "info",
    "library.vulnerable": "warning",
    "twin.hostile": "warning",
    "load.admitted": "info",
    "load.reported": "warning",
    "load.blocked": "error",
}
"""Every event, without the ``safeload.`` before it, and its level (docs/reference/events.md)."""

# What stderr shows: a notebook's user has no use for the rest.
_QUIET: Final = frozenset({"info"})


class _Lines:
    """One ``write`` a line: whole lines from many processes in one file, and no handle to rotate."""

    def msg(self, line: str) -> None:
        if STATE.log == "stderr":
            if sys.stderr is not None:
                sys.stderr.write(line + "\n")
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(Path(STATE.log).expanduser(), flags, 0o640)
        try:
            os.write(descriptor, line.encode("utf-8", "backslashreplace") + b"\n")
        finally:
            os.close(descriptor)

    debug = info = warning = error = msg


@cache
def _logger() -> Any:
    import structlog

    return structlog.wrap_logger(
        _Lines(),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True, default=str),
        ],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=True,
    )


def emit(event: str, fields: dict[str, Any]) -> None:
    """Write one event; a log that cannot be written never stops a load or lets one through."""
    level = LEVELS[event]
    if STATE.log == "stderr" and level in _QUIET:
        return
    policy = STATE.policy
    common: dict[str, Any] = {"level": level, "pid": os.getpid()}
    if policy is not None:
        common |= {"policy": policy.origin, "mode": policy.mode.value, "policy_sha256": policy.digest}
    try:
        getattr(_logger(), level)(f"safeload.{event}", **common, **fields)
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"safeload: the log {STATE.log} cannot be written: {error}\n")
