"""The loading process: ``python -m evasions.arm bare|first|late``.

It answers one JSON line for each JSON line ``{"row": id, "at": directory}`` on its standard input,
and forks for each row, so that what a row does to its process stays there and libraries are
imported once. ``first`` imports safeload before anything else, ``late`` after every library and
after references to their functions were taken, ``bare`` not at all.
"""

from __future__ import annotations

import sys

ARM = sys.argv[1]
if ARM == "first":
    import safeload

import contextlib
import importlib
import json
import os
import pickle
import resource
import signal
from typing import Any

from . import held
from .rows import PATIENCE, Row
from .table import ROWS

LIMIT_S = 60
KEYS = b"continue\n" * 20
"""Somebody at the keyboard who lets a debugger go on."""

if ARM == "late":
    held.take()
    import safeload  # noqa: F401

    # A first refusal brings in all of the guard: here, once, and not in every fork. The arm called
    # first leaves that to the rows.
    with contextlib.suppress(Exception):  # a row would say what is wrong
        pickle.loads(b"cos\nsystem\n.")


def outcome(row: Row) -> dict[str, Any]:
    """Load, and say what came of it."""
    PATIENCE.over = ARM != "bare"
    error: BaseException | None = None
    result: object = None
    try:
        result = row.load()
    except BaseException as caught:  # noqa: BLE001 - payloads raise what they like
        error = caught
    fired = row.effect(error if error is not None else result)
    return {
        "fired": fired,
        "refused": isinstance(error, pickle.UnpicklingError) and by_safeload(error),
        "error": "" if error is None else f"{type(error).__name__}: {error}"[:2000],
    }


def by_safeload(error: BaseException | None) -> bool:
    """Whether an error is the guard's, or was raised by a library on account of it."""
    safeload_module = sys.modules.get("safeload")
    if safeload_module is None:
        return False
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, safeload_module.BlockedLoadError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def in_child(row: Row, at: str, write: int) -> None:
    """The child's side of the fork; never returns."""
    try:
        signal.alarm(LIMIT_S)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        os.chdir(at)
        sys.path.insert(0, at)
        keys, typed = os.pipe()
        os.write(typed, KEYS)
        os.close(typed)
        os.dup2(keys, 0)
        out = os.open("output.txt", os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.write(write, json.dumps(outcome(row)).encode())
    finally:
        os._exit(0)


def run(row: Row, at: str) -> dict[str, Any]:
    """One row in a fork of this process."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        in_child(row, at, write)
    os.close(write)
    with open(read, "rb") as answer:
        told = answer.read()
    _, status = os.waitpid(pid, 0)
    reply: dict[str, Any] = {"fired": False, "refused": False, "error": "no answer"}
    if told:
        reply = json.loads(told)
    reply["signal"] = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return reply


def prepare(row: Row) -> None:
    """Import here what the fork would otherwise import anew."""
    for name in (*row.needs, *(row.bare_needs if ARM == "bare" else ())):
        importlib.import_module(name)


def main() -> None:
    """Serve rows until the input ends."""
    private = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        row = ROWS[asked["row"]]
        try:
            prepare(row)
        except (ImportError, AssertionError) as missing:  # setuptools asserts that it came first
            reply: dict[str, Any] = {"missing": str(missing)}
        else:
            reply = run(row, asked["at"])
        private.write(json.dumps(reply) + "\n")
        with contextlib.suppress(BrokenPipeError):
            private.flush()


if __name__ == "__main__":
    main()
