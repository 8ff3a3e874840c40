"""The child: it imports, locks itself up, and only then lets the file's code run.

Nothing that it says after that is believed: what it hands back is read as numbers.
"""

from __future__ import annotations

import array
import contextlib
import importlib
import json
import os
import re
import socket
import sys
from typing import Any, Final

from safeload.sandbox import late, loading, lock
from safeload.sandbox.filters import FILE, LISTENER, OUTPUT, REPORT
from safeload.sandbox.request import HOMES, Request

GO: Final = b"go\n"
REFUSED: Final = 3
_CODECS: Final = "ascii latin_1 iso8859_1 cp1252 utf_16 utf_32 idna raw_unicode_escape unicode_escape"
ENCODINGS: Final = tuple(f"encodings.{name}" for name in _CODECS.split())
"""Brought in at their first use otherwise, which is too late."""

LONGEST: Final = 300  # letters of what a module's import said
_PART: Final = re.compile(r"cannot import name '(\w+)' from ")
MOST_MISSING: Final = 100


def run(descriptors: list[int], helpers: dict[str, str] | None = None) -> None:
    """From the first line to the end of the process.

    Args:
        helpers: the walls that stand already, where a helper has forked this.
    """
    _at_their_places(descriptors)
    request = Request.of_line(line_of(0))
    sys.path[:] = request.path
    sys.dont_write_bytecode = True
    try:
        ready(request, helpers)
        serve(request)
    except lock.FloorError as error:
        say(refused=str(error))
        os._exit(REFUSED)


def ready(request: Request, helpers: dict[str, str] | None) -> None:
    """The first lock, the imports, the second lock; then wait for the parent, who looks from outside."""
    stage = lock.Stage.OBSERVED if request.observed else lock.Stage.CHILD
    layers = lock.early(request.scratch, request.path, stage=stage)
    if helpers is not None:
        os.environ.update(dict.fromkeys(HOMES, request.scratch))
        layers = {name: words or helpers.get(name, "") for name, words in layers.items()}
    missing = imported((*ENCODINGS, *request.modules))
    late.prepare(request.modules)
    with contextlib.suppress(ImportError):  # said with what is missing
        if helpers is None:  # a helper has done it
            loading.READERS[request.how].prepare(request.modules)
    channel = socket.socket(fileno=LISTENER) if request.observed else None
    listener = lock.strict(request.limits, request.parent, layers, observed=request.observed)
    if channel is not None:
        _hand_over(channel, listener)
    lock.probe()
    say(layers=layers, missing=missing)
    if line_of(0) != GO:
        os._exit(REFUSED)


def serve(request: Request) -> None:
    """Let the file's code run, and hand back what came of it."""
    try:
        told = loading.READERS[request.how].load(FILE, OUTPUT)
    except BaseException as error:  # noqa: BLE001 - the file's code raises what it likes
        say(error=f"{type(error).__name__}: {error}"[:2000], wants=_wanted(error))
        os._exit(1)
    say(done=told)
    os._exit(0)


def _wanted(error: BaseException) -> str:
    """The module that a library imported late, which is too late here."""
    seen: BaseException | None = error
    for _ in range(10):
        if isinstance(seen, ImportError) and seen.name:
            part = _PART.match(str(seen))
            return f"{seen.name}.{part[1]}"[:LONGEST] if part else str(seen.name)[:LONGEST]
        seen = seen and (seen.__cause__ or seen.__context__)
    return ""


def imported(modules: tuple[str, ...]) -> dict[str, str]:
    """Bring in what the file names; what is not there is told, and nothing is ever installed."""
    missing: dict[str, str] = {}
    for name in modules:
        if name.partition(".")[0] == "safeload":
            continue
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001 - a module may do anything as it is imported
            if len(missing) < MOST_MISSING:
                missing[name] = f"{type(error).__name__}: {error}"[:LONGEST]
    return missing


def say(**facts: Any) -> None:
    """One line to the parent."""
    os.write(REPORT, json.dumps(facts, default=str).encode() + b"\n")


def line_of(descriptor: int) -> bytes:
    """One line of the parent's, and not a byte of the next."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            os._exit(REFUSED)
        line += byte
    return bytes(line)


def _at_their_places(descriptors: list[int]) -> None:
    """The descriptors come under any numbers, and the filter knows them by theirs."""
    above = [os.dup(number) for number in descriptors]
    while min(above) <= LISTENER:
        above = [os.dup(number) for number in above]
    for number, place in zip(above, (FILE, OUTPUT, REPORT, LISTENER), strict=False):
        os.dup2(number, place, inheritable=False)
    os.closerange(FILE + len(above), max(*above, *descriptors) + 1)


def _hand_over(channel: socket.socket, listener: int) -> None:
    """Give the observer its descriptor, and keep none: whoever held it could answer for itself.

    Until the observer has it, a call that is refused waits for ever: nothing is imported here.
    """
    with channel:
        channel.sendmsg([b"l"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [listener]))])
    os.close(listener)
