"""What a process is willing to load: judgement over names, knowing no file, no library and no log."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from safeload.allowlists import DEFAULT_PROFILES, never_reason, profile_entries
from safeload.scan.entry import Entry, Rulebook
from safeload.scan.report import ANY_USE, GlobalRef, Report, Use


class Mode(enum.Enum):
    """What becomes of a load that the policy refuses."""

    ENFORCE = "enforce"
    AUDIT = "audit"
    OFF = "off"


class Twins(enum.Enum):
    """Whether the safetensors file beside a pickle is opened in its place, where it is proven the same."""

    PREFER = "prefer"
    REQUIRE = "require"
    OFF = "off"


class Ground(enum.Enum):
    """Why one name was refused."""

    UNLISTED = "no allowlist names it"
    NEVER = "never allowed by name"
    USE = "listed, but not for this use"
    RULE = "listed, but not with these arguments"
    STRUCTURE = "no policy allows this"
    UNSEEN = "listed with a rule, and this way of loading cannot be looked into"


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused name, with the ground and the words for it."""

    ref: GlobalRef
    ground: Ground
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a policy says of a report.

    Attributes:
        refused: the names refused; empty if none is.
        unread: why the stream could not be read to its end; empty if it could.
        profiles: the lists and grants that allowed the rest.
    """

    refused: tuple[Refused, ...] = ()
    unread: str = ""
    profiles: tuple[str, ...] = ()

    @property
    def admitted(self) -> bool:
        return not self.refused and not self.unread


GRANT = "allow()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A value: to change what is in force, make another and activate it.

    Attributes:
        mode: what becomes of a refused load.
        profiles: the shipped lists in force, by name.
        allow: names allowed beside them, for any use.
        tensors: whether a safetensors twin is opened in place of a pickle.
        origin: where the policy came from, as messages and events show it.
        locked: code and environment may only tighten it.
    """

    mode: Mode = Mode.ENFORCE
    profiles: tuple[str, ...] = DEFAULT_PROFILES
    allow: frozenset[GlobalRef] = field(default_factory=frozenset)
    tensors: Twins = Twins.PREFER
    origin: str = "shipped"
    locked: bool = False

    @property
    def digest(self) -> str:
        """The first 16 digits of a sha256 over what the policy says: equal for equal policies."""
        import hashlib  # brings in OpenSSL, 4 MB

        said = (self.mode.value, self.profiles, tuple(sorted(self.allow)), self.locked, self.tensors.value)
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
            ground = Ground.STRUCTURE if objection.structural else Ground.RULE
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
        return Refused(ref, Ground.USE, f"allowed here, but not to be {_done(beyond)}")
    return None


_DEEDS = {
    Use.CALLED: "called",
    Use.INSTANTIATED: "instantiated",
    Use.STATE_SET: "given state",
    Use.ITEMS_SET: "given items",
}


def _done(use: Use) -> str:
    return " or ".join(words for flag, words in _DEEDS.items() if flag in use)


@lru_cache(maxsize=64)
def _rulebook(profiles: tuple[str, ...], allow: frozenset[GlobalRef]) -> Mapping[GlobalRef, Entry]:
    entries: dict[GlobalRef, Entry] = {}
    for profile in profiles:
        entries.update(profile_entries(profile))
    for ref in allow - entries.keys():
        entries[ref] = Entry(uses=ANY_USE, reason="allowed by the user", profile=GRANT)
    return entries
