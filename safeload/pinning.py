"""Making pins, and seeing whether files still are what was pinned. Nothing is loaded for either."""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from safeload import files, grants
from safeload.allowlists import never_reason
from safeload.errors import PolicyError
from safeload.pins import held, reading
from safeload.pins.claims import Claim, claim_of
from safeload.pins.held import Held, NotHeldError
from safeload.pins.lock import Level, Lock, Pin
from safeload.policy import Ground, Verdict
from safeload.scan.report import GlobalRef, Report, printable

GRANTABLE: Final = frozenset({Ground.UNLISTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What whoever pins a file says of it.

    Attributes:
        level: how far the grant goes; None for the least that lets the file load.
        bind: whether its path accepts no other bytes from now on.
        sha256: the bytes that were looked at before, where they were: no others are pinned.
    """

    reason: str
    level: Level | None = None
    bind: bool = True
    expires: date | None = None
    source: str = ""
    safetensors: str = ""
    signed_by: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One file, looked at from bytes that stay what they are."""

    sha256: str
    size: int
    report: Report
    verdict: Verdict


def look_at(path: Path) -> Seen:
    """Digest and look, of the same bytes.

    Raises:
        PolicyError: they cannot be told for sure.
        OSError: it cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        with _held(descriptor, path) as file:
            report, verdict = files.judged_by_names(file.file, grants.policy_in_force())
            return Seen(file.digest, file.size, report, verdict)
    finally:
        os.close(descriptor)


class _held:  # noqa: N801 - used as a function
    def __init__(self, descriptor: int, path: Path) -> None:
        try:
            self._found: Held = held.hold(descriptor, remember=False)
        except NotHeldError as error:
            msg = f"{path}: {error}"
            raise PolicyError(msg) from None

    def __enter__(self) -> Held:
        return self._found

    def __exit__(self, *_: object) -> None:
        self._found.close()


def open_lock(path: Path) -> Lock:
    """The lock file to be added to; an empty one where there is none.

    Raises:
        PolicyError: it cannot be taken as it stands.
    """
    if not path.exists() and not path.is_symlink():
        return Lock(path=str(path))
    lock = reading.read(path)
    if lock.problem:
        raise PolicyError(lock.problem)
    return lock


def pin(lock: Lock, path: Path, wish: Wish) -> tuple[Lock, Pin, tuple[Pin, ...]]:
    """The lock with one file more, its pin, and the pins that it takes the place of.

    Raises:
        PolicyError: it cannot be pinned so.
        OSError: it cannot be read.
    """
    seen = look_at(path)
    if wish.sha256 and seen.sha256 != wish.sha256:
        msg = f"{path}: it was changed while it was looked at"
        raise PolicyError(msg)
    claim = claim_of(path)
    alarm = claim.against(seen.sha256) if claim is not None else ""
    if alarm:
        msg = f"{path}: {alarm}"
        raise PolicyError(msg)
    level = _level(path, seen, wish.level)
    made = Pin(
        sha256=seen.sha256,
        size=seen.size,
        level=level,
        reason=wish.reason,
        pinned=datetime.now(UTC).date(),
        expires=wish.expires,
        paths=(_named(path, lock),) if wish.bind else (),
        globals=seen.report.globals,
        source=wish.source or (claim.source if claim is not None else ""),
        safetensors=wish.safetensors,
        signed_by=wish.signed_by,
    )
    return _with(lock, made)


def _with(lock: Lock, made: Pin) -> tuple[Lock, Pin, tuple[Pin, ...]]:
    before = lock.pins.get(made.sha256)
    if before is not None:
        made = replace(made, paths=tuple(sorted({*before.paths, *made.paths})))
    pins, replaced = {}, []
    for digest, other in lock.pins.items():
        left = tuple(named for named in other.paths if named not in made.paths)
        if digest == made.sha256:
            replaced.append(other)
        elif left == other.paths:
            pins[digest] = other
        else:
            replaced.append(other)
            if left:
                pins[digest] = replace(other, paths=left)
    pins[made.sha256] = made
    return Lock(path=lock.path, pins=MappingProxyType(pins)), made, tuple(replaced)


def _level(path: Path, seen: Seen, wanted: Level | None) -> Level:
    """The level that was asked for, or the least that lets the file load."""
    needs = [item for item in seen.verdict.refused if item.ground not in GRANTABLE]
    never = [ref for ref in seen.report.globals if never_reason(ref) is not None]
    is_enough = seen.verdict.admitted if wanted is None else wanted is not Level.NAMES
    if not is_enough and (needs or never or seen.verdict.unread):
        why = [f"{item.ref}: {item.text}" for item in needs] or [f"{ref}: {never_reason(ref)}" for ref in never]
        said = "; ".join(why) or printable(seen.verdict.unread)
        msg = f"{path}: names alone do not let it load ({said}). If these bytes are yours to trust: --grant pickle"
        raise PolicyError(msg)
    if wanted is not None:
        return wanted
    return Level.DATA if seen.verdict.admitted else Level.NAMES


def _named(path: Path, lock: Lock) -> str:
    """How the lock file calls a path: from its own folder, where it lies below that."""
    folder, whole = Path(os.path.abspath(lock.path)).parent, Path(os.path.abspath(path))  # noqa: PTH100 - links stay
    return whole.relative_to(folder).as_posix() if whole.is_relative_to(folder) else str(whole)


# --- seeing whether it still holds ------------------------------------------------------------------


class State(enum.Enum):
    """What became of one file."""

    SAME = "as pinned"
    CHANGED = "changed"
    NAMES = "asks for other names than its pin says"
    NOT_NOW = "its pin does not hold"
    MISSING = "not there"
    UNKNOWN = "not pinned"
    ERROR = "cannot be read"


# What fails anyhow, and what fails only where everything has to be there and known.
WRONG: Final = frozenset({State.CHANGED, State.NAMES, State.NOT_NOW, State.ERROR})
FROZEN: Final = WRONG | {State.MISSING, State.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file against the lock.

    Attributes:
        lines: what is different, as a diff: what the pin says with a minus, what is there with a plus.
    """

    path: str
    state: State
    lines: tuple[str, ...] = ()


def verify(lock: Lock, others: Iterable[Path] = ()) -> Iterator[Outcome]:
    """Every bound path, and then the files named beside them."""
    folder = Path(os.path.abspath(lock.path)).parent  # noqa: PTH100 - links stay
    done = set()
    for item in sorted(lock.pins.values(), key=lambda item: item.paths):
        for named in item.paths:
            done.add(os.path.abspath(folder / named))  # noqa: PTH100 - the same
            yield _against(item, folder / named, named)
    for path in others:
        if os.path.abspath(path) not in done:  # noqa: PTH100 - the same
            yield _unbound(lock, path)


def _against(item: Pin, path: Path, named: str) -> Outcome:
    try:
        seen = look_at(path)
    except FileNotFoundError:
        return Outcome(named, State.MISSING)
    except (OSError, PolicyError) as error:
        return Outcome(named, State.ERROR, (printable(str(error), 500),))
    names = _diff(item.globals, seen.report.globals)
    if seen.sha256 != item.sha256 or seen.size != item.size:
        before, after = f"sha256:{item.sha256} ({item.size} bytes)", f"sha256:{seen.sha256} ({seen.size} bytes)"
        return Outcome(named, State.CHANGED, (f"- {before}", f"+ {after}", *names))
    return _same(item, named, names)


def _unbound(lock: Lock, path: Path) -> Outcome:
    try:
        seen = look_at(path)
    except (OSError, PolicyError) as error:
        return Outcome(str(path), State.ERROR, (printable(str(error), 500),))
    item = lock.pins.get(seen.sha256)
    if item is None:
        asks = tuple(f"+ {ref}{_mark(ref)}" for ref in seen.report.globals)
        return Outcome(str(path), State.UNKNOWN, (f"+ sha256:{seen.sha256} ({seen.size} bytes)", *asks))
    return _same(item, str(path), _diff(item.globals, seen.report.globals))


def _same(item: Pin, named: str, names: tuple[str, ...]) -> Outcome:
    reason = item.not_now(datetime.now(UTC).date())
    if reason:
        return Outcome(named, State.NOT_NOW, (reason,))
    return Outcome(named, State.NAMES if names else State.SAME, names)


def _diff(before: Iterable[GlobalRef], after: Iterable[GlobalRef]) -> tuple[str, ...]:
    said, there = set(before), set(after)
    gone = [f"- {ref}" for ref in sorted(said - there)]
    return (*gone, *(f"+ {ref}{_mark(ref)}" for ref in sorted(there - said)))


def _mark(ref: GlobalRef) -> str:
    danger: Any = never_reason(ref)
    return f"  never allowed by name: {danger}" if danger else ""


__all__ = ["FROZEN", "WRONG", "Claim", "Outcome", "Seen", "State", "Wish", "look_at", "open_lock", "pin", "verify"]
