"""A file rewritten in place after the look and before the load: what loads is what was judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Rewrites the file at the moment between look and load. Without the guard, the same moment is
# between a scanner's look and the load that trusts it.
PRELUDE = """
import io, json, os, pickle, sys, collections
path, marker = sys.argv[1:3]
evil = b"cos\\nmkdir\\n(S'" + marker.encode() + b"'\\ntR."
def rewrite():
    with open(path, "r+b") as file:
        file.write(evil.ljust(os.path.getsize(path), b"\\0"))
def say(outcome):
    print(json.dumps({"outcome": outcome, "fired": os.path.isdir(marker)}))
"""

GUARDED = """
import safeload
from safeload import tape
replay, rewind = tape.Tape.replay, tape.Tape.rewind
def between(self):
    rewrite()
    replay(self)
tape.Tape.replay = between
"""

# (make, load, what comes of it under the guard): what the look had in memory loads as it was, and
# of what is read again a change shows.
LOADS = {
    "a small file": (
        "pickle.dump(collections.OrderedDict(a=1), open(path, 'wb'))",
        "pickle.load(open(path, 'rb'))",
        "OrderedDict",
    ),
    "a file with a buffer that the look skips": (
        "pickle.dump([collections.OrderedDict(a=1), bytes(200_000)], open(path, 'wb'))",
        "pickle.load(open(path, 'rb'))[0]",
        "OrderedDict",
    ),
    "an unpickler of the program's own": (
        "pickle.dump(collections.OrderedDict(a=1), open(path, 'wb'))",
        "type('U', (pickle.Unpickler,), {})(open(path, 'rb')).load()",
        "OrderedDict",
    ),
    "the Python unpickler": (
        "pickle.dump(collections.OrderedDict(a=1), open(path, 'wb'))",
        "pickle._Unpickler(open(path, 'rb')).load()",
        "OrderedDict",
    ),
    "a long frame, which is not kept in memory": (
        "pickle.dump([collections.OrderedDict(a=1), *['x' * 900] * 60, *map(str, range(9000))], open(path, 'wb'))",
        "pickle.load(open(path, 'rb'))",
        "UnpicklingError",
    ),
    "an unbuffered file": (
        "pickle.dump(collections.OrderedDict(a=1), open(path, 'wb'))",
        "pickle.load(open(path, 'rb', buffering=0))",
        "OrderedDict",
    ),
}


def run(program: str, *args: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", program, *args],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"},
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(("make", "load", "outcome"), LOADS.values(), ids=LOADS)
def test_a_rewrite_after_the_look_changes_nothing_that_runs(
    make: str, load: str, outcome: str, tmp_path: Path
) -> None:
    path, marker = str(tmp_path / "file"), str(tmp_path / "canary")
    told = f"""
try:
    outcome = type({load}).__name__
except pickle.UnpicklingError as error:
    outcome = type(error).__name__
say(outcome)
"""
    guarded = run(f"{PRELUDE}\n{make}\n{GUARDED}\n{told}", path, marker)
    assert guarded == {"outcome": outcome, "fired": False}
    plain = run(f"{PRELUDE}\n{make}\nrewrite()\n{load.replace('[0]', '')}\nsay('')", path, marker)
    assert plain["fired"] is True


def test_a_file_read_again_is_refused_once_it_changed(tmp_path: Path) -> None:
    """An unpickler made before its door stood reads the file itself a second time."""
    path, marker = str(tmp_path / "file"), str(tmp_path / "canary")
    program = f"""{PRELUDE}
pickle.dump(collections.OrderedDict(a=1), open(path, "wb"))
unpickler = pickle.Unpickler(open(path, "rb", buffering=0))
import safeload
from safeload import tape
replay = tape.Tape.replay
def between(self):
    replay(self)
    rewrite()
tape.Tape.replay = between
try:
    say(type(unpickler.load()).__name__)
except pickle.UnpicklingError as error:
    say(type(error).__name__)
"""
    found = run(program, path, marker)
    assert found["outcome"] in ("UnreadableError", "BlockedGlobalError")
    assert found["fired"] is False
