"""Processes that multiprocessing starts anew get the guard along with the work they are sent.

A process that is forked has everything already. One that is started from nothing (spawn, forkserver,
loky) runs the imports of no notebook: it reads the process object that its parent pickled for it, and
in there is the parent's configuration, which every process hands on. A value is put there whose pickle
names :func:`arrive`; reading it switches safeload on over there, with the policy that is in force here.

Imports nothing of the guard: whoever imports multiprocessing pays for this file alone.
"""

import sys

TYPE_CHECKING = False  # typing itself would cost more than this module
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from safeload.policy import Policy

KEY = "safeload"


class Guard:
    """What a process hands on to those it starts; in its own memory nothing more than a mark."""

    def __reduce__(self) -> "tuple[Callable[..., Guard], tuple[Any, ...]]":
        from safeload.state import BLOCK_GRANTS, BLOCK_TRUST, STATE

        granted = STATE.granted | BLOCK_GRANTS.get()
        trusted = {**STATE.trusted, **dict(BLOCK_TRUST.get())}
        return arrive, (STATE.active or not STATE.settled, STATE.policy, granted, trusted)


def arrive(
    active: bool,  # noqa: FBT001 - a fact of the parent, not a choice
    policy: "Policy | None",
    granted: "frozenset[Any]",
    trusted: "Mapping[str, str]",
) -> Guard:
    """In the process that was started: what was in force where it was started is in force here.

    A locked policy of its own stays.
    """
    from safeload.activation import settle
    from safeload.state import STATE

    settle()
    own = STATE.policy
    if own is None or not own.locked:
        STATE.policy = policy or own
        STATE.granted = STATE.granted | granted
        STATE.trusted = {**STATE.trusted, **trusted}
        STATE.active = active
    return Guard()


def install() -> None:
    """Put the mark into the configuration of this process, which those it starts inherit."""
    process = sys.modules["multiprocessing.process"]
    process.current_process()._config.setdefault(KEY, Guard())
