"""What is in a file, from wherever it can be had: read inertly, and where it is asked for, by running it in a child."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from safeload import keep, start
from safeload.errors import PolicyError, SandboxError, TensorsError
from safeload.policy import Inert, Policy, Running
from safeload.scan.outline import Outline, outline
from safeload.scan.report import printable
from safeload.scan.skeleton import Skeleton
from safeload.state import STATE
from safeload.tensors.source import Source
from safeload.tensors.ties import with_ties

if TYPE_CHECKING:
    from safeload.sandbox.contained import Ran

VERSIONS: Final = "safeload.state_dict_metadata"
Sandbox = Literal["never", "auto", "always"]


@dataclass(frozen=True, slots=True)
class Contents:
    """One file.

    Attributes:
        skeleton: what it is, and what code it names.
        found: everything in it, by name.
        ran: what became of its code in a child; None where nothing of it was run.
    """

    skeleton: Skeleton
    found: Outline
    ran: Ran | None = None


def running(asked: Sandbox | None) -> Running:
    """Whether code may run in a child: as the caller says, else as the policy does.

    Raises:
        PolicyError: the policy is locked and tighter than that.
    """
    policy = policy_here()
    if asked is None:
        return policy.sandbox
    try:
        wanted = Running(asked)
    except ValueError:
        msg = f"sandbox is 'never', 'auto' or 'always', not {asked!r}"
        raise PolicyError(msg) from None
    if policy.locked and wanted.strictness < policy.sandbox.strictness:
        keep.refuse(f"sandbox={asked!r}")
    return wanted


def policy_here() -> Policy:
    """The policy in force."""
    start.ensure_policy()
    return STATE.policy or Policy()


def contents_of(opened: Source, how: Running = Running.NEVER) -> Contents:
    """Read a file.

    Raises:
        TensorsError: nothing can be taken out of it.
        SandboxError: a child was asked for, and none can be had or nothing came of it.
    """
    policy = policy_here()
    if policy.inert is Inert.CHILD:
        from safeload.sandbox import contained

        planned = contained.plan(opened, policy.sandbox_limits)
        inert = Contents(planned.skeleton, _finished(planned.found, planned.skeleton))
    else:
        skeleton = opened.skeleton()
        inert = Contents(skeleton, outline_of(skeleton))
    names_code = bool(inert.skeleton.uses)
    if names_code and (how is Running.ALWAYS or (how is Running.AUTO and inert.found.computed)):
        return _ran(opened, inert, how, policy)
    return inert


def outline_of(skeleton: Skeleton) -> Outline:
    """The names in a file.

    Raises:
        TensorsError: there is so much of it that it is taken for a trap.
    """
    try:
        found = outline(skeleton.value)
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        msg = f"no tensors can be taken out of it: {printable(str(error), 500)}"
        raise TensorsError(msg) from None
    return _finished(found, skeleton)


def _finished(found: Outline, skeleton: Skeleton) -> Outline:
    """With what a safetensors header says, and a reader has noted."""
    found.left_out.update(skeleton.notes)
    with_ties(found.tensors, skeleton.metadata)
    if "" not in found.metadata and VERSIONS in skeleton.metadata:
        found.metadata[""] = _versions(skeleton.metadata[VERSIONS])
    return found


def _versions(text: str) -> Any:
    """The versions of modules as :func:`safeload.convert` has written them."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# --- what its code makes of it ------------------------------------------------------------------


def _ran(opened: Source, inert: Contents, how: Running, policy: Policy) -> Contents:
    """With what the file's code makes, in a child; where that is not to be had, ``auto`` goes without."""
    from safeload.sandbox import contained

    try:
        made, ran = contained.values(opened, inert.skeleton, policy.sandbox_limits)
    except SandboxError as error:
        if how is Running.ALWAYS:
            raise
        for name in inert.found.computed & inert.found.left_out.keys():
            inert.found.left_out[name] += f" (and {error})"
        return Contents(inert.skeleton, inert.found, contained.Ran(problem=str(error)))
    if how is Running.ALWAYS:
        return Contents(inert.skeleton, made.found, ran)
    return Contents(inert.skeleton, _together(inert.found, made.found), ran)


def _together(inert: Outline, made: Outline) -> Outline:
    """What was read as it stands, and beside it what only code could make."""
    known = inert.tensors.keys() | inert.beside.keys()
    for name in made.tensors.keys() - known:
        inert.scalars.pop(name, None)  # a number that state_dict() makes a tensor of
    known |= inert.scalars.keys()
    for mine, other in ((inert.tensors, made.tensors), (inert.beside, made.beside), (inert.scalars, made.scalars)):
        mine.update({name: value for name, value in other.items() if name not in known})
    known = inert.tensors.keys() | inert.beside.keys() | inert.scalars.keys()
    left_out = {name: reason for name, reason in made.left_out.items() if name not in known}
    inert.left_out.clear()
    inert.left_out.update(left_out)
    inert.computed.clear()
    inert.computed.update(made.computed & left_out.keys())
    return inert
