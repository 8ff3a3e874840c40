"""What a row of the tables is, and the effects that rows show."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .builders import CANARY, call, named, pickled

FILE = "model.bin"

Files = bytes | Mapping[str, bytes]
"""One file (called FILE), or several by name."""


def unpickle() -> object:
    """The most ordinary of loads, with the working directory at the row's files."""
    with open(FILE, "rb") as stream:
        return pickle.load(stream)


def canary(_: object) -> bool:
    """The file that the payload leaves. Waits: a payload may run in another thread or process."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        if Path(CANARY).exists():
            return True
        if PATIENCE.over:
            return False
        time.sleep(0.01)
    return False


class Patience:
    """Whether to wait for effects: only the unguarded side expects any."""

    over = False


PATIENCE = Patience()


def crash(_: object) -> bool:
    """Memory is corrupted: the process must not live to ask."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One way past a guard.

    Attributes:
        id: what the row does, in snake case.
        file: the files, around a given deed (a pickle fragment that pushes one value).
        load: loads them as a program would.
        effect: whether it happened, told in the loading process; given what was loaded, or None.
        needs: modules without which the row cannot be tried; imported before the load.
        bare_needs: modules that only the unguarded side imports beforehand, to save time.
        refused: the guard has to refuse it; False where it may as well load it harmlessly.
        twin: the same file with a harmless deed is one that the guard must let through.
        known: where it was published.
        until: a library and the version from which on it no longer works.
        gaps: the arms in which the guard lets it through ("late", or "late without C" where the C part
            is not built), each with its reason, as the documentation says; "twin late without C": in which
            it refuses the harmless one.
    """

    id: str
    file: Callable[[bytes], Files]
    load: Callable[[], object] = unpickle
    effect: Callable[[object], bool] = canary
    needs: tuple[str, ...] = ()
    bare_needs: tuple[str, ...] = ()
    refused: bool = True
    twin: bool = False
    known: str = ""
    until: tuple[str, str] | None = None
    gaps: Mapping[str, str] = field(default_factory=dict)


def gadget(
    id: str,
    ref: str,
    *arguments: bytes,
    needs: tuple[str, ...] = (),
    bare_needs: tuple[str, ...] = (),
    known: str = "",
) -> Row:
    """A row that reaches its effect by calling one global."""
    return fragment(id, call(named(ref), *arguments), needs=needs, bare_needs=bare_needs, known=known)


def fragment(
    id: str,
    code: bytes,
    *,
    version: int = 4,
    effect: Callable[[object], bool] = canary,
    needs: tuple[str, ...] = (),
    bare_needs: tuple[str, ...] = (),
    known: str = "",
) -> Row:
    """A row whose whole file is one plain pickle of a fragment."""
    return Row(
        id=id,
        file=lambda _: pickled(code, version),
        effect=effect,
        needs=needs,
        bare_needs=bare_needs,
        known=known,
    )


def dressed(file: Files, extra: Mapping[str, bytes]) -> Files:
    """A file with companions beside it."""
    return {FILE: file, **extra} if isinstance(file, bytes) else {**file, **extra}
