"""The switch: which doors stand, whether they judge, and with which policy."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from types import ModuleType, TracebackType
from typing import Any, Self

from safeload import boot, grants, keep, record
from safeload.doors import arrival
from safeload.policy import Policy
from safeload.start import ensure_policy
from safeload.state import STATE


class Handle:
    """What :func:`activate` returns: as ``with``, it puts back what was in force before."""

    def __init__(self, before: tuple[bool, Policy | None]) -> None:
        self._before = before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        STATE.active, STATE.policy = self._before


def activate(policy: Policy | None = None) -> Handle:
    """Let every door judge, with the given policy or the one that environment and file set.

    Idempotent. Doors stand for the life of the process; this and :func:`deactivate` switch them.

    Raises:
        PolicyError: the policy in force is locked and the one given would let more through.
    """
    settle()
    before = (STATE.active, STATE.policy)
    if policy is not None:
        lock = os.path.abspath(policy.lock) if policy.lock else ""  # noqa: PTH100 - whatever a program made of pathlib
        STATE.policy = _within_the_lock(replace(policy, lock=lock))
    here = boot.watch()
    STATE.active = True
    for name in here:
        boot.arrived(name)
    return Handle(before)


def deactivate() -> None:
    """Let every door pass through, whatever reference leads to it.

    Raises:
        PolicyError: the policy in force is locked.
    """
    settle()
    if STATE.policy is not None and STATE.policy.locked:
        keep.refuse("safeload.deactivate()")
    if STATE.active:
        STATE.active = False
        record.emit("deactivated")


def _within_the_lock(policy: Policy) -> Policy:
    """A policy that code gives, as it may stand: under a lock, the same or tighter, and locked too."""
    locked = STATE.policy
    if locked is None or not locked.locked:
        return policy
    required = policy.require_pins or locked.require_pins
    policy = replace(policy, locked=True, contact=locked.contact, lock=locked.lock, require_pins=required)
    if not policy.is_within(locked):
        keep.refuse("safeload.activate(…) with a policy that lets more through")
    profiles = tuple(name for name in locked.profiles if name in policy.profiles)
    return replace(policy, profiles=profiles, origin=f"{locked.origin}, tightened by the program")


def settle() -> ModuleType:
    """Read the policy, switch on, and take over pickle's doors; returns the module of its handlers."""
    from safeload.doors import for_pickle

    with STATE.settling:
        if not STATE.settled:
            ensure_policy()
            STATE.active = True
            for_pickle.install()
            STATE.settled = True
            record.emit("activated", doors=dict(STATE.doors))
    return for_pickle.handlers()


def current_policy() -> Policy:
    """The policy in force here, with what was allowed for the process and this block."""
    ensure_policy()
    return grants.policy_in_force()


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is on, and how.

    Attributes:
        active: whether the doors judge.
        doors: the doors that stand, each with how: in place, replaced, wrapped.
        policy: the policy in force.
        problem: why a configured policy is not in force; empty if it is.
        digest: the first digits of a sha256 over what the policy says.
        by_what: how CPython's unpickler is held: the C part, or stand-ins.
        foreign: functions of ours or the library's that somebody else has wrapped or replaced.
        early: references to a library's loader that were taken before ours stood.
        children: which processes that start from here are guarded.
        channel_loads: loads that passed as our own processes' pipes, by channel.
        vulnerable: libraries here with a known hole, and what it is.
    """

    active: bool
    doors: dict[str, str]
    policy: Policy
    problem: str
    digest: str
    by_what: str
    foreign: tuple[str, ...]
    early: tuple[str, ...]
    children: str
    channel_loads: dict[str, int]
    vulnerable: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """Everything as plain values, by name."""
        return {
            "active": self.active,
            "mode": self.policy.mode.value,
            "policy": self.policy.origin,
            "digest": self.digest,
            "locked": self.policy.locked,
            "problem": self.problem,
            "profiles": list(self.policy.profiles),
            "allow": sorted(map(str, self.policy.allow)),
            "tensors": self.policy.tensors.value,
            "lock": self.policy.lock,
            "require_pins": self.policy.require_pins,
            "doors": dict(self.doors),
            "by_what": self.by_what,
            "children": self.children,
            "foreign": list(self.foreign),
            "early": list(self.early),
            "vulnerable": list(self.vulnerable),
            "channel_loads": dict(self.channel_loads),
        }

    def _repr_html_(self) -> str:
        """IPython's hook."""
        from safeload.scan.tables import html_table

        return html_table(("", ""), [(key, in_words(value)) for key, value in self.facts().items()])


def in_words(value: Any) -> str:
    """A fact as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) or "none"


def status() -> Status:
    """Say what is on, which doors stand and with which policy."""
    from safeload import health
    from safeload.doors.versions import vulnerable

    settle()
    policy = current_policy()
    return Status(
        active=STATE.active,
        doors=dict(STATE.doors),
        policy=policy,
        problem=STATE.problem,
        digest=policy.digest,
        by_what=health.by_what(),
        foreign=tuple(health.foreign_wrappers()),
        early=tuple(health.early_references()),
        children=health.children(),
        channel_loads=dict(STATE.channel_loads),
        vulnerable=tuple(vulnerable(sys.modules)),
    )


if not arrival.IN_PLACE:
    settle()
