"""One load, from its announcement to the verdict. The one place where a load is allowed.

A door announces a load; the look says what the stream asks for; the policy judges; and while the
real unpickler runs, :func:`ask` lets through the names of that verdict and no other.
"""

from __future__ import annotations

import copyreg
import os
from collections import Counter
from collections.abc import Container, Mapping
from types import FrameType
from typing import Any, Final, Self

from safeload import grants, record
from safeload.allowlists import profiles_naming
from safeload.doors.channels import channel_of
from safeload.errors import Refusal, refusal_error
from safeload.policy import Ground, Mode, Policy, Refused, Verdict
from safeload.scan.listen import Whole, is_regular
from safeload.scan.look import look, normalised
from safeload.scan.nested import NestedRecorder
from safeload.scan.report import GlobalRef, Report
from safeload.state import STATE, THREAD


class _Anything(Container[Any]):
    def __contains__(self, _: object) -> bool:
        return True


ANYTHING: Final = _Anything()
NOTHING: Final[frozenset[Any]] = frozenset()


class Load:
    """One load under way on one thread; loads nest.

    Attributes:
        api: the function as its user wrote it; inherited from the outermost announcement.
        approved: the names, as they stand in the stream, that the verdict lets through; None until
            the verdict.
        by_name: whether a name outside ``approved`` may still be judged by itself (a find_class that
            renames), or is refused outright.
        refusal: set on the outermost load once it was refused.
        watched: a file that the load reads again after the look, which must not change meanwhile.
        pending: the bytes of a ``loads`` that has not asked for a name yet, with its options.
    """

    approved: Container[Any] | None = None
    entries: frozenset[int] = frozenset()
    by_name = False
    pending: tuple[Any, Mapping[str, Any]] | None = None
    path = ""
    outer: Load | None = None
    trusted = False
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
            self.trusted = self.outer.trusted
        return self

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        THREAD.load = self.outer
        if self.sink is not None and self.outermost() is self:
            self.sink.finish(self.path, error)

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


# --- asked by the doors -------------------------------------------------------------------------


def ask(module: Any, name: Any) -> None:
    """Called for every global, before it is imported; raises if it may not be.

    Raises:
        BlockedLoadError: the policy refuses it.
    """
    if not STATE.active or not isinstance(module, str) or not isinstance(name, str):
        return
    load: Load | None = THREAD.load
    if load is None:
        _ask_by_name(Load("pickle.Unpickler.find_class"), GlobalRef(module, name))
        return
    if load.approved is None:
        examine(load)
    if load.watched is not None and stamp_of(load.watched) != load.stamp:
        changed = Verdict(unread="it was changed while it was being read")
        refuse(load, policy_in_force(), changed)
    if load.approved is not None and (module, name) in load.approved:
        return
    _ask_by_name(load, GlobalRef(module, name))


def examine(load: Load) -> None:
    """Look at the bytes of a ``loads`` at its first global: nothing but plain data exists yet."""
    assert load.pending is not None  # noqa: S101 - a door that sets no verdict sets this
    data, options = load.pending
    load.pending = None
    if passes(load, record.caller()):
        return
    if grants.trusts_bytes(data):
        load.approved = ANYTHING
        load.trusted = True
        return
    report = look_at(data, options)
    if report.problem and not report.uses and not report.objections:
        load.approved = NOTHING
        return
    judge(load, report, size=len(memoryview(data)))


def look_at(data: Any, options: Mapping[str, Any]) -> Report:
    """Look at one pickle in memory, standing where ``loads`` stands."""
    recorder = NestedRecorder(policy_in_force().rulebook())
    recorder.skips = False
    content = data if type(data) is bytes else bytes(memoryview(data))
    return look(Whole(content), recorder, options=options)


def must_look_first() -> bool:
    """Whether CPython might hand out an object without asking: EXT codes it has in its cache."""
    return bool(copyreg._inverted_registry)  # type: ignore[attr-defined]  # CPython's own table


def passes(load: Load, frame: FrameType | None) -> bool:
    """Whether a load needs no verdict: trusted outside, or read from a channel of our own."""
    if load.trusted or policy_in_force().mode is Mode.OFF:
        load.approved = ANYTHING
        return True
    channel = channel_of(frame)
    if channel is not None:
        STATE.channel_loads[channel] = STATE.channel_loads.get(channel, 0) + 1
        load.approved = ANYTHING
        return True
    return False


def judge(load: Load, report: Report, *, size: int | None = None, defers: bool = False) -> None:
    """Give the verdict on a report: set what the load may ask for, or raise.

    Args:
        defers: the unpickler's own ``find_class`` may rename; names that only the list lacks are
            then judged as it asks for them.
    """
    policy = policy_in_force()
    verdict = policy.judge(report)
    planted = _planted(report)
    refused = verdict.refused + planted
    if defers:
        refused = tuple(i for i in refused if i.ground not in (Ground.UNLISTED, Ground.NEVER))
        load.by_name = True
    load.sink_of_outermost().saw(report, verdict, size)
    if refused or verdict.unread:
        refuse(load, policy, Verdict(refused=refused, unread=verdict.unread))
        load.approved = ANYTHING
        return
    out = {item.ref for item in verdict.refused}
    names = {ref for ref in report.uses if ref not in out}
    names |= {raw for raw, mapped in report.raw.items() if mapped not in out}
    load.approved = names
    rulebook = policy.rulebook()
    load.entries = frozenset(id(rulebook[ref]) for ref in names if ref in rulebook)


def profiles_for(refused: tuple[Refused, ...]) -> tuple[str, ...]:
    """The fewest shipped profiles that list all the refused names, if they do; else none."""
    if any(item.ground is not Ground.UNLISTED for item in refused):
        return ()
    missing, chosen = {item.ref for item in refused}, []
    while missing:
        counts = Counter(name for ref in missing for name in profiles_naming(ref))
        if not counts:
            return ()
        best = counts.most_common(1)[0][0]
        chosen.append(best)
        missing = {ref for ref in missing if best not in profiles_naming(ref)}
    return tuple(chosen)


def require(load: Load, ref: GlobalRef, text: str) -> None:
    """Refuse a load that needs one name the policy does not hold."""
    policy = policy_in_force()
    if policy.mode is not Mode.OFF and ref not in policy.rulebook():
        refuse(load, policy, Verdict(refused=(Refused(ref, Ground.UNLISTED, text),)))


def watch(load: Load, file: Any) -> None:
    """From here on, refuse at the next name if the file is no longer the one that was looked at."""
    load.watched, load.stamp = file, stamp_of(file)


def stamp_of(file: Any) -> tuple[int, ...]:
    """What changes when a file is rewritten; empty for what lives in memory."""
    try:
        status = os.fstat(file.fileno())
    except (OSError, AttributeError, ValueError):
        return ()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def announced_as(api: str) -> Announcement | None:
    """The announcement of that name under way on this thread, if there is one."""
    load: Load | None = THREAD.load
    while load is not None:
        if isinstance(load, Announcement) and load.api == api:
            return load
        load = load.outer
    return None


def refuse(load: Load, policy: Policy, verdict: Verdict) -> None:
    """Raise for a refused load, or in audit mode say so and return."""
    api, path = load.named()
    refusal = Refusal(
        api=api,
        path=path,
        refused=verdict.refused,
        unread=verdict.unread,
        sha256=grants.digest_of_path(path),
        policy=f"{policy.mode.value}, {policy.origin}",
        locked=policy.locked,
        problem=STATE.problem,
        profiles=profiles_for(verdict.refused),
    )
    if policy.mode is Mode.AUDIT:
        load.sink_of_outermost().reported(refusal)
        return
    load.sink_of_outermost().blocked(refusal)
    load.outermost().refusal = refusal
    raise refusal_error(refusal)


def _ask_by_name(load: Load, raw: GlobalRef) -> None:
    if load.approved is ANYTHING:
        return
    policy = policy_in_force()
    if passes(load, record.caller()):
        return
    ref = normalised(raw)
    entry = policy.rulebook().get(ref)
    if entry is not None and load.by_name and id(entry) in load.entries:
        return
    found = policy.judge_name(ref)
    if found is None and load.approved is not None and not load.by_name:
        found = Refused(ref, Ground.STRUCTURE, "asked for by the load, but not by what was read")
    if found is not None:
        refuse(load, policy, Verdict(refused=(found,)))


def _planted(report: Report) -> tuple[Refused, ...]:
    """Python 2 names whose module really exists: which of the two would be imported is not sure."""
    text = "a module of that Python 2 name is installed here"
    return tuple(
        Refused(raw, Ground.STRUCTURE, text)
        for raw, mapped in report.raw.items()
        if raw.module != mapped.module and grants.is_installed(raw.module)
    )


def policy_in_force() -> Policy:
    """The policy with what ``allow()`` added for the process and for this block."""
    return grants.policy_in_force()


__all__ = ["ANYTHING", "NOTHING", "Announcement", "Load", "ask", "examine", "is_regular", "judge"]
