"""A load under way, and its refusal: who announced it, what it may ask for, what was found."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from safeload import grants, keep, record, settings
from safeload.allowlists import brings, problem_of, profiles_naming
from safeload.errors import Refusal, refusal_error
from safeload.installed import ours
from safeload.kept import KeptType
from safeload.pins.claims import claim_of
from safeload.pins.granting import Grant
from safeload.pins.held import Held
from safeload.plain import words_for
from safeload.policy import Ground, Mode, Policy, Refused, Verdict
from safeload.scan.report import Report
from safeload.state import COLLECTION_PAUSED, STATE, THREAD


class _Anything(Container[Any]):
    def __contains__(self, _: object) -> bool:
        return True


ANYTHING: Final = _Anything()
NOTHING: Final[frozenset[Any]] = frozenset()

LARGE: Final = 1 << 26
"""A refused file of more bytes is not read once more for what its message says."""


class Asked(BaseException):
    """Carries the name that an unpickler's own ``find_class`` asks CPython's for, instead of it."""


class MoreThanData(BaseException):
    """Breaks off a load that was begun as if it held nothing but data, at its first global.

    Attributes:
        weighed: it was found to ask for no more than a process has.
    """

    def __init__(self, *, weighed: bool = False) -> None:
        self.weighed = weighed


class Load(metaclass=KeptType):
    """One load under way on one thread; loads nest.

    Attributes:
        api: the function as its user wrote it; inherited from the outermost announcement.
        approved: the names, as they stand in the stream, that the verdict lets through; None until
            the verdict.
        by_name: whether a name outside ``approved`` may still be judged by itself (a find_class that
            renames), or is refused outright.
        refusal: set on the outermost load once it was refused.
        watched: a file that the load reads again after the look, which must not change meanwhile.
        asking: a renaming ``find_class`` is being asked what it makes of a name, to import nothing.
        broken: why a stream of plain data could not be read to its end; an unpickler in Python still
            reads what there is of a frame, and may come to names in it.
        pending: the bytes of a ``loads`` that has not asked for a name yet, with its options.
        grant: what lets exactly these bytes in, if anything does; inherited by what is loaded from them.
        held: the verified bytes, where they are loaded from a file of their own.
        unpickler: the one in Python that loads it.
    """

    approved: Container[Any] | None = None
    entries: frozenset[int] = frozenset()
    by_name = False
    asking = False
    broken = ""
    pending: tuple[Any, Mapping[str, Any]] | None = None
    path = ""
    unpickler: Any = None
    outer: Load | None = None
    trusted = False
    grant: Grant | None = None
    held: Held | None = None
    sink: record.Sink | None = None
    refusal: Refusal | None = None
    watched: Any = None
    stamp: tuple[int, ...] = ()

    def __init__(self, api: str) -> None:
        self.api = api

    def __enter__(self) -> Self:
        self.outer = THREAD.load
        THREAD.load = self
        if self.outer is not None:
            outer = self.outer
            self.trusted, self.grant, self.held = outer.trusted, outer.grant, outer.held
            self.watched, self.stamp = outer.watched, outer.stamp
        return self

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        THREAD.load = self.outer
        if self.sink is not None and self.outermost() is self:
            if self.sink.is_told and "claim" not in self.sink.facts:
                source, claimed = _claimed(self.path)
                is_known = self.grant is not None and self.grant.sha256 == claimed
                self.sink.claimed(source, claimed, claimed if is_known else "")
            self.sink.finish(self.path, error)

    def is_within_itself(self) -> bool:
        """Whether its unpickler is in the middle of another load, further out."""
        load = self.outer
        while load is not None and load.unpickler is not self.unpickler:
            load = load.outer
        return load is not None

    def outermost(self) -> Load:
        load = self
        while load.outer is not None:
            load = load.outer
        return load

    def named(self) -> tuple[str, str]:
        """The api and the path that the user knows: those of the outermost load that has them."""
        api, path, load = self.api, self.path, self.outer
        while load is not None:
            if isinstance(load, Announcement):
                api, path = load.api, load.path or path
            load = load.outer
        return api, path

    def sink_of_outermost(self) -> record.Sink:
        outermost = self.outermost()
        if outermost.sink is None:
            outermost.sink = record.Sink(outermost.api)
        return outermost.sink


class Announcement(Load):
    """A load that a library's own function announces before it comes to an unpickler."""

    approved = NOTHING
    by_name = True

    def __init__(self, api: str, source: Any = None) -> None:
        super().__init__(api)
        self.path = path_of(source)
        self.facts: dict[str, Any] = {}

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        THREAD.load = self.outer  # first of all: what follows may be broken off
        if self.facts and self.outer is None:
            self.sink_of_outermost().facts |= self.facts
        super().__exit__(kind, error, trace)


def path_of(source: Any) -> str:
    """The file's name for messages and events; empty for what has none."""
    name = source if isinstance(source, str | bytes) else getattr(source, "name", None)
    if hasattr(source, "__fspath__"):
        name = source.__fspath__()
    if isinstance(name, bytes):
        name = name.decode("utf-8", "backslashreplace")
    return name if isinstance(name, str) else ""


def refuse(load: Load, policy: Policy, verdict: Verdict, *, required: str = "", sha256: str = "") -> None:
    """Raise for a refused load, or in audit mode say so and return."""
    with ours():
        refusal = refusal_of(load, policy, verdict, required=required, sha256=sha256)
    if policy.mode is Mode.AUDIT:
        load.sink_of_outermost().reported(refusal)
        return
    load.sink_of_outermost().blocked(refusal)
    load.outermost().refusal = refusal
    raise refusal_error(refusal)


def refusal_of(load: Load, policy: Policy, verdict: Verdict, *, required: str = "", sha256: str = "") -> Refusal:
    """What is said of a load that is not let through."""
    api, path = load.named()
    claim, claimed = _claimed(path)
    return Refusal(
        api=api,
        path=path,
        refused=tuple(map(told, verdict.refused)),
        unread=verdict.unread,
        undecodable=verdict.undecodable,
        unpinned=verdict.unpinned,
        sha256=sha256 or grants.digest_of_path(path),
        policy=f"{policy.mode.value}, {policy.origin}",
        locked=policy.locked,
        contact=policy.contact,
        problem=STATE.problem or next(filter(None, map(problem_of, policy.profiles)), ""),
        late=tuple(item.partition("=")[0] for item in changed_settings(policy)),
        profiles=profiles_for(verdict.refused),
        tensors=_holds_tensors(load, path),
        required=required,
        unlisted=tuple(item.ref for item in verdict.refused if not profiles_naming(item.ref)),
        claim=claim,
        claimed=claimed,
    )


def _claimed(path: str) -> tuple[str, str]:
    """Where the cache says that a file is from, and its digest; nothing for what is in none."""
    claim = claim_of(path) if path else None
    return (claim.source, claim.sha256) if claim is not None else ("", "")


def _holds_tensors(load: Load, path: str) -> bool:
    """Whether tensors can be taken out of the file as it lies there; a large one is believed the names it asks for."""
    from safeload.scan.array_forms import MAKERS
    from safeload.scan.outline import outline
    from safeload.scan.skeleton import read_skeleton

    if MAKERS.isdisjoint(load.sink_of_outermost().required) or not Path(path).is_file():
        return False
    try:
        with Path(path).open("rb") as file, COLLECTION_PAUSED:
            return os.fstat(file.fileno()).st_size > LARGE or bool(outline(read_skeleton(file).value).tensors)
    except Exception:  # noqa: BLE001 - a way forward that cannot be tried is none, and the refusal stands
        return False


def changed_settings(policy: Policy) -> tuple[str, ...]:
    """Settings that the program has changed to no effect, as NAME=value; under a lock, each is an event, once."""
    changed = tuple(f"{name}={value}" for name, value in settings.changed_since_the_start().items())
    for item in changed:
        if policy.locked and item not in STATE.warned:
            STATE.warned.add(item)
            keep.defended(f"{item.partition('=')[0]} changed in the environment after the start")
    return changed


def profiles_for(refused: tuple[Refused, ...]) -> tuple[str, ...]:
    """The shipped profiles that together list the refused names which any of them lists."""
    named: dict[str, None] = {}
    for item in refused:
        if item.ground is Ground.UNLISTED:
            named |= dict.fromkeys(profiles_naming(item.ref)[:1])
    along = {name for profile in named for name in brings(profile)}
    return tuple(name for name in named if name not in along)


def told(item: Refused) -> Refused:
    """The refusal of a name that no list has, with what this process knows of it."""
    if item.text != Ground.UNLISTED.value:
        return item
    lists = profiles_naming(item.ref)
    words = f"not in force: the profile {lists[0]}" if lists else words_for(item.ref)
    return replace(item, text=words) if words else item


def planted(report: Report) -> tuple[Refused, ...]:
    """Python 2 names whose module really exists: which of the two would be imported is not sure."""
    text = "a module of that Python 2 name is installed here"
    return tuple(
        Refused(raw, Ground.STRUCTURE, text)
        for raw, mapped in report.raw.items()
        if raw.module != mapped.module and grants.is_installed(raw.module)
    )
