"""``safeload doctor``: whether every process of this interpreter is guarded, and by which policy.

Answers come from processes that are started for the purpose: what runs the questions proves nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from safeload import settings
from safeload.activation import Status, status
from safeload.doors.versions import HOLES, vulnerable
from safeload.errors import SandboxError
from safeload.pins import reading
from safeload.policy import Inert, Mode, Running
from safeload.sandbox import here
from safeload.state import STATE

WELL: Final = "well"
NOTE: Final = "note"
WRONG: Final = "wrong"

# How a process may be started, and whether one that was not guarded then is a fault or a limit.
STARTS: Final = {
    "python": ((), WRONG),
    "python -I": (("-I",), WRONG),
    "python -E": (("-E",), NOTE),
    "python -s": (("-s",), NOTE),
    "python -P": (("-P",), NOTE),
    "python -S": (("-S",), NOTE),
}
_SAYS: Final = "import sys; print('safeload' in sys.modules)"
_SPAWNED: Final = """
import multiprocessing as m, sys
def child(q): q.put("safeload" in sys.modules)
if __name__ == "__main__":
    context = m.get_context("spawn"); q = context.SimpleQueue()
    p = context.Process(target=child, args=(q,)); p.start(); print(q.get()); p.join()
"""
_DOORS: Final = """
import importlib.util, json
here = [name for name in ("pickle", "joblib", "torch") if importlib.util.find_spec(name)]
for name in here: __import__(name)
import safeload
print(json.dumps(safeload.status().facts() | {"here": here[1:]}))
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer: all is well, a note, or something is wrong."""

    name: str
    state: str
    text: str


def checks() -> Iterator[Check]:
    """Every question, the cheap ones first."""
    found = status()
    yield from _policy(found)
    yield from _who_may_write()
    yield _log()
    yield from _versions()
    yield from _starts()
    yield _spawned()
    yield from _doors()
    yield _sandbox(found)


def _sandbox(found: Status) -> Check:
    """Whether a file's code could run in a child that can do nothing: one is started, and reads a number."""
    policy = found.policy
    wanted = policy.sandbox is not Running.NEVER or policy.inert is Inert.CHILD
    try:
        ended = here.tried()
    except SandboxError as error:
        words = f"no code of a file can run in a child here: {error}"
        return Check("sandbox", WRONG if wanted else NOTE, words)
    walls = [f"{name}: {words}" for name, words in ended.layers.items() if words]
    absent = [name for name, words in ended.layers.items() if not words]
    return Check("sandbox", WELL, "; ".join(walls) + (f"; not here: {', '.join(absent)}" if absent else ""))


def _policy(found: Status) -> Iterator[Check]:
    policy = found.policy
    state = WRONG if found.problem else WELL
    words = f"{policy.origin} ({policy.digest})" + (f": {found.problem}" if found.problem else "")
    yield Check("policy", state, words)
    yield Check("mode", WELL if policy.mode is Mode.ENFORCE else NOTE, policy.mode.value)
    locked = "code and environment may only tighten it" if policy.locked else "code and environment may loosen it"
    if policy.lock:
        lock = reading.read(Path(policy.lock))
        yield Check("lock file", WRONG if lock.problem else WELL, lock.problem or f"{lock}: {len(lock.pins)} pins")
    yield Check("lock", WELL if policy.locked else NOTE, locked)
    yield Check("doors", WELL if found.by_what == "the C part" else NOTE, f"held by {found.by_what}")


def _who_may_write() -> Iterator[Check]:
    folder = settings.SYSTEM_FILE.parent
    if not folder.is_dir() or not hasattr(os, "geteuid") or os.geteuid() == 0:
        return
    if os.access(folder, os.W_OK):
        yield Check("policy folder", WRONG, f"this user may replace or remove what is in {folder}")


def _log() -> Check:
    if STATE.log in ("stderr", "logging", "off"):
        return Check("log", NOTE if STATE.log == "off" else WELL, STATE.log)
    path = Path(STATE.log).expanduser()
    there = os.path.exists(path)  # noqa: PTH110 - Path.exists raises in a folder that this user may not enter
    writable = os.access(path if there else path.parent, os.W_OK | (0 if there else os.X_OK))
    words = str(path) if writable else f"{path} cannot be written by this user"
    return Check("log", WELL if writable else WRONG, words)


def _versions() -> Iterator[Check]:
    for library in HOLES:
        module = ModuleType(library)
        try:
            module.__version__ = version(library)  # type: ignore[attr-defined]
        except PackageNotFoundError:
            continue
        for hole in vulnerable({library: module}):
            yield Check("version", NOTE, hole)


def _starts() -> Iterator[Check]:
    for name, (options, otherwise) in STARTS.items():
        on = _run(*options, "-c", _SAYS).stdout.strip() == "True"
        yield Check(f"start: {name}", WELL if on else otherwise, "guarded" if on else "not guarded")


def _spawned() -> Check:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "spawned.py")
        program.write_text(_SPAWNED, "utf-8")
        on = _run(str(program)).stdout.strip() == "True"
    return Check("start: multiprocessing spawn", WELL if on else WRONG, "guarded" if on else "not guarded")


def _doors() -> Iterator[Check]:
    done = _run("-c", _DOORS)
    if done.returncode:
        yield Check("doors of libraries", WRONG, done.stderr.strip()[-500:])
        return
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    for name in facts["here"]:
        standing = facts["doors"].get(name)
        yield Check(f"door: {name}", WELL if standing else WRONG, standing or "does not stand")
    for sentence in facts["foreign"]:
        yield Check("foreign wrapper", NOTE, sentence)
    for sentence in facts["early"]:
        yield Check("early reference", NOTE, sentence)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - this interpreter
