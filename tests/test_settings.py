"""Which policy is in force, and from where: files, environment, code, and what is broken or locked."""
# ruff: noqa: E501 - a row of a table is one line

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from safeload import policy_file, settings
from safeload.policy import Inert, Mode, Policy, Running, Twins
from safeload.sandbox.limits import ChildLimits

ROOT = Path(__file__).parents[1]
LOCKED = 'mode = "enforce"\nlocked = true\n'
OPEN = 'mode = "audit"\n'
OFF = 'mode = "off"\n'

# what is the case: (system file, named file, environment, mode, locked, whether there is a problem)
CASES = {
    "nothing is configured": (None, None, {}, Mode.ENFORCE, False, False),
    "the environment alone": (None, None, {"SAFELOAD_MODE": "audit"}, Mode.AUDIT, False, False),
    "an empty variable says nothing": (None, None, {"SAFELOAD_MODE": "", "SAFELOAD_LOCKED": ""}, Mode.ENFORCE, False, False),
    "a named file alone": (None, OFF, {}, Mode.OFF, False, False),
    "a named file before an open system file": (OPEN, OFF, {}, Mode.OFF, False, False),
    "an open system file": (OPEN, None, {}, Mode.AUDIT, False, False),
    "the environment before an open system file": (OPEN, None, {"SAFELOAD_MODE": "off"}, Mode.OFF, False, False),
    "a locked system file before a named one": (LOCKED, OFF, {}, Mode.ENFORCE, True, False),
    "a locked system file before the environment": (
        LOCKED, None, {"SAFELOAD_MODE": "off", "SAFELOAD_ALLOW": "a:b"}, Mode.ENFORCE, True, False,
    ),
    "a locked system file before a variable that unlocks": (
        LOCKED, None, {"SAFELOAD_LOCKED": "0"}, Mode.ENFORCE, True, False,
    ),
    "the environment tightens a locked system file": (
        OPEN + "locked = true", None, {"SAFELOAD_MODE": "enforce"}, Mode.ENFORCE, True, False,
    ),
    "a locked system file before a broken named one": (LOCKED, "mode =", {}, Mode.ENFORCE, True, False),
    "a locked system file before a broken environment": (
        LOCKED, None, {"SAFELOAD_MODE": "of"}, Mode.ENFORCE, True, True,
    ),
    "a locked named file before the environment": (
        None, LOCKED, {"SAFELOAD_MODE": "off", "SAFELOAD_ALLOW": "a:b"}, Mode.ENFORCE, True, False,
    ),
    "the environment locks what nobody has": (
        None, None, {"SAFELOAD_LOCKED": "1", "SAFELOAD_MODE": "audit"}, Mode.AUDIT, True, False,
    ),
    "a broken system file, which may have been locked": ("mode =", OFF, {}, Mode.ENFORCE, True, True),
    "a broken named file": (None, "mode =", {}, Mode.ENFORCE, False, True),
    "a broken named file opens nothing that the environment says beside it": (
        None, "mode =", {"SAFELOAD_MODE": "off"}, Mode.ENFORCE, False, True,
    ),
    "a named file that is not there": (None, None, {"SAFELOAD_POLICY": "/nowhere/policy.toml"}, Mode.ENFORCE, False, True),
    "a home that nobody knows": (None, None, {"SAFELOAD_POLICY": "~nobody-here/p.toml"}, Mode.ENFORCE, False, True),
    "a folder in place of a file": (None, None, {"SAFELOAD_POLICY": "/"}, Mode.ENFORCE, False, True),
    "an unknown key": (None, 'mood = "off"', {}, Mode.ENFORCE, False, True),
    "a name that may never be allowed": (
        None, None, {"SAFELOAD_ALLOW": "os:system"}, Mode.ENFORCE, False, True,
    ),
    "a value that SAFELOAD_LOCKED does not know": (None, None, {"SAFELOAD_LOCKED": "yes"}, Mode.ENFORCE, False, True),
}  # fmt: skip


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system's file would stand, owned by whoever runs the tests."""
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "system.toml")
    monkeypatch.setattr(policy_file, "SYSTEM_OWNERS", {os.geteuid()})
    return tmp_path / "system.toml"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_policy_in_force(
    case: tuple[str | None, str | None, dict[str, str], Mode, bool, bool], system: Path, tmp_path: Path
) -> None:
    said, named, environment, *expected = case
    if said is not None:
        write(system, said)
    if named is not None:
        environment = environment | {"SAFELOAD_POLICY": str(write(tmp_path / "named.toml", named))}
    found = settings.load(environment)
    assert [found.policy.mode, found.policy.locked, bool(found.problem)] == expected
    assert not found.policy.allow


def write(path: Path, text: str | bytes, mode: int = 0o644) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


# what is wrong: (the file, what the error says of it)
ERRORS = {
    "an unknown key": ('mode = "audit"\nmood = "off"', "line 2: there is no key 'mood'; there are mode, profiles"),
    "a table": ('mode = "audit"\n\n[allow]\nx = 1', "line 3: allow has to be a list of texts"),
    "an unknown table": ("[tool.safeload]\n", "line 1: there is no key 'tool'"),
    "a text for a switch": ('locked = "true"', "line 1: locked has to be true or false, not 'true'"),
    "a number for a switch": ("locked = 1", "line 1: locked has to be true or false, not 1"),
    "a number among names": ('allow = [\n "a:b",\n 3]', "line 1: allow has to be a list of texts"),
    "an unknown mode": ('\n\nmode = "lax"', "line 3: mode is off or audit or enforce, not 'lax'"),
    "an unknown list": (
        'profiles = [\n  "numpy",\n  "nunpy",\n]', "line 3: profiles: there is no profile 'nunpy'",
    ),
    "no name": ('allow = [\n  "a:b",\n  "numpy.*",\n]', "line 3: allow: 'numpy.*' is not of the form"),
    "a name that may never be allowed": (
        'allow = ["a:b",\n  "os:system"]', "line 2: allow: os:system can never be allowed by name: it runs",
    ),
    "no TOML": ('mode = "audit"\nmode = ', "line 2: Invalid value"),
    "a key said twice": ('mode = "audit"\nmode = "off"', "line 2: Cannot overwrite a value"),
    "no UTF-8": (b'mode = "audit"\n# \xff', "line 2: it is not UTF-8"),
    "a depth that no parser takes": ("allow = " + "[" * 100_000, "policy.toml: "),
    "a number that no parser takes": ("mode = " + "9" * 10_000, "policy.toml: "),
    "a file that nobody wrote": ("#" * (policy_file.LIMIT + 1), "it is larger than"),
    "how files are named": ('paths = "short"', "line 1: paths is plain or hashed, not 'short'"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), ERRORS.values(), ids=ERRORS)
def test_an_error_names_file_line_and_key(text: str | bytes, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "policy.toml", text)
    found = settings.load({"SAFELOAD_POLICY": str(path), "SAFELOAD_MODE": "off"})
    assert found.problem.startswith(str(path))
    assert said in found.problem
    assert found.policy.mode is Mode.ENFORCE
    assert found.policy.origin == settings.REJECTED


# who may write it: (mode, whether the named file is taken, whether the system's file is)
WRITERS = {
    "its owner": (0o644, True, True),
    "its group": (0o664, True, False),
    "everybody": (0o646, False, False),
}


@pytest.mark.parametrize(("mode", "as_named", "as_system"), WRITERS.values(), ids=WRITERS)
def test_a_file_that_others_may_write_is_not_believed(
    mode: int,
    as_named: bool,  # noqa: FBT001 - columns of a table
    as_system: bool,  # noqa: FBT001 - the same
    system: Path,
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "named.toml", OFF, mode)
    found = settings.load({"SAFELOAD_POLICY": str(path)})
    assert (found.policy.mode is Mode.OFF, not found.problem) == (as_named, as_named)
    write(system, OFF, mode)
    found = settings.load({})
    assert (found.policy.mode is Mode.OFF, not found.problem) == (as_system, as_system)
    assert found.policy.locked is not as_system


def test_a_system_file_of_some_user_is_not_believed(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(system, OFF)
    monkeypatch.setattr(policy_file, "SYSTEM_OWNERS", {os.geteuid() + 1})
    found = settings.load({})
    assert (found.policy.mode, found.policy.locked) == (Mode.ENFORCE, True)
    assert "not to root" in found.problem


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "no regular file" in settings.load({"SAFELOAD_POLICY": str(tmp_path / "pipe")}).problem


PASSED_OVER = {
    "SAFELOAD_MODE": "off",
    "SAFELOAD_ALLOW": "a:b",
    "SAFELOAD_PROFILES": "default,torch-modules",
    "SAFELOAD_POLICY": "/home/me/policy.toml",
    "SAFELOAD_LOG": "off",
    "SAFELOAD_PATHS": "hashed",
    "SAFELOAD_LOCKED": "0",
}


@pytest.mark.parametrize("name", PASSED_OVER)
def test_what_the_environment_would_loosen_is_told(name: str, system: Path) -> None:
    write(system, LOCKED)
    assert settings.load({name: PASSED_OVER[name]}).passed_over == (name,)
    assert settings.load({}).passed_over == ()


# --- the order of precedence, in processes of their own -------------------------------------------


class Layers(NamedTuple):
    """What each layer says, from the lowest; and whether `fractions:Fraction`, or another name, then loads."""

    loads: bool
    name: str = "fractions:Fraction"
    file: str = ""
    environment: str = ""
    code: str = ""
    lock: str = ""


FRACTION = 'allow = ["fractions:Fraction"]'
NAME = "xml.dom.minidom:Text"  # in no list
ALLOWS_NAME = f'allow = ["{NAME}"]'

PRECEDENCE = {
    "what ships": Layers(True),
    "what ships does not name": Layers(False, NAME),
    "the file adds to what ships": Layers(True, NAME, file=ALLOWS_NAME),
    "the file takes from what ships": Layers(False, file='profiles = ["builtins"]'),
    "the environment before the file": Layers(False, file='profiles = ["default"]', environment="SAFELOAD_PROFILES=builtins"),
    "the environment adds to the file": Layers(True, NAME, file='profiles = ["numpy"]', environment=f"SAFELOAD_ALLOW={NAME}"),
    "the environment's mode before the file's": Layers(False, NAME, file='mode = "audit"', environment="SAFELOAD_MODE=enforce"),
    "code before the environment": Layers(False, environment="SAFELOAD_MODE=off", code="safeload.activate(safeload.Policy(profiles=()))"),
    "code adds to the environment": Layers(True, NAME, environment="SAFELOAD_PROFILES=builtins", code=f"safeload.allow({NAME!r})"),
    "a locked file before code": Layers(False, NAME, lock="", code=f"safeload.allow({NAME!r})"),
    "a locked file before the switch": Layers(False, NAME, lock="", code="safeload.deactivate()"),
    "a locked file before another policy": Layers(False, NAME, lock="", code="safeload.activate(safeload.Policy(mode=safeload.Mode.OFF))"),
    "a locked file before trust": Layers(False, NAME, lock="", code="safeload.trust(digest, reason='mine')"),
    "a locked file before the environment": Layers(False, NAME, lock="", environment=f"SAFELOAD_ALLOW={NAME}"),
    "a locked file before another file": Layers(False, NAME, lock="", file=ALLOWS_NAME),
    "a locked file allows what it says": Layers(True, NAME, lock=ALLOWS_NAME),
    "code tightens a locked file": Layers(False, lock="", code="safeload.activate(safeload.Policy(profiles=()))"),
    "the environment tightens a locked file": Layers(False, lock="", environment="SAFELOAD_PROFILES=builtins"),
    "never before the file": Layers(False, "os:getcwd", file='allow = ["os:getcwd"]'),
    "never before the environment": Layers(False, "os:getcwd", environment="SAFELOAD_ALLOW=os:getcwd"),
    "never before code": Layers(False, "os:getcwd", code="safeload.allow('os:getcwd')"),
    "never before a locked file": Layers(False, "os:getcwd", lock='allow = ["os:getcwd"]'),
    "only bytes that are trusted before never": Layers(True, "os:getcwd", code="safeload.trust(digest, reason='mine')"),
}  # fmt: skip
UNLOCKED = {row for row, layers in PRECEDENCE.items() if "locked" not in row}

CHILD = """
import os, sys, hashlib, json
from pathlib import Path
import safeload
from safeload import policy_file, settings
settings.SYSTEM_FILE, policy_file.SYSTEM_OWNERS = Path(sys.argv[1]), {os.geteuid()}
import pickle
module, name = sys.argv[2].split(":")
stream = f"c{module}\\n{name}\\n.".encode()
digest = "sha256:" + hashlib.sha256(stream).hexdigest()
try:
    exec(sys.argv[3])
except Exception as error:
    print(type(error).__name__, error, file=sys.stderr)
try:
    print(json.dumps(bool(pickle.loads(stream))))
except pickle.UnpicklingError as error:
    print(error, file=sys.stderr)
    print("false")
"""


def run_child(folder: Path, name: str, code: str, lock: str | None, **variables: str) -> Any:
    system = folder / "system.toml"
    if lock is not None:
        write(system, f"locked = true\ncontact = 'ml-platform'\nlog = '{folder / 'log'}'\n{lock}")
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": str(folder / "log"), **variables}
    return subprocess.run(
        [sys.executable, "-c", CHILD, system, name, code], env=environment, capture_output=True, text=True, check=True
    )


def events(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log").read_text().splitlines()]


@pytest.mark.parametrize("row", PRECEDENCE)
def test_precedence(row: str, tmp_path: Path) -> None:
    layers = PRECEDENCE[row]
    variables = dict([layers.environment.split("=")]) if layers.environment else {}
    if layers.file:
        variables["SAFELOAD_POLICY"] = str(write(tmp_path / "named.toml", layers.file))
    lock = None if row in UNLOCKED else layers.lock
    ended = run_child(tmp_path, layers.name, layers.code, lock, **variables)
    assert json.loads(ended.stdout) is layers.loads, ended.stderr


ATTEMPTS = {
    "allow": "safeload.allow('mylab:Net')",
    "allow for a block": "with safeload.allow('mylab:Net'): pass",
    "a shipped list": "safeload.allow('torch-modules')",
    "trust": "safeload.trust(digest, reason='mine')",
    "deactivate": "safeload.deactivate()",
    "a policy that is off": "safeload.activate(safeload.Policy(mode=safeload.Mode.OFF))",
    "a policy that only audits": "safeload.activate(safeload.Policy(mode=safeload.Mode.AUDIT))",
    "a policy with one more name": "safeload.activate(safeload.Policy(allow=frozenset({safeload.GlobalRef('a', 'b')})))",
    "a policy with one more list": "safeload.activate(safeload.Policy(profiles=('torch-modules',)))",
    "the switch itself": "safeload.status(); from safeload.state import STATE; STATE.active = False",
    "the policy itself": "safeload.status(); from safeload.state import STATE; STATE.policy = safeload.Policy()",
    "the floor itself": "safeload.status(); from safeload.state import STATE; STATE.floor = None",
    "the log itself": "safeload.status(); from safeload.state import STATE; STATE.log = 'off'",
    "grants themselves": "safeload.status(); from safeload.state import STATE; STATE.granted = frozenset({'torch-modules'})",
    "the judge": "safeload.status(); import safeload.guard; safeload.guard.ask = lambda *_: None",
    "the reader of settings": "safeload.status(); from unittest import mock; mock.patch('safeload.settings.load').start()",
    "what is imported only later": "safeload.status(); import safeload.notebook; safeload.notebook.after_a_cell = None",
    "the kind of a module": "safeload.status(); import types; safeload.guard.__class__ = types.ModuleType",
    "a function taken away": "safeload.status(); del safeload.loads.refuse",
    "the judge's class": "safeload.status(); safeload.Policy.judge = lambda *_: safeload.Verdict()",
    "the same, as tests do": "safeload.status(); from unittest import mock; mock.patch.object(safeload.Verdict, 'admitted', True).start()",
    "what keeps the state": "safeload.status(); from safeload.state import State; State.__setattr__ = object.__setattr__",
    "a block's end that puts back something else": "h = safeload.activate(); h._before = (False, None); h.__exit__(None, None, None)",
}  # fmt: skip


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_an_attempt_to_loosen_a_lock_is_refused_in_words_and_told(attempt: str, tmp_path: Path) -> None:
    ended = run_child(tmp_path, NAME, attempt, "")
    assert ended.stdout == "false\n"
    assert "PolicyError" in ended.stderr
    assert "is locked and can only be tightened from here. Ask ml-platform." in ended.stderr
    assert "Send this message to ml-platform." in ended.stderr
    assert [event["caller"] for event in events(tmp_path) if event["event"] == "safeload.policy.defended"]


def test_a_variable_set_in_a_cell_is_refused_in_words_and_told(tmp_path: Path) -> None:
    ended = run_child(tmp_path, NAME, "os.environ['SAFELOAD_MODE'] = 'off'", "")
    assert ended.stdout == "false\n"
    assert "changed since, to no effect: SAFELOAD_MODE." in ended.stderr
    (told,) = [event for event in events(tmp_path) if event["event"] == "safeload.policy.defended"]
    assert told["attempt"] == "SAFELOAD_MODE changed in the environment after the start"


def test_settings_are_those_of_the_start(tmp_path: Path) -> None:
    """Whatever a program does to its environment later, before the first load or after it."""
    assert run_child(tmp_path, NAME, "os.environ['SAFELOAD_MODE'] = 'off'", None).stdout == "false\n"


def test_a_broken_policy_is_told_once_and_in_every_refusal(tmp_path: Path) -> None:
    named = write(tmp_path / "named.toml", 'mode = "of"')
    again = "\nfor _ in range(2):\n    try: pickle.loads(stream)\n    except pickle.UnpicklingError: pass"
    ended = run_child(tmp_path, NAME, again, None, SAFELOAD_POLICY=str(named))
    assert f"Not in force as configured: {named}, line 1: mode is" in ended.stderr
    assert len([event for event in events(tmp_path) if event["event"] == "safeload.policy.rejected"]) == 1


# what is the case: (system file, environment, what is in force, whether there is a problem)
TWINS = {
    "nothing is configured": (None, {}, Twins.PREFER, False),
    "the environment alone": (None, {"SAFELOAD_TENSORS": "require"}, Twins.REQUIRE, False),
    "the environment over an open file": ('tensors = "require"\n', {"SAFELOAD_TENSORS": "off"}, Twins.OFF, False),
    "a locked file is tightened": ("locked = true\n", {"SAFELOAD_TENSORS": "require"}, Twins.REQUIRE, False),
    "a locked file is not loosened": ('tensors = "require"\nlocked = true\n', {"SAFELOAD_TENSORS": "off"}, Twins.REQUIRE, False),
    "a locked file keeps the twin": ("locked = true\n", {"SAFELOAD_TENSORS": "off"}, Twins.PREFER, False),
    "a word that is none": (None, {"SAFELOAD_TENSORS": "yes"}, Twins.PREFER, True),
}


@pytest.mark.parametrize("case", TWINS.values(), ids=TWINS)
def test_whether_the_twin_is_opened(
    case: tuple[str | None, dict[str, str], Twins, bool], system: Path
) -> None:
    said, environment, *expected = case
    if said is not None:
        write(system, said)
    found = settings.load(environment)
    assert [found.policy.tensors, bool(found.problem)] == expected
    assert ("SAFELOAD_TENSORS" in found.passed_over) == (environment.get("SAFELOAD_TENSORS") == "off" and found.policy.locked)


# what is the case: (system file, environment, what is in force, whether the variable was passed over)
SANDBOX = {
    "nothing is configured": (None, {}, "never", False),
    "the environment alone": (None, {"SAFELOAD_SANDBOX": "auto"}, "auto", False),
    "the environment over an open file": ('sandbox = "auto"\n', {"SAFELOAD_SANDBOX": "always"}, "always", False),
    "a file alone": ('sandbox = "auto"\n', {}, "auto", False),
    "a locked file is tightened": ('sandbox = "auto"\nlocked = true\n', {"SAFELOAD_SANDBOX": "never"}, "never", False),
    "a locked file is not loosened": ('sandbox = "auto"\nlocked = true\n', {"SAFELOAD_SANDBOX": "always"}, "auto", True),
    "a locked file that says nothing": ("locked = true\n", {"SAFELOAD_SANDBOX": "auto"}, "never", True),
    "a word that is none": (None, {"SAFELOAD_SANDBOX": "yes"}, "never", False),
}


@pytest.mark.parametrize("case", SANDBOX.values(), ids=SANDBOX)
def test_whether_code_may_run_in_a_child(
    case: tuple[str | None, dict[str, str], str, bool], system: Path
) -> None:
    said, environment, *expected = case
    if said is not None:
        write(system, said)
    found = settings.load(environment)
    assert [found.policy.sandbox.value, "SAFELOAD_SANDBOX" in found.passed_over] == expected
    assert bool(found.problem) is (environment.get("SAFELOAD_SANDBOX") == "yes")


# What a policy that is not as tight as a locked one differs in: (what it says, whether it is within)
WITHIN = {
    "as it is": (Policy(), True),
    "code that runs": (Policy(sandbox=Running.AUTO), False),
    "reading in a child": (Policy(inert=Inert.CHILD), True),
    "a child that may take more": (Policy(sandbox_limits=ChildLimits(seconds=121)), False),
    "a child that may take less": (Policy(sandbox_limits=ChildLimits(seconds=1)), True),
}


@pytest.mark.parametrize(("policy", "within"), WITHIN.values(), ids=WITHIN)
def test_what_is_tighter_of_a_child(policy: Policy, within: bool) -> None:  # noqa: FBT001 - a column
    assert policy.is_within(Policy()) is within
    assert (policy.digest == Policy().digest) is (policy == Policy())


@pytest.mark.parametrize("said", ['sandbox = "yes"', 'inert = "there"', "sandbox_limits = { seconds = 0 }", "sandbox_limits = { hours = 1 }", "sandbox_limits = { cpu = inf }"])
def test_words_of_the_sandbox_that_are_none(said: str, system: Path) -> None:
    write(system, said)
    assert said.partition(" ")[0] in settings.load({}).problem


# Which lock file counts: (the locked system file, or none; the environment; the lock file, whether it has a problem)
LOCK_FILES = {
    "none": (None, {}, ""),
    "the environment's": (None, {"SAFELOAD_LOCK": "/x/a.lock"}, "/x/a.lock"),
    "the environment's, under its own lock": (None, {"SAFELOAD_LOCK": "/x/a.lock", "SAFELOAD_LOCKED": "1"}, "/x/a.lock"),
    "the environment's before an open policy's": ('lock = "p.lock"', {"SAFELOAD_LOCK": "/x/a.lock"}, "/x/a.lock"),
    "a policy's, from its own folder": ('lock = "p.lock"', {}, "FOLDER/p.lock"),
    "a locked policy's": ('locked = true\nlock = "p.lock"', {}, "FOLDER/p.lock"),
    "a locked policy's before the environment's": (
        'locked = true\nlock = "p.lock"', {"SAFELOAD_LOCK": "/x/a.lock"}, "FOLDER/p.lock",
    ),
    "none where a locked policy names none": ("locked = true", {"SAFELOAD_LOCK": "/x/a.lock"}, ""),
}  # fmt: skip


@pytest.mark.parametrize(("said", "environment", "lock"), LOCK_FILES.values(), ids=LOCK_FILES)
def test_the_lock_file_that_counts(said: str | None, environment: dict[str, str], lock: str, system: Path) -> None:
    if said is not None:
        write(system, said)
    found = settings.load(environment)
    assert found.policy.lock == lock.replace("FOLDER", str(system.parent))
    passed_over = bool(said and "locked" in said and environment)
    assert ("SAFELOAD_LOCK" in found.passed_over) is passed_over


PINNED = """version = 1
[[file]]
sha256 = "{digest}"
size = {size}
grant = "pickle"
reason = "a test"
pinned = 2026-01-31
"""
STREAM = b"cos\ngetcwd\n."
# What loads under a locked system policy: (what it says, the lock file's mode, whether it loads)
UNDER_A_LOCK = {
    "pinned in its lock file": ('lock = "safeload.lock"', 0o644, True),
    "pinned in a lock file that others may write": ('lock = "safeload.lock"', 0o664, False),
    "pinned where it names no lock file": ("", 0o644, False),
    "pinned where only pins load": ('lock = "safeload.lock"\nrequire_pins = true', 0o644, True),
}


@pytest.mark.parametrize(("said", "mode", "loads"), UNDER_A_LOCK.values(), ids=UNDER_A_LOCK)
def test_pins_under_a_lock(said: str, mode: int, loads: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    import hashlib

    text = PINNED.format(digest=hashlib.sha256(STREAM).hexdigest(), size=len(STREAM))
    write(tmp_path / "safeload.lock", text, mode)
    ended = run_child(tmp_path, "os:getcwd", "", said, SAFELOAD_LOCK=str(tmp_path / "safeload.lock"))
    assert json.loads(ended.stdout) is loads, ended.stderr


LOOSER = {
    "no lock file": "safeload.activate(safeload.Policy(lock=''))",
    "another lock file": "safeload.activate(safeload.Policy(lock='/x/mine.lock'))",
    "pins not required": "safeload.activate(safeload.Policy(require_pins=False))",
}


@pytest.mark.parametrize("code", LOOSER.values(), ids=LOOSER)
def test_code_may_not_loosen_what_a_locked_policy_says_of_pins(code: str, tmp_path: Path) -> None:
    """Whatever it asks for, the locked policy's own lock file counts, and pins stay required."""
    said = 'lock = "safeload.lock"\nrequire_pins = true'
    show = f"{code}\np = safeload.current_policy()\nprint(p.lock, p.require_pins, file=sys.stderr)"
    ended = run_child(tmp_path, "fractions:Fraction", show, said)
    assert json.loads(ended.stdout) is False
    assert f"{tmp_path / 'safeload.lock'} True" in ended.stderr
