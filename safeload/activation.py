"""The switch: which doors stand, whether they judge, and with which policy."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import Self

from safeload import boot, grants, record, settings
from safeload.doors import arrival
from safeload.errors import PolicyError
from safeload.policy import Policy
from safeload.state import COLLECTION_PAUSED, STATE


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
        PolicyError: the policy in force is locked and another was given.
    """
    settle()
    before = (STATE.active, STATE.policy)
    if policy is not None:
        _refuse_if_locked("replaced")
        STATE.policy = policy
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
    _refuse_if_locked("switched off")
    if STATE.active:
        STATE.active = False
        record.emit("deactivated")


def _refuse_if_locked(done: str) -> None:
    if STATE.policy is not None and STATE.policy.locked:
        msg = f"the policy ({STATE.policy.origin}) is locked: it cannot be {done} from here"
        raise PolicyError(msg)


def ensure_policy() -> None:
    """Read the settings, once for the process; what cannot be read leaves the shipped policy."""
    if STATE.policy is not None:
        return
    found = settings.load()
    STATE.policy, STATE.problem, STATE.log = found.policy, found.problem, found.log
    STATE.cache = found.cache
    os.register_at_fork(after_in_child=COLLECTION_PAUSED.reset_in_child)
    if found.problem:
        record.emit("policy.rejected", problem=found.problem)


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
        channel_loads: loads that passed as our own processes' pipes, by channel.
        vulnerable: libraries here with a known hole, and what it is.
    """

    active: bool
    doors: dict[str, str]
    policy: Policy
    problem: str
    channel_loads: dict[str, int]
    vulnerable: tuple[str, ...]


def status() -> Status:
    """Say what is on, which doors stand and with which policy."""
    from safeload.doors.versions import vulnerable

    settle()
    return Status(
        active=STATE.active,
        doors=dict(STATE.doors),
        policy=current_policy(),
        problem=STATE.problem,
        channel_loads=dict(STATE.channel_loads),
        vulnerable=tuple(vulnerable(sys.modules)),
    )


if not arrival.IN_PLACE:
    settle()
