"""What a process is willing to load: judgement over names, knowing no file, no library and no log."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from safeload.allowlists import DEFAULT_PROFILES, PLAIN, never_reason
from safeload.installed import ours
from safeload.kept import KeptType
from safeload.plain import WithPlain
from safeload.rulebook import Listed
from safeload.sandbox.limits import CHILD_LIMITS, ChildLimits
from safeload.scan.entry import Entry, Rulebook
from safeload.scan.report import GlobalRef, Report, Use
from safeload.scan.strain import DEFAULTS, Limits


class Mode(enum.Enum):
    """What becomes of a load that the policy refuses."""

    OFF = "off"
    AUDIT = "audit"
    ENFORCE = "enforce"

    @property
    def strictness(self) -> int:
        """How far a mode goes; the last goes furthest."""
        return list(Mode).index(self)


class Twins(enum.Enum):
    """Whether the safetensors file beside a pickle is opened in its place, where it is proven the same."""

    PREFER = "prefer"
    REQUIRE = "require"
    OFF = "off"

    @property
    def strictness(self) -> int:
        """What a locked policy may only be raised to."""
        return (Twins.OFF, Twins.PREFER, Twins.REQUIRE).index(self)


class Running(enum.Enum):
    """Whether a file's code may run in a child that can do nothing, where tensors are wanted that only it can make.

    Code that runs, wherever it does, is looser than code that does not: ``NEVER`` is the tightest.
    """

    NEVER = "never"
    AUTO = "auto"
    ALWAYS = "always"

    @property
    def strictness(self) -> int:
        """What a locked policy may only be raised to."""
        return (Running.ALWAYS, Running.AUTO, Running.NEVER).index(self)


class Inert(enum.Enum):
    """Where a file is read for its tensors, which runs nothing of it: in this process, or in a child."""

    HERE = "here"
    CHILD = "child"

    @property
    def strictness(self) -> int:
        """What a locked policy may only be raised to."""
        return (Inert.HERE, Inert.CHILD).index(self)


class Ground(enum.Enum):
    """Why one name was refused."""

    UNLISTED = "no allowlist names it"
    NEVER = "never allowed by name"
    USE = "listed, but not for this use"
    RULE = "listed, but not with these arguments"
    STRUCTURE = "no policy allows this"
    PLANTED = "listed, but not as a module of the program's own folder"
    UNSEEN = "listed with a rule, and this way of loading cannot be looked into"


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused name, with the ground and the words for it."""

    ref: GlobalRef
    ground: Ground
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(metaclass=KeptType):
    """What a policy says of a report.

    Attributes:
        refused: the names refused; empty if none is.
        unread: why the stream could not be read to its end; empty if it could.
        undecodable: what the UnicodeDecodeError says that was the reason, if it was one.
        profiles: the lists and grants that allowed the rest.
        unpinned: why these bytes may not load whatever they ask for; empty if they may.
    """

    refused: tuple[Refused, ...] = ()
    unread: str = ""
    undecodable: tuple[Any, ...] = ()
    profiles: tuple[str, ...] = ()
    unpinned: str = ""

    @property
    def admitted(self) -> bool:
        return not self.refused and not self.unread and not self.unpinned


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(metaclass=KeptType):
    """A value: to change what is in force, make another and activate it.

    Attributes:
        mode: what becomes of a refused load.
        profiles: the shipped lists in force, by name.
        allow: names allowed beside them, for any use.
        tensors: whether a safetensors twin is opened in place of a pickle.
        origin: where the policy came from, as messages and events show it.
        locked: code and environment may only tighten it.
        limits: how much one pickle may ask of memory and time.
        contact: whom a refusal under a locked policy sends its reader to.
        lock: the lock file whose pins count; empty if none does.
        require_pins: whether nothing loads but bytes that a grant names by their digest.
        keys: public keys whose signatures count, each as its digest and the file it lies in.
        sandbox: whether ``load_tensors()`` may run a file's code in a child, unless it is told.
        inert: where ``load_tensors()`` reads a file without running it.
        sandbox_limits: how much such a child may take.
    """

    mode: Mode = Mode.ENFORCE
    profiles: tuple[str, ...] = DEFAULT_PROFILES
    allow: frozenset[GlobalRef] = field(default_factory=frozenset)
    tensors: Twins = Twins.PREFER
    origin: str = "shipped"
    locked: bool = False
    limits: Limits = DEFAULTS
    contact: str = ""
    lock: str = ""
    require_pins: bool = False
    keys: tuple[tuple[str, str], ...] = ()
    sandbox: Running = Running.NEVER
    inert: Inert = Inert.HERE
    sandbox_limits: ChildLimits = CHILD_LIMITS

    def is_within(self, bounds: Policy) -> bool:
        """Whether it lets through nothing that the other does not, and stays as locked."""
        return (
            self.mode.strictness >= bounds.mode.strictness
            and set(self.profiles) <= set(bounds.profiles)
            and self.allow <= bounds.allow
            and self.tensors.strictness >= bounds.tensors.strictness
            and self.locked >= bounds.locked
            and self.lock == bounds.lock  # another opens other files, and none binds no path
            and self.require_pins >= bounds.require_pins
            and set(self.keys) <= set(bounds.keys)
            and self.sandbox.strictness >= bounds.sandbox.strictness
            and self.inert.strictness >= bounds.inert.strictness
            and all(own <= bound for own, bound in zip(self.limits, bounds.limits, strict=True))
            and all(own <= bound for own, bound in zip(self.sandbox_limits, bounds.sandbox_limits, strict=True))
        )

    @property
    def digest(self) -> str:
        """The first 16 digits of a sha256 over what the policy says: equal for equal policies."""
        with ours():
            import hashlib  # brings in OpenSSL, 4 MB

        names = tuple(sorted(self.allow))
        said: tuple[Any, ...] = (self.mode.value, self.profiles, names, self.locked, self.tensors.value)
        if self.limits != Limits():
            said = (*said, self.limits)
        if self.lock or self.require_pins or self.keys:
            said = (*said, self.lock, self.require_pins, self.keys)
        children = (self.sandbox.value, self.inert.value, self.sandbox_limits)
        if children != (Running.NEVER.value, Inert.HERE.value, CHILD_LIMITS):
            said = (*said, children)
        return hashlib.sha256(repr(said).encode()).hexdigest()[:16]

    def rulebook(self) -> Rulebook:
        """Every allowed name with what may be done with it."""
        return _rulebook(self.profiles, self.allow)

    def judge(self, report: Report) -> Verdict:
        """Say which of a report's names this policy refuses, and why."""
        rulebook = self.rulebook()
        refused: dict[GlobalRef, Refused] = {}
        profiles: dict[str, None] = {}
        for objection in report.objections:
            entry = rulebook.get(objection.ref)
            ground = Ground.STRUCTURE if objection.structural else _grantable(entry, Ground.RULE)
            refused.setdefault(objection.ref, Refused(objection.ref, ground, objection.text))
        for ref, use in report.uses.items():
            entry = rulebook.get(ref)
            found = _refuse(ref, use, entry)
            if found is not None:
                refused[ref] = found
            elif entry is not None:
                profiles[entry.profile] = None
        return Verdict(
            refused=tuple(refused[ref] for ref in sorted(refused)),
            unread=report.problem,
            undecodable=report.undecodable,
            profiles=tuple(profiles),
        )

    def judge_name(self, ref: GlobalRef) -> Refused | None:
        """Judge a name alone, where what is done with it cannot be seen."""
        entry = self.rulebook().get(ref)
        found = _refuse(ref, Use.REFERENCED, entry)
        if found is None and entry is not None and not entry.plain:
            return Refused(ref, Ground.UNSEEN, Ground.UNSEEN.value)
        return found


def _refuse(ref: GlobalRef, use: Use, entry: Entry | None) -> Refused | None:
    if entry is None:
        danger = never_reason(ref)
        if danger is not None:
            return Refused(ref, Ground.NEVER, danger)
        return Refused(ref, Ground.UNLISTED, Ground.UNLISTED.value)
    beyond = use & ~entry.uses & ~Use.REFERENCED
    if beyond:
        ground = _grantable(entry, Ground.USE)
        return Refused(ref, ground, f"allowed here, but not to be {_done(beyond)}")
    return None


def _grantable(entry: Entry | None, ground: Ground) -> Ground:
    """A class that is allowed as a plain one is on no list: its exact name can still be allowed."""
    return Ground.UNLISTED if entry is not None and entry.profile == PLAIN else ground


_DEEDS = {
    Use.CALLED: "called",
    Use.INSTANTIATED: "instantiated",
    Use.STATE_SET: "given state",
    Use.ITEMS_SET: "given items",
}


def _done(use: Use) -> str:
    return " or ".join(words for flag, words in _DEEDS.items() if flag in use)


@lru_cache(maxsize=64)
def _rulebook(profiles: tuple[str, ...], allow: frozenset[GlobalRef]) -> Rulebook:
    listed = Listed(profiles, allow)  # one for all who ask, which nobody adds to
    return WithPlain(listed) if PLAIN in profiles else listed
