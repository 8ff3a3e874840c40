"""One load, from its announcement to the verdict. The one place where a load is allowed.

A door announces a load; the look says what the stream asks for; the policy judges; and while the
real unpickler runs, :func:`ask` lets through the names of that verdict and no other.
"""

from __future__ import annotations

import copyreg
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

from safeload import grants, record
from safeload.doors.channels import channel_of
from safeload.loads import ANYTHING, NOTHING, Announcement, Asked, Load, MoreThanData, path_of, planted, refuse
from safeload.pins import granting
from safeload.pins.granting import Answer
from safeload.pins.held import Held
from safeload.pins.lock import Level
from safeload.policy import Ground, Mode, Policy, Refused, Twins, Verdict
from safeload.scan.listen import is_regular
from safeload.scan.look import look, normalised
from safeload.scan.nested import NestedRecorder
from safeload.scan.report import GlobalRef, Report
from safeload.scan.sniff import HEAD, looks_like
from safeload.scan.strain import Limits
from safeload.scan.window import Whole
from safeload.state import STATE, THREAD
from safeload.whence import planted_beside


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
    if load.asking:
        raise Asked(module, name)
    if load.approved is None:
        if load.pending is None:
            raise MoreThanData
        examine(load)
    if load.watched is not None and stamp_of(load.watched) != load.stamp:
        refuse_unread(load, "it was changed while it was being read")
    if load.approved is not None and (module, name) in load.approved:
        return
    if load.broken:
        refuse_unread(load, load.broken)
    _ask_by_name(load, GlobalRef(module, name))


def examine(load: Load) -> None:
    """Look at the bytes of a ``loads`` at its first global: nothing but plain data exists yet."""
    assert load.pending is not None  # noqa: S101 - a door that sets no verdict sets this
    data, options = load.pending
    load.pending = None
    if passes(load, record.caller()):
        return
    admit_bytes(load, data)
    if load.trusted:
        return
    report = look_at(data, options)
    if report.problem and not report.uses and not report.objections:
        load.approved = NOTHING
        return
    judge(load, report, size=len(memoryview(data)))


def admit(load: Load, answer: Answer, held: Held | None = None) -> None:
    """Let a load do what a grant of its very bytes says. The one way in for trust.

    Raises:
        NotPinnedError: these bytes may not load here, whatever they ask for.
    """
    if answer.refused:
        refuse(load, policy_in_force(), Verdict(unpinned=answer.refused), sha256=answer.sha256)
    grant = answer.grant
    if grant is None:
        return
    load.grant = grant
    if held is not None and held.stamp:
        load.watched, load.stamp = held.file, held.stamp  # it is read where it lies
    if grant.level is Level.PICKLE:
        load.approved, load.trusted = ANYTHING, True
    load.sink_of_outermost().granted(grant.by, grant.facts())


def admit_bytes(load: Load, data: Any) -> None:
    """The same for bytes in memory, once; what is loaded from verified bytes has their grant."""
    if load.grant is None and grants.any_trust():
        admit(load, *granting.of_bytes(data, load.named()[1]))


def look_at(data: Any, options: Mapping[str, Any]) -> Report:
    """Look at one pickle in memory, standing where ``loads`` stands."""
    recorder = NestedRecorder(policy_in_force().rulebook())
    recorder.skips = False
    content = data if type(data) is bytes else bytes(memoryview(data))
    # With EXT codes the engine is the one in Python, which takes what it asked for and no more.
    reader = io.BytesIO(content) if must_look_first() else Whole(content)
    return look(reader, recorder, options=options)


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


def renaming(load: Load, unpickler: Any) -> Callable[[str, str], tuple[str, str]]:
    """What an unpickler that only renames asks CPython for, name by name; nothing is imported."""

    def rename(module: str, name: str) -> tuple[str, str]:
        load.asking = True
        try:
            unpickler.find_class(module, name)
        except Asked as asked:
            module, name = asked.args
        except Exception:  # noqa: BLE001, S110 - it refuses the name itself, and will again
            pass
        finally:
            load.asking = False
        return module, name

    return rename


def judge(load: Load, report: Report, *, size: int | None = None) -> None:
    """Give the verdict on a report: set what the load may ask for, or raise."""
    policy = policy_in_force()
    verdict = policy.judge(report)
    refused = verdict.refused + planted(report) + planted_beside(report.uses, policy.rulebook())
    load.sink_of_outermost().saw(report, granting.credited(verdict, load.grant), size)
    if refused or verdict.unread:
        refuse(load, policy, replace(verdict, refused=refused))
        load.approved = ANYTHING
        return
    _require_tensors(load, policy, report)
    out = {item.ref for item in verdict.refused}
    names = {ref for ref in report.uses if ref not in out}
    names |= {raw for raw, mapped in report.raw.items() if mapped not in out}
    load.approved = names
    rulebook = policy.rulebook()
    load.entries = frozenset(id(rulebook[ref]) for ref in names if ref in rulebook)


def _require_tensors(load: Load, policy: Policy, report: Report) -> None:
    """Where the policy opens tensors only, refuse those of torch's that come as a pickle, whichever loader reads it."""
    if policy.tensors is Twins.REQUIRE:
        from safeload.scan.torch_forms import MAKERS

        if not MAKERS.isdisjoint(report.uses):
            refuse(load, policy, Verdict(), required="it is a pickle that holds torch's tensors")


def refuse_unread(load: Load, text: str) -> None:
    """Refuse what nobody can read to its end."""
    refuse(load, policy_in_force(), Verdict(unread=text))


def refuse_strain(load: Load, words: str) -> None:
    """Refuse what asks for more memory, time or stack than any honest pickle, if it does."""
    if words and not passes(load, record.caller()):
        refuse_unread(load, words)


def limits() -> Limits:
    """How much one pickle may ask for; grants change nothing about it."""
    policy = STATE.policy
    return Limits() if policy is None else policy.limits


def refuse_foreign(load: Load, head: bytes, cut: str) -> None:
    """Refuse what is cut short, or no pickle at all where its first bytes say what it is instead."""
    if cut:
        refuse_unread(load, cut)
    words = looks_like(head[:HEAD]) if head else ""
    if words and words != "text":  # a pickle of protocol 0 is text too
        refuse_unread(load, f"it looks like {words}")


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


def _ask_by_name(load: Load, raw: GlobalRef) -> None:
    policy = policy_in_force()
    if passes(load, record.caller()):
        return
    ref = normalised(raw)
    entry = policy.rulebook().get(ref)
    if entry is not None and load.by_name and id(entry) in load.entries:
        return
    found = policy.judge_name(ref) or next(iter(planted_beside((ref,), policy.rulebook())), None)
    if found is None and load.approved is not None and not load.by_name:
        found = Refused(ref, Ground.STRUCTURE, "asked for by the load, but not by what was read")
    if found is not None:
        refuse(load, policy, Verdict(refused=(found,)))


def policy_in_force() -> Policy:
    """The policy with what ``allow()`` added, and what a pin gives to the bytes that are being loaded."""
    policy = grants.policy_in_force()
    load: Load | None = THREAD.load
    return policy if load is None or load.grant is None else grants.widened(policy, load.grant.names)


__all__ = [
    "ANYTHING",
    "NOTHING",
    "Announcement",
    "Load",
    "MoreThanData",
    "ask",
    "examine",
    "is_regular",
    "judge",
    "path_of",
]
