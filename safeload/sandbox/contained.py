"""One file, read by a child: what it is told, and what of its answer is kept."""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from safeload import record
from safeload.errors import SandboxError
from safeload.sandbox import here, parent, received
from safeload.sandbox.limits import ChildLimits
from safeload.sandbox.received import Received
from safeload.scan.report import GlobalRef, printable
from safeload.scan.skeleton import Skeleton
from safeload.tensors.source import Source

PLAN: Final = "plan"
MOST_LETTERS: Final = 32 << 10  # of the names of modules: what a pipe takes before somebody reads it
MOST_RUNS: Final = 8  # again, each for one more module
_MODULE: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
LONGEST: Final = 80  # letters of why one is missing
NAMED: Final = 3  # missing packages that a message names

# The kind of a file -> the loader that a child reads it with.
_LOADERS: Final = {
    "torch zip": "torch",
    "torch legacy": "torch",
    "joblib": "joblib",
    "pickle": "pickle",
    "npy": "numpy",
    "npz": "numpy",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """A file's code has run in a child.

    Attributes:
        layers: the walls that stood around it.
        missing: modules that the file names and that are not installed here.
        seconds: how long it took, imports and all.
        problem: why nothing came of it, or it was not run at all; empty if something did.
    """

    layers: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str = ""


def loader_of(format: str) -> str:  # noqa: A002 - as reports call it
    """Which loader a child reads such a file with.

    Raises:
        SandboxError: it has none.
    """
    kind, _, packing = format.partition(" in ")
    loader = _LOADERS.get(kind, "")
    if not loader or packing == "zip" or (packing and loader in ("torch", "numpy")):
        msg = f"a child has no loader for a {format} file"
        raise SandboxError(msg)
    return loader


def values(source: Source, skeleton: Skeleton, limits: ChildLimits) -> tuple[Received, Ran]:
    """What a file's code makes of it, in a child that can do nothing.

    Raises:
        SandboxError: none can be had here, its walls do not stand, or nothing came of it.
    """
    found, ended = _read(source, loader_of(skeleton.format), modules_of(skeleton.uses), limits)
    if found is None:
        msg = f"nothing came of running it in a child: {ended.problem}{_needs(ended.missing)}"
        raise SandboxError(msg)
    return found, Ran(ended.layers, ended.missing, ended.seconds)


def plan(source: Source, limits: ChildLimits) -> Received:
    """What is where in a file, read inertly in a child.

    Raises:
        SandboxError: none can be had here, or nothing can be taken out of the file.
    """
    found, ended = _read(source, PLAN, (), limits)
    if found is None:
        shown = f"'{printable(source.name)}'" if source.name else "this data"
        msg = f"no tensors can be taken out of {shown}: {ended.problem.removeprefix('ValueError: ')}"
        raise SandboxError(msg)
    return found


def _read(
    source: Source, loader: str, modules: tuple[str, ...], limits: ChildLimits
) -> tuple[Received | None, parent.Ended]:
    here.need()
    said: dict[str, Any] = {"path": source.name, "loader": loader}
    try:
        with descriptor_of(source) as file:
            ended = with_late_imports(lambda names: parent.run(file, loader, names, limits), modules)
    except (SandboxError, OSError) as error:
        record.emit("sandbox.failed", **said, problem=str(error))
        raise SandboxError(str(error)) from None
    found = None
    if ended.output is not None:
        try:
            found = _received(ended.output, source.size)
        except SandboxError as error:
            ended.problem = str(error)
        finally:
            os.close(ended.output)
    said |= {"layers": ended.layers, "missing": sorted(ended.missing), "duration_ms": round(ended.seconds * 1000, 1)}
    record.emit("sandbox.failed" if ended.problem else "sandbox.ran", **said, problem=ended.problem)
    return found, ended


def with_late_imports(run: Callable[[tuple[str, ...]], parent.Ended], modules: tuple[str, ...]) -> parent.Ended:
    """Run a child, and again with what a library of it has imported too late, as long as there is more of it."""
    ended = run(modules)
    for _ in range(MOST_RUNS):
        if not ended.problem or not _MODULE.fullmatch(ended.wants) or ended.wants in modules:
            break
        if len(" ".join(modules)) > MOST_LETTERS:
            break
        modules = (*modules, ended.wants)
        ended = run(modules)
    return ended


def _received(output: int, size: int) -> Received:
    """The output, mapped for ourselves alone."""
    length = os.fstat(output).st_size
    if not length:
        msg = "the child has handed back nothing"
        raise SandboxError(msg)
    memory = memoryview(mmap.mmap(output, length, access=mmap.ACCESS_COPY))
    with Source(f"/proc/self/fd/{output}", maps=False) as opened:
        return received.read(opened, memory, size)


@contextmanager
def descriptor_of(source: Source) -> Iterator[int]:
    """A descriptor of the file's bytes, which has to be a file's."""
    if source.content is None:
        yield source.whole
        return
    file = os.memfd_create("safeload", os.MFD_CLOEXEC)
    try:
        left = source.content
        while left:
            left = left[os.write(file, left) :]
        yield file
    finally:
        os.close(file)


def modules_of(refs: Iterable[GlobalRef]) -> tuple[str, ...]:
    """What the names lie in, as Python 3 calls it."""
    import _compat_pickle

    renamed: Any = _compat_pickle.IMPORT_MAPPING
    names = {str(renamed.get(ref.module, ref.module)) for ref in refs}
    plain = sorted(name for name in names if name.replace(".", "a").replace("_", "a").isalnum() and name != "__main__")
    room = MOST_LETTERS
    return tuple(name for name in plain if (room := room - len(name) - len('"", ')) >= 0)


def _needs(missing: dict[str, str]) -> str:
    packages = {name.partition(".")[0]: text for name, text in sorted(missing.items(), reverse=True)}
    if not packages:
        return ""
    named = [f"{name} ({text[:LONGEST]})" for name, text in sorted(packages.items())]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return f"; it needs {', '.join(named[:NAMED])}{more}, which cannot be imported in the child"
