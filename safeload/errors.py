"""The hierarchy, and the words that a person reads whose load was refused."""

from __future__ import annotations

import pickle
import shlex
from dataclasses import dataclass
from typing import Any

from safeload.policy import Ground, Refused
from safeload.scan.report import GlobalRef, printable


class SafeloadError(Exception):
    """Everything that safeload raises."""


class PolicyError(SafeloadError, ValueError):
    """A setting or an allowance cannot be taken as it stands."""


class TensorsError(SafeloadError, ValueError):
    """No tensors can be taken out of a file, or none can be held here."""


class SafeloadWarning(UserWarning):
    """Audit mode: this load would have been refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The facts of one refused load.

    Attributes:
        api: the function that was called, as its users write it.
        path: the file, where one is known.
        refused: every name refused, with the ground.
        unread: why the stream could not be read to its end, and what it looks like.
        sha256: digest of the whole file, where it is a regular one.
        policy: where the policy in force came from.
        locked: whether only an administrator can change it.
        problem: why a configured policy was not used.
        profiles: shipped profiles that together list every refused name, if they do.
        tensors: the file holds tensors or arrays, which can be had without its code.
        required: why no safetensors file was opened in its place, where the policy wants one.
    """

    api: str
    path: str = ""
    refused: tuple[Refused, ...] = ()
    unread: str = ""
    sha256: str = ""
    policy: str = "shipped"
    locked: bool = False
    problem: str = ""
    profiles: tuple[str, ...] = ()
    tensors: bool = False
    required: str = ""

    @property
    def globals(self) -> tuple[GlobalRef, ...]:
        return tuple(item.ref for item in self.refused)


class BlockedLoadError(SafeloadError, pickle.UnpicklingError):
    """A load was refused; nothing of the file was imported, called or built.

    ``refusal`` holds the facts. Survives pickling, so that a worker's refusal reaches its parent.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal

    def __str__(self) -> str:
        return explain(self.refusal)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.refusal,)

    def _render_traceback_(self, *_: object) -> list[str]:
        """IPython's hook: the message alone, without frames that explain nothing."""
        return [f"{type(self).__name__}: {self}"]


class BlockedGlobalError(BlockedLoadError):
    """The file asks for names, or for uses of names, that the policy does not allow."""


class UnreadableError(BlockedLoadError):
    """The file cannot be read to its end, so nobody can say what it holds."""


class TensorsRequiredError(BlockedLoadError):
    """The policy opens nothing but tensors, and no safetensors file is proven to hold this one's."""


def refusal_error(refusal: Refusal) -> BlockedLoadError:
    """The error of the kind that fits the facts."""
    if refusal.required:
        return TensorsRequiredError(refusal)
    return (BlockedGlobalError if refusal.refused else UnreadableError)(refusal)


_MARKED = {Ground.NEVER: "never allowed", Ground.STRUCTURE: "refused under every policy"}


def explain(refusal: Refusal) -> str:
    """The message: what was refused, why, and the ways forward, safest first."""
    what = f"'{printable(refusal.path)}'" if refusal.path else "this data"
    lines = [f"{refusal.api} did not open {what}. Nothing in it was run.", ""]
    if refusal.refused:
        lines.append("  It asks for what the policy does not allow:")
        width = min(60, max(len(str(item.ref)) for item in refusal.refused))
        lines += [f"    {item.ref!s:<{width}}  {_why(item)}".rstrip() for item in refusal.refused]
    if refusal.required:
        lines.append("  The policy opens tensors only (tensors = require), and there is no proven safetensors")
        lines.append(f"  file for it: {printable(refusal.required, 500)}")
    if refusal.unread:
        lines.append(f"  It could not be read to its end: {printable(refusal.unread)}")
    lines += ["", *_ways_forward(refusal), "", f"Policy: {refusal.policy}."]
    if refusal.problem:
        lines.append(f"The configured policy was not used: {printable(refusal.problem)}")
    return "\n".join(lines)


def _why(item: Refused) -> str:
    mark = _MARKED.get(item.ground)
    return f"{mark}: {item.text}" if mark else item.text


def _ways_forward(refusal: Refusal) -> list[str]:
    if refusal.required:
        return [
            "Convert it once, which runs nothing of it:",
            f"       safeload convert {shlex.quote(refusal.path) if refusal.path else 'FILE'}",
            "or take the tensors as they are:",
            f"       {_call(refusal)}",
        ]
    if not refusal.refused:
        return [
            "A complete copy may help: compare its size and digest with the source.",
            *_trust(refusal, 0),
        ]
    if refusal.locked:
        lines = ["This policy is locked. Send this message to whoever maintains it."]
        if refusal.tensors:
            lines += ["Until then, the tensors alone, without the file's code:", f"       {_call(refusal)}"]
        return lines
    grantable = [item.ref for item in refusal.refused if item.ground is Ground.UNLISTED]
    lines = ["Ways forward, safest first:"]
    if refusal.tensors:
        lines += ["  1. Take the tensors without the code:", f"       {_call(refusal)}"]
    else:
        lines.append(f"  1. Ask for it in a format that cannot carry code: {_format(refusal.api)}.")
    if refusal.profiles:
        names = ", ".join(map(repr, refusal.profiles))
        lines.append("  2. Shipped lists hold all these names, with rules. Put them in force for this load:")
        lines.append(f"       with safeload.allow({names}): ...")
    elif len(grantable) == len(refusal.refused):
        names = ", ".join(repr(str(ref)) for ref in grantable)
        lines.append("  2. You know what these names do, and want them for this load only:")
        lines.append(f"       with safeload.allow({names}): ...")
    else:
        lines.append("  2. Allowing names is no way out here: not every refusal above is of a name")
        lines.append("     that could be allowed.")
    return lines + _trust(refusal, 3)


def _call(refusal: Refusal) -> str:
    """What takes the tensors out of the very file that was refused."""
    path = refusal.path
    shown = repr(path) if path == printable(path, len(path)) else ascii(path)
    return f"tensors = safeload.load_tensors({shown})"


def _format(api: str) -> str:
    return "the weights as a .safetensors file" if "torch" in api else "safetensors, Parquet, skops, …"


def _trust(refusal: Refusal, number: int) -> list[str]:
    if not refusal.sha256 or refusal.locked:
        return []
    start = f"  {number}. " if number else ""
    return [
        f"{start}You made this file, or somebody you trust reviewed these very bytes:",
        f"       with safeload.trust('sha256:{refusal.sha256}', reason='…'): ...",
    ]
