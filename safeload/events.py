"""The log's vocabulary and its one way out: JSON lines. The only importer of structlog.

Of structlog only the rendering is used, and nothing of its configuration: that is the program's, as is
the configuration of :mod:`logging`. A log that cannot be written never stops a load or lets one through.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from safeload import boot
from safeload.installed import ours
from safeload.record import ITSELF
from safeload.state import STATE

LEVELS: Final = {
    "activated": "info",
    "deactivated": "warning",
    "policy.rejected": "error",
    "policy.changed": "info",
    "policy.defended": "warning",
    "lock.rejected": "error",
    "signature.rejected": "warning",
    "library.vulnerable": "warning",
    "twin.hostile": "warning",
    "sandbox.ran": "info",
    "sandbox.failed": "warning",
    "sandbox.detonated": "info",
    "load.admitted": "info",
    "load.reported": "warning",
    "load.blocked": "error",
}
"""Every event, without the ``safeload.`` before it, and its level (docs/reference/events.md)."""

# What stderr shows: a notebook's user has no use for the rest.
_QUIET: Final = frozenset({"info"})
LONGEST: Final = 200  # items of a list: a file may ask for a million names


def emit(event: str, fields: dict[str, Any]) -> None:
    """Write one event where the policy says."""
    level = LEVELS[event]
    if STATE.log == "stderr" and (level in _QUIET or _is_read_anyhow(event)):
        return
    line = ""
    try:
        line = _line(f"safeload.{event}", level, fields)
        _WAYS.get(STATE.log, _to_file)(level, line)
    except Exception as error:  # noqa: BLE001 - a handler of the program's may raise anything
        _complain(f"the log {STATE.log} cannot be written: {error}", level, line)


def hashed(path: str) -> str:
    """A digest in place of a file's name: the same for the same file, and no name of a project or person."""
    import hashlib  # brings in OpenSSL, 4 MB

    return "sha256:" + hashlib.sha256(str(Path(path).absolute()).encode("utf-8", "backslashreplace")).hexdigest()


# --- what a line says ---------------------------------------------------------------------------


def _line(event: str, level: str, fields: dict[str, Any]) -> str:
    policy = STATE.policy
    said: dict[str, Any] = {"event": event, "level": level, "version": boot.VERSION}
    said |= {"pid": os.getpid(), "ppid": os.getppid(), **_machine()}
    if policy is not None:
        said |= {"policy": policy.origin, "mode": policy.mode.value, "policy_sha256": policy.digest}
    for name, value in fields.items():
        if isinstance(value, list) and len(value) > LONGEST:
            said[f"{name}_left_out"] = len(value) - LONGEST
            said[name] = value[:LONGEST]
        else:
            said[name] = value
    if STATE.paths == "hashed":
        said |= {name: _unnamed(said[name]) for name in ("path", "twin") if said.get(name)}
        if said.get("claim"):
            said["claim"] = {name: hashed(text) if name == "source" else text for name, text in said["claim"].items()}
    elif said.get("path") and not Path(said["path"]).is_absolute():
        with suppress(OSError):  # a folder that was taken away
            said["cwd"] = str(Path.cwd())  # whoever reads the log stands elsewhere
    return _rendered(said)


def _unnamed(value: Any) -> Any:
    """What a field says of files, without their names; why a twin was not opened has one in it, too."""
    if isinstance(value, str):
        return value if value == ITSELF else hashed(value)
    return {name: _unnamed(text) if name == "used" else "not proven the same" for name, text in value.items()}


@cache
def _machine() -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if hasattr(os, "uname"):
        facts["host"] = os.uname().nodename
    if hasattr(os, "getuid"):
        facts["uid"] = os.getuid()
    return facts


def _rendered(said: dict[str, Any]) -> str:
    try:
        with ours():
            from structlog import processors
    except ImportError:  # an interpreter that has safeload without what it needs has to be told all the same
        import json
        from datetime import UTC, datetime

        said["timestamp"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        return json.dumps(said, sort_keys=True, default=str)
    said = dict(processors.TimeStamper(fmt="iso", utc=True)(None, said["level"], said))
    return str(processors.JSONRenderer(sort_keys=True, default=str)(None, said["level"], said))


# --- where it goes ------------------------------------------------------------------------------


def _to_stderr(_level: str, line: str) -> None:
    """To the process's own: what is written to a notebook's ``sys.stderr`` is shown in the cell, and saved with it."""
    if type(sys.stderr).__module__ == "ipykernel.iostream":
        with suppress(OSError):  # it has none of its own
            os.write(sys.stderr.fileno(), line.encode("utf-8", "backslashreplace") + b"\n")
            return
    if sys.stderr is not None:
        sys.stderr.write(line + "\n")


def _is_read_anyhow(event: str) -> bool:
    """Whether a person at IPython's prompt has the refusal itself, right below."""
    ipython: Any = sys.modules.get("IPython")
    if event != "load.blocked" or ipython is None or sys.stderr is None or not sys.stderr.isatty():
        return False
    return ipython.get_ipython() is not None


def _to_logging(level: str, line: str) -> None:
    """To whatever handlers the program has: syslog, OpenTelemetry, a file of its own."""
    import logging

    logging.getLogger("safeload").log(logging.getLevelNamesMapping()[level.upper()], "%s", line)


def _to_file(_level: str, line: str) -> None:
    """One ``write`` a line: whole lines from many processes in one file, and no handle to rotate.

    Raises:
        OSError: it was not written, or in part; the next line does not go on where that part ends.
    """
    data = b"\n" * STATE.log_is_cut + line.encode("utf-8", "backslashreplace") + b"\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NONBLOCK", 0)  # a pipe is not waited for
    descriptor = os.open(Path(STATE.log).expanduser(), flags, 0o640)
    try:
        written = os.write(descriptor, data)
    finally:
        os.close(descriptor)
    STATE.log_is_cut = STATE.log_is_cut and not written
    if written < len(data):
        STATE.log_is_cut = True
        msg = "there is no room for all of a line"
        raise OSError(msg)


_WAYS: Final = {"stderr": _to_stderr, "logging": _to_logging}


def _complain(text: str, level: str, line: str) -> None:
    """Once for a process; but what is more than news goes to stderr then, line by line.

    Where that cannot be written either, as on the same full disk, nobody is told, and the load goes on.
    """
    if sys.stderr is None:
        return
    with suppress(Exception):
        if text not in STATE.warned:
            STATE.warned.add(text)
            sys.stderr.write(f"safeload: {text}\n")
        if line and level not in _QUIET:
            sys.stderr.write(line + "\n")
