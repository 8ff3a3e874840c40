"""Log, lock file, drafts and start-up files, on full disks and by many writers: whole, or as they were before."""

from __future__ import annotations

import errno
import fcntl
import io
import json
import os
import pickle
import resource
import signal
import sys
import warnings
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click
import pytest
from click.testing import CliRunner
from kit_of_faults import at_once, in_a_child, open_to_anybody

import safeload
from safeload import installing
from safeload.cli import main
from safeload.pins import reading, writing
from safeload.state import STATE

for verb in main.list_commands(click.Context(main)):  # nobody may import them where Python is root's
    main.get_command(click.Context(main), verb)

HONEST: Final = pickle.dumps(OrderedDict(a=1))
HOSTILE: Final = b"cos\nsystem\n(S'true'\ntR."


def refused(data: bytes = HOSTILE) -> None:
    with pytest.raises(safeload.BlockedLoadError):
        pickle.loads(data)


def call(*arguments: object) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    open_to_anybody(tmp_path)
    return tmp_path


# --- the log ------------------------------------------------------------------------------------


@pytest.fixture
def log(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    refused()  # by now the settings are read, and the first event is written
    monkeypatch.setattr(STATE, "log", str(folder / "log"))
    monkeypatch.setattr(STATE, "log_is_cut", False)
    monkeypatch.setattr(STATE, "warned", set())
    refused()
    return folder / "log"


def lines(log: Path) -> list[str]:
    """The event of each line, or what is no line of JSON."""
    return [json.loads(line)["event"] if line.endswith("}") else "in part" for line in log.read_text().splitlines()]


def test_a_disk_that_is_full_in_the_middle_of_a_line(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that is written when there is room again goes on where the part ends."""
    room = log.stat().st_size + 100
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        refused()
        refused()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    refused()
    assert lines(log) == ["safeload.load.blocked", "in part", "safeload.load.blocked"]
    told = capsys.readouterr().err
    assert "the log" in told
    assert told.count('"event": "safeload.load.blocked"') == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is full")
def test_a_disk_that_is_full(log: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(STATE, "log", "/dev/full")
    refused()
    assert pickle.loads(HONEST) == {"a": 1}
    told = capfd.readouterr().err
    assert told.count("cannot be written") == 1
    assert '"event": "safeload.load.blocked"' in told


class Full(io.StringIO):
    """stderr, into a file on the same disk."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "no room")


@pytest.mark.parametrize("closed", [False, True], ids=["full", "closed"])
def test_neither_the_log_nor_stderr_can_be_written(closed: bool, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    stderr = Full()
    if closed:
        stderr.close()
    monkeypatch.setattr(sys, "stderr", stderr)
    for way in (str(log / "in a file"), "stderr"):
        monkeypatch.setattr(STATE, "log", way)
        refused()
        with safeload.activate(safeload.Policy(mode=safeload.Mode.AUDIT)), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert pickle.loads(b"cos\ngetcwd\n.") is os.getcwd
        assert pickle.loads(HONEST) == {"a": 1}


READ_ONLY: Final = {"the file": ("log", 0o444), "the folder": (".", 0o555)}


@pytest.mark.parametrize(("what", "mode"), READ_ONLY.values(), ids=READ_ONLY)
def test_a_log_that_may_only_be_read(what: str, mode: int, log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if what == ".":
        log.rename(log.with_name("log.1"))
    Path(what).chmod(mode)
    try:
        assert in_a_child(refused, unprivileged=True) == "done"
    finally:
        Path(what).chmod(0o755)
    told = capfd.readouterr().err
    assert "cannot be written" in told
    assert '"event": "safeload.load.blocked"' in told


def test_a_log_that_is_rotated_while_sixteen_processes_write_it(log: Path) -> None:
    def write(number: int) -> None:
        for turn in range(20):
            refused(b"cmylab\n" + b"n" * 150 + b"\n.")
            if number == 0 and turn % 5 == 0:
                log.rename(log.with_name(f"log.{turn}"))

    assert at_once(16, write) == ["done"] * 16
    events = [event for part in log.parent.glob("log*") for event in lines(part)]
    assert events == ["safeload.load.blocked"] * (16 * 20 + 1)


# --- the lock file ------------------------------------------------------------------------------


@pytest.fixture
def models(folder: Path) -> Path:
    for number in range(16):
        Path(f"m{number}.pkl").write_bytes(pickle.dumps(OrderedDict(a=number)))
    assert call("pin", "m0.pkl", "--reason", "the first").exit_code == 0
    return folder


def pins() -> set[str]:
    lock = reading.read(Path("safeload.lock"))
    assert not lock.problem
    return {path for pin in lock.pins.values() for path in pin.paths}


def test_sixteen_who_pin_at_once(models: Path) -> None:
    def pin(number: int) -> None:
        assert call("pin", f"m{number}.pkl", "--reason", "at once").exit_code == 0

    assert at_once(16, pin) == ["done"] * 16
    assert pins() == {f"m{number}.pkl" for number in range(16)}
    assert not list(models.glob(".*"))


def test_a_full_disk_under_the_lock_file(models: Path) -> None:
    before = Path("safeload.lock").read_bytes()

    def pin() -> None:
        done = call("pin", "m1.pkl", "--reason", "no room")
        assert (done.exit_code, "Traceback" in done.output) == (1, False)

    assert in_a_child(pin, room=len(before) + 10) == "done"
    assert Path("safeload.lock").read_bytes() == before
    assert not list(models.glob(".*"))


def test_a_lock_file_in_a_folder_that_may_only_be_read(models: Path) -> None:
    models.chmod(0o555)

    def pin() -> None:
        done = call("pin", "m1.pkl", "--reason", "no leave")
        assert (done.exit_code, "Traceback" in done.output) == (1, False)

    try:
        assert in_a_child(pin, unprivileged=True) == "done"
    finally:
        models.chmod(0o755)
    assert pins() == {"m0.pkl"}


def test_somebody_is_killed_while_the_lock_file_is_written(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = Path("safeload.lock").read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _descriptor: os.kill(os.getpid(), signal.SIGKILL))
    assert in_a_child(lambda: call("pin", "m1.pkl", "--reason", "the last")) == ""
    monkeypatch.undo()
    os.chdir(models)
    assert Path("safeload.lock").read_bytes() == before
    assert call("pin", "m1.pkl", "--reason", "again").exit_code == 0
    assert pins() == {"m0.pkl", "m1.pkl"}


def test_a_file_system_without_locks_takes_pins_all_the_same(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(fcntl, "flock", none)
    with writing.alone(Path("safeload.lock")):
        pass
    assert call("pin", "m1.pkl", "--reason", "nobody else is here").exit_code == 0


# --- what else is written -----------------------------------------------------------------------

EVENT: Final = json.dumps(
    {"event": "safeload.load.reported", "refused": ["mylab:A"], "grounds": ["mylab:A: no list has it"], "path": "m"}
)


def learn() -> None:
    Path("log").write_text(EVENT + "\n")
    done = call("learn", "log", "-o", "policy.toml")
    if done.exit_code:
        assert "Traceback" not in done.output
        assert isinstance(done.exception, SystemExit)
        raise OSError(done.output)


SPEC: Final = {"argv": ["python", "-m", "ipykernel_launcher"], "env": {"OWN": "o" * 300}}


def kernel() -> None:
    done = call("install", "--kernelspec", "kernel.json", "--set", "SAFELOAD_ALLOW=" + "a" * 400)
    if done.exit_code:
        assert isinstance(done.exception, SystemExit)
        raise OSError(done.output)


WRITERS: Final[dict[str, tuple[Callable[[], None], int]]] = {
    "a draft of a policy": (learn, len(EVENT) + 1),
    "the specification of a kernel": (kernel, 500),
    "a start-up file": (lambda: installing._put(Path("safeload.pth"), "import safeload\n" * 40), 500),
}


@pytest.mark.parametrize(("write", "room"), WRITERS.values(), ids=WRITERS)
def test_a_full_disk_under_what_is_written_once(write: Callable[[], None], room: int, folder: Path) -> None:
    Path("kernel.json").write_text(json.dumps(SPEC))
    Path("log").touch()
    before = {path.name for path in folder.iterdir()}
    assert in_a_child(write, room=room) == "OSError"
    assert {path.name for path in folder.iterdir()} == before
    assert json.loads(Path("kernel.json").read_text()) == SPEC
    assert in_a_child(write) == "done"


def test_a_draft_where_nobody_may_write(folder: Path) -> None:
    Path("log").write_text(EVENT + "\n")
    folder.chmod(0o555)

    def draft() -> None:
        done = call("learn", "log", "-o", "policy.toml")
        assert (done.exit_code, type(done.exception)) == (1, SystemExit)
        assert "policy.toml" in done.output

    try:
        assert in_a_child(draft, unprivileged=True) == "done"
    finally:
        folder.chmod(0o755)
