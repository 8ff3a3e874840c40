"""Which grant exact bytes have. Knows digests, lock files and signatures; no load, and no judgement of names."""

from __future__ import annotations

import io
import os
import stat
import weakref
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO, Final

from safeload import grants, record, settings
from safeload.pins import claims, held
from safeload.pins.held import Held, NotHeldError
from safeload.pins.lock import Level, Lock, Pin
from safeload.policy import Mode, Verdict
from safeload.rulebook import GRANT
from safeload.scan.report import GlobalRef
from safeload.state import STATE

NOT_FILE: Final = "its bytes cannot be told before they are loaded"


@dataclass(frozen=True, slots=True)
class Grant:
    """What lets exact bytes in.

    Attributes:
        by: what kind of grant it is, as ``allowed_by`` in events has it.
        origin: where it stands.
        how: how it is made sure that the bytes loaded are the bytes verified.
        signer: whose signature was verified, now or when they were pinned.
    """

    by: str
    origin: str
    level: Level
    sha256: str
    reason: str
    how: str = held.MEMORY
    names: frozenset[GlobalRef] = frozenset()
    signer: str = ""

    def facts(self) -> dict[str, str]:
        facts = {
            "by": self.by,
            "grant": self.level.value,
            "sha256": self.sha256,
            "reason": self.reason,
            "origin": self.origin,
            "verified": self.how,
        }
        return facts | ({"signer": self.signer} if self.signer else {})


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say of bytes: a grant, or why they may not load at all, or neither.

    Attributes:
        sha256: of refused bytes, where it is what they are refused for.
    """

    grant: Grant | None = None
    refused: str = ""
    sha256: str = ""


NOTHING: Final = Answer()


def credited(verdict: Verdict, grant: Grant | None) -> Verdict:
    """The verdict without what ``allow()`` did not allow: names that a pin gave to these bytes alone."""
    if grant is None or not grant.names or grants.policy_in_force().allow:
        return verdict
    return replace(verdict, profiles=tuple(name for name in verdict.profiles if name != GRANT))


def lock_in_force() -> Lock | None:
    """The lock file that the policy names, as it is now; None if it names none."""
    policy = grants.policy_in_force()
    if not policy.lock:
        return None
    stamp: tuple[int, ...] = ()
    with suppress(OSError):
        stamp = held.stamp_of(os.stat(policy.lock))  # noqa: PTH116 - whatever a program made of pathlib
    return _read(policy.lock, policy.locked and policy.origin.startswith(str(settings.SYSTEM_FILE)), stamp)


@lru_cache(maxsize=8)
def _read(path: str, is_the_systems: bool, _stamp: tuple[int, ...]) -> Lock:  # noqa: FBT001 - half of a key
    from safeload.pins import reading

    lock = reading.read(Path(path), as_the_systems=is_the_systems)
    if lock.problem:
        record.emit("lock.rejected", problem=lock.problem)
    return lock


def _needed(path: str, size: int | None) -> bool:
    """Whether bytes of this size under this name could have a grant, or need one."""
    policy = grants.policy_in_force()
    if policy.mode is Mode.OFF:
        return False
    if policy.require_pins or grants.trusted_digests() or (policy.keys and _bundle_beside(path)):
        return True
    lock = lock_in_force()
    if lock is None:
        return False
    return lock.may_bind(path) or size is None or size in lock.sizes or bool(lock.bound_to(path))


def _bundle_beside(path: str) -> bool:
    from safeload.pins import signatures

    return signatures.beside(path) is not None


def of_path(source: str | os.PathLike[str], path: str) -> tuple[Answer, Held | None]:
    """What is to be said of a file by its name; with its bytes, held open, if they have a grant.

    Raises:
        OSError: it cannot be opened, and may not load without a grant.
    """
    try:
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(source, flags)
    except OSError:
        if grants.policy_in_force().require_pins:
            raise
        return NOTHING, None  # its loader will say the same
    try:
        return of_descriptor(descriptor, path)
    finally:
        os.close(descriptor)


def of_descriptor(descriptor: int, path: str) -> tuple[Answer, Held | None]:
    """The same of an open file."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        return of_what_is_no_file(path), None
    if not _needed(path, status.st_size):
        return NOTHING, None
    try:
        found = held.hold(descriptor, remember=not grants.policy_in_force().locked)
    except (NotHeldError, OSError) as error:
        return _without(str(error), path), None
    answer = _of_a_file(found, descriptor, path)
    if answer.grant is None:
        found.close()
        return answer, None
    return answer, found


def of_stream(file: Any, path: str) -> tuple[Answer, Held | None]:
    """The same of what has no file of its own, as long as it can go back to its beginning."""
    if isinstance(file, io.BytesIO):
        return of_bytes(file.getvalue(), path)
    size = None
    try:
        if not file.seekable() or not _needed(path, None):
            return of_what_is_no_file(path), None
        start = file.tell()
        try:
            size = file.seek(0, io.SEEK_END)
            if not _needed(path, size if isinstance(size, int) else None) or file.tell() > held.copy_limit():
                return NOTHING, None
            file.seek(0)
            content = file.read()
        finally:
            file.seek(start)
    except (OSError, ValueError, AttributeError, TypeError):
        return of_what_is_no_file(path), None
    if not isinstance(content, bytes | bytearray):
        return of_what_is_no_file(path), None
    return of_bytes(bytes(content), path)


def of_bytes(data: Any, path: str = "") -> tuple[Answer, Held | None]:
    """The same of bytes in memory."""
    view = memoryview(data)
    if not _needed(path, view.nbytes):
        return NOTHING, None
    found = held.in_memory(data if type(data) is bytes else bytes(view))
    answer = of_held(found, path)
    return answer, found if answer.grant is not None else None


def of_file(file: Any, path: str) -> tuple[Answer, Held | None]:
    """The same of any open file, and of what is read through gzip, bzip2, xz or a zip."""
    if not _needed(path, None):
        return NOTHING, None
    root = root_of(file)
    if root is None:
        return of_stream(file, path)
    from safeload.pins import roots

    return of_root(root, roots.name_of(root, path))


def of_root(root: Any, path: str) -> tuple[Answer, Held | None]:
    """The same of an open regular file, which is read once however many loads are made from it."""
    kept = STATE.held.get(root)
    stamp = held.stamp_of(os.fstat(root.fileno()))
    if kept is not None:
        if kept[0] == stamp and not kept[1].has_changed():
            answer = _of_a_file(kept[1], root.fileno(), path)
            return answer, kept[1] if answer.grant is not None else None
        del STATE.held[root]
        kept[1].close()
    answer, found = of_descriptor(root.fileno(), path)
    if found is not None:
        STATE.held[root] = (stamp, found)
        weakref.finalize(root, found.close)
    return answer, found


def root_of(file: Any) -> Any:
    """The regular file below a stream; None where there is none that could be known."""
    from safeload.pins import roots  # and with it the standard library's archives

    return roots.root_of(file)


def over(file: Any, root: BinaryIO) -> Any:
    """The stream that a file is, over another root, where it stands; a stream without one, over its bytes."""
    from safeload.pins import roots

    if roots.root_of(file) is None:
        root.seek(file.tell())
        return root
    return roots.over(file, root)


def of_what_is_no_file(path: str) -> Answer:
    return _without(NOT_FILE, path) if _needed(path, None) else NOTHING


def _of_a_file(found: Held, descriptor: int, path: str) -> Answer:
    """The grant of a whole file's bytes, which count for nothing where the cache it lies in says others."""
    alarm = claims.alarm(descriptor, path, found.digest)
    return Answer(refused=alarm, sha256=found.digest) if alarm else of_held(found, path)


def of_held(found: Held, path: str) -> Answer:
    """The grant that verified bytes have under a name; the name can only take it away."""
    policy, lock = grants.policy_in_force(), lock_in_force()
    pin = None
    if lock is not None:
        pin, refused = _pinned(lock, found, path)
        if refused:
            return Answer(refused=refused)
    digests = grants.trusted_digests()
    if f"sha256:{found.digest}" in digests:
        said = digests[f"sha256:{found.digest}"]
        return Answer(Grant(grants.TRUSTED, "the program", Level.PICKLE, found.digest, said, found.how))
    if pin is not None and lock is not None:
        names = frozenset(pin.globals) if pin.level is Level.NAMES else frozenset()
        return Answer(Grant("pin", lock.path, pin.level, found.digest, pin.reason, found.how, names, pin.signed_by))
    answer = _signed(found, path) if policy.keys else NOTHING
    return Answer(refused=_required(lock, found)) if answer is NOTHING and policy.require_pins else answer


def _pinned(lock: Lock, found: Held, path: str) -> tuple[Pin | None, str]:
    """The pin of these bytes that holds today, or why the path takes none such."""
    if lock.problem:
        return None, lock.problem if lock.may_bind(path) else ""
    bound, pin = lock.bound_to(path), lock.pins.get(found.digest)
    if bound and bound != found.digest:
        return None, _bound_elsewhere(lock, lock.pins[bound], found)
    reason = _not_now(pin, found)
    if reason:
        return None, f"{reason} ({lock})" if bound else ""
    return pin, ""


def _signed(found: Held, path: str) -> Answer:
    """A pinned key's signature lets these bytes in under the name that it is of, and keeps others out."""
    from safeload.pins import signatures

    signed = signatures.of(path, found, grants.policy_in_force().keys)
    if signed is None:
        return NOTHING
    if signed.wrong:
        return Answer(refused=signed.wrong)
    signer = f"key:{signed.key}"
    reason = f"signed by {signer}"
    return Answer(Grant("signature", signed.bundle, Level.PICKLE, found.digest, reason, found.how, signer=signer))


def _not_now(pin: Pin | None, found: Held) -> str:
    if pin is None:
        return ""
    if pin.size != found.size:
        return f"its pin says {pin.size} bytes, and it has {found.size}"
    return pin.not_now(datetime.now(UTC).date())


def _without(reason: str, path: str) -> Answer:
    """For bytes whose digest nobody knows: they may load only if no grant is asked for."""
    lock = lock_in_force()
    if lock is not None and lock.may_bind(path):
        return Answer(refused=lock.problem)
    if lock is not None and lock.bound_to(path):
        return Answer(refused=f"{lock} accepts only certain bytes here, and {reason}")
    if grants.policy_in_force().require_pins:
        return Answer(refused=f"the policy opens pinned bytes only (require_pins), and {reason}")
    return NOTHING


def _bound_elsewhere(lock: Lock, pin: Pin, found: Held) -> str:
    return (
        f"{lock} accepts only sha256:{pin.sha256} here ({pin.size} bytes), "
        f"and this is sha256:{found.digest} ({found.size} bytes)"
    )


def _required(lock: Lock | None, found: Held) -> str:
    where = f"{lock} has no pin in force" if lock is not None else "no lock file is named"
    pin = lock.pins.get(found.digest) if lock is not None else None
    why = f": {_not_now(pin, found)}" if pin is not None else ""
    return f"the policy opens pinned bytes only (require_pins), and {where} for sha256:{found.digest}{why}"
