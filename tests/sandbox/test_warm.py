"""The helper: from the second use on, never a fork of the program, gone when it is not wanted and when the program is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from harness import hostile

import safeload
from safeload import state
from safeload.sandbox import here, warm

pytestmark = pytest.mark.skipif(bool(here.why_not()), reason=here.why_not())

CONTENT = b"\x80\x02}X\x01\0\0\0acmath\nsqrt\nK\x09\x85Rs."


@pytest.fixture(autouse=True)
def cold() -> Any:
    warm.end_helpers()
    yield
    warm.end_helpers()


def loaded() -> safeload.Tensors:
    found = safeload.load_tensors(CONTENT, sandbox="always")
    assert found.scalars == {"a": 3.0}
    assert found.ran.layers["system calls"] == "allowed by name"
    return found


def helpers() -> list[warm.Helper]:
    return [one for one in state.STATE.helpers.values() if isinstance(one, warm.Helper)]


def test_it_stands_ready_from_the_second_use_on() -> None:
    counts = []
    for _ in range(4):
        loaded()
        counts.append(len(helpers()))
    assert counts == [0, 1, 1, 1]


def test_a_child_of_it_has_the_same_walls() -> None:
    first = loaded().ran.layers
    loaded()
    assert loaded().ran.layers == first


def test_it_is_no_fork_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program, with another environment, and none of its files."""
    monkeypatch.setenv("A_TOKEN", "of the parent")
    loaded()
    loaded()
    (helper,) = helpers()
    assert "start_child.py" in Path(f"/proc/{helper.pid}/cmdline").read_text()
    if os.geteuid() == 0:
        assert b"A_TOKEN" not in Path(f"/proc/{helper.pid}/environ").read_bytes()
        held = {n: os.readlink(f"/proc/{helper.pid}/fd/{n}") for n in os.listdir(f"/proc/{helper.pid}/fd")}
        # A child that has answered may not have been waited for yet.
        children = {n for n in held if f"Pid:\t{os.getpid()}\n" not in told_of(helper.pid, n)}
        files = [name for n, name in held.items() if name != "anon_inode:[pidfd]" or n not in children]
        assert all(name.startswith(("pipe:", "socket:", "/dev/null")) for name in files), files


def told_of(process: int, descriptor: str) -> str:
    try:
        return Path(f"/proc/{process}/fdinfo/{descriptor}").read_text()
    except FileNotFoundError:
        return ""


def test_it_ends_when_nobody_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "IDLE", 0.3)
    loaded()
    loaded()
    (helper,) = helpers()
    helper.process.wait(20)
    assert helper.process.returncode == 0
    loaded()  # and another takes its place
    assert helpers()[0].pid != helper.pid


def test_it_is_replaced_when_it_was_killed() -> None:
    loaded()
    loaded()
    (helper,) = helpers()
    helper.process.kill()
    helper.process.wait()
    loaded()
    loaded()
    assert helpers()[0].pid != helper.pid


def test_one_that_is_gone_between_two_words_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is started anew then."""
    loaded()
    loaded()
    (helper,) = helpers()
    helper.process.kill()
    helper.process.wait()
    monkeypatch.setattr(warm.Helper, "is_there", lambda _: True)
    loaded()


def test_what_ends_a_child_does_not_end_it() -> None:
    for text in ("import os; os.abort()", "import ctypes; ctypes.string_at(0)", "raise SystemExit"):
        for _ in range(2):
            with pytest.raises(safeload.SandboxError):
                safeload.load_tensors(hostile(text), sandbox="always")
    (helper,) = helpers()
    loaded()
    assert helpers() == [helper]


def test_threads_share_one() -> None:
    loaded()
    loaded()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(loaded())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(helpers())) == (6, 1)


def test_a_program_that_was_forked_has_its_own() -> None:
    """And ends none that is another's."""
    loaded()
    loaded()
    (helper,) = helpers()
    pid = os.fork()
    if not pid:
        try:
            loaded()
            loaded()
            (own,) = helpers()
            os._exit(0 if own.pid != helper.pid else 1)
        except BaseException:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0
    assert helper.is_there()
    loaded()


PROGRAM = """
import os, sys, safeload
from safeload.sandbox import warm
for _ in range(2): safeload.load_tensors({content!r}, sandbox="always")
(helper,) = warm.STATE.helpers.values()
print(helper.pid, helper.folder, flush=True)
{rest}
"""


@pytest.mark.parametrize("rest", ["", "os.kill(os.getpid(), 9)"], ids=["it ends", "it is killed"])
def test_it_ends_with_the_program(rest: str) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2]), "SAFELOAD_LOG": "off"}
    program = PROGRAM.format(content=CONTENT, rest=rest)
    ended = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60)
    pid, folder = ended.stdout.split()
    until = time.monotonic() + 10
    while alive(int(pid)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(int(pid))
    assert rest or not Path(folder).exists()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_signals_are_for_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is ended by its time is ended by its descriptor, not by a number that another may have by then."""
    sent: list[int] = []
    real = signal.pidfd_send_signal
    monkeypatch.setattr(signal, "pidfd_send_signal", lambda fd, number: (sent.append(fd), real(fd, number)))
    loaded()
    loaded()
    limits = safeload.Policy().sandbox_limits._replace(seconds=1.5)
    monkeypatch.setattr(state.STATE, "policy", safeload.Policy(sandbox_limits=limits))
    with pytest.raises(safeload.SandboxError):
        safeload.load_tensors(hostile("import time; time.sleep(100)"), sandbox="always")
    assert len(sent) == 1


@pytest.mark.parametrize("which", ["all of them", "its own"])
def test_nobody_waits_for_a_turn_that_does_not_come(which: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork takes over the lock of a thread that is not there; a finalizer loads in the midst of a load."""
    loaded(), loaded()
    monkeypatch.setattr(warm, "TURN", 0.1)
    with warm._LOCK if which == "all of them" else helpers()[0].lock:
        loaded()
    loaded()
    assert helpers()[0].is_there()
