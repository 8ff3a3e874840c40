"""The one place with mutable module-level state: the switch, the policy in force, the loads under way."""

from __future__ import annotations

import gc
import threading
import weakref
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from safeload.kept import KeptType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safeload.policy import Policy
    from safeload.scan.report import GlobalRef


@dataclass(slots=True)
class State(metaclass=KeptType):
    """What is true of this process. Under a floor it can be set to nothing looser.

    Attributes:
        floor: the locked policy that was read at the start, if it was.
        active: whether the doors judge or pass through.
        settled: whether the guard has taken over the doors from safeload.doors.arrival; ``settling``
            is held while it does.
        policy: the policy in force, without what ``allow()`` added.
        problem: why the configured policy could not be read; the shipped one is in force then.
        cache: the folder for converted checkpoints, where one was named.
        log: where events go.
        paths: how events name files: as they are, or hashed.
        granted: names and profiles that ``allow()`` added for the process.
        trusted: digests that ``trust()`` added, with their reasons.
        channel_loads: how many loads each channel made, by its name.
        doors: the doors that stand, with how they stand there.
        originals: CPython's own functions behind the doors, by what they do.
        warned: files that audit mode has warned of already.
        held: open files whose bytes have a grant, each with what tells that it was not rewritten and
            the verified bytes: a file of many pickles is read once.
        helpers: what stands ready to fork children of the sandbox, or how often one was wanted.
    """

    floor: Policy | None = None
    active: bool = False
    settled: bool = False
    settling: Any = field(default_factory=threading.RLock)
    policy: Policy | None = None
    problem: str = ""
    log: str = "stderr"
    cache: str = ""
    paths: str = "plain"
    granted: frozenset[GlobalRef | str] = frozenset()
    trusted: Mapping[str, str] = field(default_factory=dict)
    channel_loads: dict[str, int] = field(default_factory=dict)
    doors: dict[str, str] = field(default_factory=dict)
    originals: dict[str, Any] = field(default_factory=dict)
    warned: set[str] = field(default_factory=set)
    held: weakref.WeakKeyDictionary[Any, Any] = field(default_factory=weakref.WeakKeyDictionary)
    helpers: dict[Any, Any] = field(default_factory=dict)

    def __setattr__(self, name: str, value: Any) -> None:
        if getattr(self, "floor", None) is not None and self._loosens(name, value):
            from safeload import keep

            keep.refuse(f"safeload.state.STATE.{name} = …")
        object.__setattr__(self, name, value)

    def _loosens(self, name: str, value: Any) -> bool:
        """Whether setting an attribute would leave less in force than the floor."""
        match name:
            case "floor" | "log" | "paths" | "originals" | "problem":
                return bool(value != getattr(self, name))
            case "active" | "settled":
                return not value
            case "policy":
                return value is None or not value.is_within(self.floor)
            case "granted" | "trusted":
                return bool(value)
        return False


class _Thread(threading.local):
    load: Any = None  # the innermost guard.Load of this thread


STATE = State()
THREAD = _Thread()
BLOCK_GRANTS: ContextVar[frozenset[GlobalRef | str]] = ContextVar("block_grants", default=frozenset())
BLOCK_TRUST: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("block_trust", default=())


class _Pause:
    """No cyclic garbage collection while a load builds: it only creates, so there is nothing to find.

    Counted, because loads nest and run in several threads; whoever leaves last puts back what was. A
    finalizer or a handler of signals that loads may run at any line here, in the thread that is at it.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._was_enabled = False

    def __enter__(self) -> None:
        begun = False
        try:
            with self._lock:
                if self._depth == 0:
                    self._was_enabled = gc.isenabled()
                self._depth, begun = self._depth + 1, True
                gc.disable()
        except BaseException:  # a KeyboardInterrupt: whoever breaks off here does not come to the end of the block
            if begun:
                self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        with self._lock:
            enables = self._depth == 1 and self._was_enabled
            self._depth -= 1
            if enables:
                gc.enable()

    def reset_in_child(self) -> None:
        """After a fork: loads of other threads do not go on in the child."""
        self._lock = threading.RLock()
        if self._depth and self._was_enabled:
            gc.enable()
        self._depth = 0


COLLECTION_PAUSED = _Pause()
