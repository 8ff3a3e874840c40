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

    def _render_traceback_(self, *_: object) -> list[str]:
        """IPython's hook: the message alone, without frames that explain nothing."""
        return [f"{type(self).__name__}: {self}"]


class PolicyError(SafeloadError, ValueError):
    """A setting or an allowance cannot be taken as it stands."""


class TensorsError(SafeloadError, ValueError):
    """No tensors can be taken out of a file, or none can be held here."""


class SandboxError(TensorsError):
    """A file's code could not run where it can do nothing, or what came of it cannot be had."""


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
        undecodable: what the UnicodeDecodeError says that was the reason, if it was one.
        sha256: digest of the whole file, where it is a regular one.
        policy: where the policy in force came from.
        locked: whether only an administrator can change it.
        contact: whom to ask then, where the policy says it.
        problem: why a configured policy, or a part of it, is not in force.
        late: settings that were changed in the environment after they had been read.
        profiles: shipped profiles that together list those refused names that any profile lists.
        unlisted: the refused names that no shipped profile lists.
        tensors: the file holds tensors or arrays, which can be had without its code.
        required: why no safetensors file was opened in its place, where the policy wants one.
        unpinned: why these bytes may not load here, whatever they ask for.
        claim: repository, commit and file, as the cache says that the file lies in.
        claimed: the digest that the cache says.
    """

    api: str
    path: str = ""
    refused: tuple[Refused, ...] = ()
    unread: str = ""
    undecodable: tuple[Any, ...] = ()
    sha256: str = ""
    policy: str = "shipped"
    locked: bool = False
    contact: str = ""
    problem: str = ""
    late: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    tensors: bool = False
    required: str = ""
    unpinned: str = ""
    unlisted: tuple[GlobalRef, ...] = ()
    claim: str = ""
    claimed: str = ""

    @property
    def is_contradicted(self) -> bool:
        """Whether its bytes are others than the cache says."""
        return bool(self.claimed and self.sha256 and self.claimed != self.sha256)

    @property
    def globals(self) -> tuple[GlobalRef, ...]:
        return tuple(item.ref for item in self.refused)


class BlockedLoadError(SafeloadError, pickle.UnpicklingError):
    """A load was refused; nothing of the file was imported, called or built.

    ``refusal`` holds the facts. Survives pickling, so that a worker's refusal reaches its parent.
    """

    def __init__(self, refusal: Refusal | str) -> None:
        # Libraries make an error anew from its class and a text of theirs: torch's DataLoader does.
        self.said = refusal if isinstance(refusal, str) else ""
        self.refusal = Refusal(api="") if isinstance(refusal, str) else refusal
        self._fill()

    def _fill(self) -> None:
        super().__init__(self.said or self.refusal)

    def __str__(self) -> str:
        return self.said or explain(self.refusal)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.said or self.refusal,)


class BlockedGlobalError(BlockedLoadError):
    """The file asks for names, or for uses of names, that the policy does not allow."""


class UnreadableError(BlockedLoadError):
    """The file cannot be read to its end, so nobody can say what it holds."""


class TensorsRequiredError(BlockedLoadError):
    """The policy opens nothing but tensors, and no safetensors file is proven to hold this one's."""


class NotPinnedError(BlockedLoadError):
    """Other bytes are pinned for this path or claimed by its cache, or only pinned ones load, and these are not."""


class UndecodableError(UnreadableError, UnicodeDecodeError):
    """Its text is in another encoding, as Python 2 wrote it.

    Programs catch CPython's UnicodeDecodeError and try again with ``encoding="latin1"``; so does pandas.
    """

    def _fill(self) -> None:
        facts = self.refusal.undecodable or ("ascii", b"", 0, 0, self.said)
        UnicodeDecodeError.__init__(self, *facts)


def refusal_error(refusal: Refusal) -> BlockedLoadError:
    """The error of the kind that fits the facts."""
    if refusal.unpinned:
        return NotPinnedError(refusal)
    if refusal.required:
        return TensorsRequiredError(refusal)
    if refusal.refused:
        return BlockedGlobalError(refusal)
    return (UndecodableError if refusal.undecodable else UnreadableError)(refusal)


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
    if refusal.unpinned:
        lines.append(f"  These bytes may not load here: {printable(refusal.unpinned, 1000)}.")
    if refusal.unread:
        lines.append(f"  It could not be read to its end: {printable(refusal.unread)}")
    if refusal.claim:
        lines.append(_claim(refusal))
    lines += ["", *(_FETCH if refusal.is_contradicted else _ways_forward(refusal)), "", f"Policy: {refusal.policy}."]
    if refusal.problem:
        lines.append(f"Not in force as configured: {printable(refusal.problem, 2000)}")
    if refusal.late:
        names = ", ".join(refusal.late)
        lines.append(f"Settings are read once, when safeload is imported; changed since, to no effect: {names}.")
    return "\n".join(lines)


def _why(item: Refused) -> str:
    mark = _MARKED.get(item.ground)
    return f"{mark}: {item.text}" if mark else item.text


# Whatever else would let it load: these are not the bytes that anybody meant.
_FETCH = (
    "It was changed or damaged since it came: fetch it again.",
    "If the change is yours, copy the file out of the cache, and load the copy.",
)


def _claim(refusal: Refusal) -> str:
    words = f"  By its cache it is {printable(refusal.claim, 500)}: a claim"
    if refusal.is_contradicted:
        said = f"sha256:{refusal.claimed} is claimed, and its bytes are sha256:{refusal.sha256}"
        return f"{words}, and an ALARM: {said}."
    is_checked = refusal.claimed and refusal.sha256
    return f"{words}{', and it has the digest that is claimed' if is_checked else ', which nobody checked'}."


def _ways_forward(refusal: Refusal) -> list[str]:
    if refusal.unpinned or refusal.required:
        return _pinning(refusal) if refusal.unpinned else _to_tensors(refusal)
    if refusal.undecodable and not refusal.refused:
        return ["Python 2 may have written it: pass encoding='latin1', if the function takes one."]
    if not refusal.refused:
        return [
            "A complete copy may help: compare its size and digest with the source.",
            *_trust(refusal, 0),
        ]
    if refusal.locked:
        lines = [_to_its_keeper(refusal)]
        if refusal.sha256:
            lines.append(f"The file is sha256:{refusal.sha256}.")
        if refusal.tensors:
            lines += ["Until then, the tensors alone, without the file's code:", *_pasted(_call(refusal))]
        return lines
    lines = ["Ways forward, safest first:"]
    if refusal.tensors:
        lines += ["  1. Take the tensors without the code:", *_pasted(_call(refusal))]
    else:
        lines.append(f"  1. Ask for it in a format that cannot carry code: {_format(refusal.api)}.")
    if all(item.ground is Ground.PLANTED for item in refusal.refused):
        tops = sorted({item.ref.module.partition(".")[0] for item in refusal.refused})
        lines += ["  2. Is it a module of your own? Import it before you load:", f"       import {', '.join(tops)}"]
    elif any(item.ground is not Ground.UNLISTED for item in refusal.refused):
        lines.append("  2. Allowing names is no way out here: not every refusal above is of a name")
        lines.append("     that could be allowed.")
    else:
        lines += _allowing(refusal)
    return lines + _trust(refusal, 3)


def _pinning(refusal: Refusal) -> list[str]:
    """For bytes that only a pin lets in."""
    if refusal.locked:
        return [_to_its_keeper(refusal)]
    if not refusal.path:
        return ["Load it from a file, whose bytes can be pinned: safeload pin FILE --reason '…'"]
    file = shlex.quote(refusal.path)
    return [
        "Nobody has said that these bytes are the right ones. Look, then pin them if they are:",
        f"       safeload check {file}",
        f"       safeload pin --reason '…' {file}",
    ]


def _to_tensors(refusal: Refusal) -> list[str]:
    if not refusal.path:
        return [
            "Take the tensors without the code:",
            *_pasted("tensors = safeload.load_tensors(data)"),
            "or convert its file once, which runs nothing of it: safeload convert FILE",
        ]
    convert = f"       safeload convert {shlex.quote(refusal.path)}"
    if refusal.api != "torch.load":  # no other loader opens one file for another
        return [
            "Take the tensors without the code:",
            *_pasted(_call(refusal)),
            "or convert it once, and open the safetensors file:",
            convert,
        ]
    return [
        "Convert it once, which runs nothing of it:",
        convert,
        "or take the tensors as they are:",
        *_pasted(_call(refusal)),
    ]


def _pasted(line: str) -> list[str]:
    """A line that runs as it stands, in a program that safeload was switched on for and that never named it."""
    return ["       import safeload", f"       {line}"]


def _to_its_keeper(refusal: Refusal) -> str:
    return f"This policy is locked. Send this message to {printable(refusal.contact) or 'whoever maintains it'}."


def _call(refusal: Refusal) -> str:
    """What takes the tensors out of the very file that was refused."""
    return f"tensors = safeload.load_tensors({_shown(refusal.path)})"


def _shown(path: str) -> str:
    return repr(path) if path == printable(path, len(path)) else ascii(path)


# How the very load is written once more; torch's own list, which weights_only=True asks, knows no grants.
_AGAIN = {"joblib.load": "joblib.load({})", "torch.load": "torch.load({}, weights_only=False)"}


def _again(refusal: Refusal) -> str:
    """The load that was refused, as the body of a block; any other is its author's to write."""
    call = _AGAIN.get(refusal.api)
    return f"loaded = {call.format(_shown(refusal.path))}" if call and refusal.path else "...  # your load"


def _allowing(refusal: Refusal) -> list[str]:
    """The line that allows all of it: profiles where there are some, exact names for the rest."""
    if not refusal.profiles:
        words = "You know what these names do, and want them for this load only:"
    elif not refusal.unlisted:
        words = "Shipped lists hold all these names, with rules. Put them in force for this load:"
    else:
        words = "Shipped lists hold some of these names, with rules; you know what the others do:"
    names = ", ".join(map(repr, (*refusal.profiles, *map(str, refusal.unlisted))))
    return [f"  2. {words}", *_pasted(f"with safeload.allow({names}): {_again(refusal)}")]


def _format(api: str) -> str:
    return "the weights as a .safetensors file" if "torch" in api else "safetensors, Parquet, skops"


def _trust(refusal: Refusal, number: int) -> list[str]:
    if not refusal.sha256 or refusal.locked:
        return []
    start = f"  {number}. " if number else ""
    return [
        f"{start}You made this file, or somebody you trust reviewed these very bytes:",
        *_pasted(f"with safeload.trust('sha256:{refusal.sha256}', reason='…'): {_again(refusal)}"),
        *_for_good(refusal),
    ]


def _for_good(refusal: Refusal) -> list[str]:
    """A line for a lock file, where no allowance of names helps."""
    if all(item.ground is Ground.UNLISTED for item in refusal.refused) and refusal.refused:
        return []
    return [
        "     for good, in a file that is reviewed and that SAFELOAD_LOCK names:",
        f"       safeload pin --grant pickle --reason '…' {shlex.quote(refusal.path)}",
    ]
