"""Exceptions to the policy: names and digests, for the process or for one block."""

from __future__ import annotations

import importlib.machinery
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Token
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self

from safeload import keep, record, start
from safeload.allowlists import never_reason
from safeload.errors import PolicyError
from safeload.named import Granted, granted_by
from safeload.policy import Policy
from safeload.scan.report import GlobalRef
from safeload.scan.strain import DEFAULTS
from safeload.state import BLOCK_GRANTS, BLOCK_TRUST, STATE

DIGEST_LIMIT: Final = 1 << 30  # bytes; beyond it a refusal does not wait for a digest
TRUSTED: Final = "trust()"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


def policy_in_force() -> Policy:
    """The policy with what was granted for the process and for this block; a locked one takes no grants."""
    policy = STATE.policy
    if policy is None:
        policy = Policy()
    if policy.locked:
        return policy
    granted = STATE.granted | BLOCK_GRANTS.get()
    return policy if not granted else _with(policy, granted)


@lru_cache(maxsize=64)
def _with(policy: Policy, granted: frozenset[Any]) -> Policy:
    refs = frozenset(item for item in granted if isinstance(item, GlobalRef))
    added = sorted(item for item in granted if isinstance(item, str))
    profiles = dict.fromkeys((*policy.profiles, *added))
    return replace(policy, allow=policy.allow | refs, profiles=tuple(profiles))


class Allowance:
    """What :func:`allow` returns: in force for the process at once, or for a block as ``with``."""

    def __init__(self, refs: frozenset[Granted]) -> None:
        self.refs = refs
        self._before = STATE.granted
        self._token: Token[frozenset[Granted]] | None = None
        STATE.granted = STATE.granted | refs

    def __enter__(self) -> Self:
        STATE.granted = self._before
        self._token = BLOCK_GRANTS.set(BLOCK_GRANTS.get() | self.refs)
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            BLOCK_GRANTS.reset(self._token)
            self._token = None

    def __repr__(self) -> str:
        return f"<allowed: {', '.join(str(ref) for ref in sorted(self.refs, key=str))}>"


def allow(*names: Any) -> Allowance:
    """Allow exact names beside the policy, for the process, or as ``with`` for one block.

    Args:
        names: ``"module:qualname"``, a ``GlobalRef``, the class or function itself, the name of a
            profile such as ``"torch-modules"`` or ``"plain"``, or what :func:`scan` returns: the
            report or its ``globals``, of which those are added that no list in force has.

    Raises:
        PolicyError: a name can never be allowed by name, the policy is locked, or it is no name.
    """
    if not names:
        msg = "allow() needs at least one name, as in safeload.allow('mylab.nets:Head')"
        raise PolicyError(msg)
    start.ensure_policy()
    policy = policy_in_force()
    if policy.locked:
        keep.refuse(f"safeload.allow({', '.join(sorted(map(repr, map(str, names))))})")
    refs = granted_by(names, policy.rulebook())
    record.emit("policy.changed", granted=sorted(map(str, refs)))
    return Allowance(refs)


def _refuse_if_locked(attempt: str) -> None:
    start.ensure_policy()
    if policy_in_force().locked:
        keep.refuse(attempt)


class Trust:
    """What :func:`trust` returns: in force for the process at once, or for a block as ``with``."""

    def __init__(self, digest: str, reason: str) -> None:
        self._item = (digest, reason)
        self._token: Token[tuple[tuple[str, str], ...]] | None = None
        self._before = STATE.trusted
        STATE.trusted = {**STATE.trusted, digest: reason}

    def __enter__(self) -> Self:
        STATE.trusted = self._before
        self._token = BLOCK_TRUST.set((*BLOCK_TRUST.get(), self._item))
        return self

    def __exit__(self, *_: object) -> None:
        if self._token is not None:
            BLOCK_TRUST.reset(self._token)
            self._token = None


def trust(digest: str, *, reason: str) -> Trust:
    """Let exactly these bytes load, whatever they ask for, for the process or for one block.

    The bytes are read into memory, hashed, and loaded from there. They run as the code they are.

    Args:
        digest: ``sha256:`` and all 64 digits of the whole file, as a refusal prints it.
        reason: who reviewed them and why they are fine; it stands in the log.

    Raises:
        PolicyError: the digest is not complete, the reason is empty, or the policy is locked.
    """
    if not _DIGEST.fullmatch(digest):
        msg = f"{digest!r} is not a digest: it takes 'sha256:' and all 64 hexadecimal digits"
        raise PolicyError(msg)
    if not reason.strip():
        msg = "trust() needs a reason: it is what the next person reads"
        raise PolicyError(msg)
    _refuse_if_locked(f"safeload.trust({digest!r})")
    record.emit("policy.changed", trusted=digest, reason=reason)
    return Trust(digest, reason)


@contextmanager
def for_this_block(refs: frozenset[GlobalRef]) -> Iterator[None]:
    """Names that another library's own list allows here, but for those no list may."""
    token = BLOCK_GRANTS.set(BLOCK_GRANTS.get() | {r for r in refs if never_reason(r) is None})
    try:
        yield
    finally:
        BLOCK_GRANTS.reset(token)


def any_trust() -> bool:
    """Whether the bytes of a load may matter, and not only what they ask for."""
    policy = STATE.policy  # what allow() adds to it changes none of this
    if policy is not None and (policy.lock or policy.require_pins or policy.keys):
        return True
    return bool(STATE.trusted or BLOCK_TRUST.get()) and not (policy is not None and policy.locked)


def pins_required() -> bool:
    """Whether nothing may load but bytes that have a grant."""
    return STATE.policy is not None and STATE.policy.require_pins


def may_refuse_data() -> bool:
    """Whether even numbers and text may be refused that ask for little: by digest, or by limits of one's own."""
    policy = STATE.policy
    return policy is not None and (policy.require_pins or policy.limits != DEFAULTS)


def trusted_digests() -> Mapping[str, str]:
    """What ``trust()`` named, each with its reason; nothing under a lock."""
    if policy_in_force().locked:
        return {}
    in_block = BLOCK_TRUST.get()
    return {**STATE.trusted, **dict(in_block)} if in_block else STATE.trusted


def widened(policy: Policy, names: frozenset[GlobalRef]) -> Policy:
    """The policy with the names that a pin gives to the bytes being loaded, locked or not."""
    return _with(policy, names) if names else policy


def digest_of_path(path: str) -> str:
    """The sha256 of a regular file for a message; empty where there is none or it is too large."""
    try:
        status = Path(path).stat() if path else None
        if status is None or not stat.S_ISREG(status.st_mode) or status.st_size > DIGEST_LIMIT:
            return ""
        import hashlib

        with open(path, "rb") as file:  # noqa: PTH123 - the plain builtin, whatever pathlib became
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def is_installed(module: str) -> bool:
    """Whether a top-level module of this name could be imported; imports nothing."""
    top = module.partition(".")[0]
    return top in sys.modules or _findable(top, tuple(map(str, sys.path)))


@lru_cache(maxsize=256)
def _findable(top: str, path: Iterable[str]) -> bool:
    try:
        return importlib.machinery.PathFinder.find_spec(top, list(path)) is not None
    except (ImportError, ValueError):
        return True
