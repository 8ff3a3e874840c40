"""``safeload detonate``: each attempt is told as it was meant, honest files tell nothing, and the exit code says which."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from harness import hostile

from safeload.cli import main
from safeload.sandbox import here
from safeload.sandbox.describe import Attempt, described

pytestmark = pytest.mark.skipif(bool(here.why_not()), reason=here.why_not())


def detonated(tmp_path: Path, content: bytes, *options: str) -> Result:
    (tmp_path / "file.pkl").write_bytes(content)
    return CliRunner().invoke(main, ["detonate", str(tmp_path / "file.pkl"), *options])


# What code does -> what is told of it.
TRIES = {
    "open('/etc/passwd')": ["open /etc/passwd"],
    "open('/tmp/x', 'w')": ["open /tmp/x to write"],
    "os.stat('/root/.ssh')": ["stat /root/.ssh"],
    "os.listdir('/home')": ["open /home"],
    "os.unlink('/a')": ["unlink /a"],
    "os.rename('/a', '/b')": ["rename /a -> /b"],
    "os.mkdir('/a')": ["mkdir /a"],
    "os.symlink('/a', '/b')": ["symlink /a -> /b"],
    "os.chmod('/a', 0o777)": ["chmod /a"],
    "open('/proc/self/environ')": ["open /proc/self/environ"],
    "s = socket.socket(); s.connect(('127.0.0.1', 4444))": ["socket inet stream", "connect 127.0.0.1:4444"],
    "s = socket.socket(10, 1); s.connect(('::1', 80))": ["socket inet6 stream", "connect [::1]:80"],
    "s = socket.socket(1, 1); s.connect('/run/docker.sock')": ["socket unix stream", "connect unix:/run/docker.sock"],
    "s = socket.socket(1, 1); s.connect('\\0name')": ["socket unix stream", "connect unix:@name"],
    "s = socket.socket(2, 2); s.sendto(b'x', ('8.8.8.8', 53))": ["socket inet datagram", "send 8.8.8.8:53"],
    "s = socket.socket(); s.bind(('0.0.0.0', 81))": ["socket inet stream", "bind 0.0.0.0:81"],
    "os.system('id')": ["fork", "execve /bin/sh -c id"],
    "subprocess.run(['/bin/cat', '/etc/shadow'])": ["fork", "execve /bin/cat /etc/shadow"],
    "os.execv('/bin/sh', ['sh', '-i'])": ["execve /bin/sh -i"],
    "os.posix_spawn('/bin/ls', ['ls', '/'], {})": ["fork", "execve /bin/ls /"],
    "os.kill(os.getppid(), 9)": [f"kill {os.getpid()} with signal 9"],
    "os.fork() or os._exit(0)": ["fork"],
    "threading.Thread(target=int).start()": ["fork"],
    "ctypes.CDLL(None).ptrace(16, 1, 0, 0)": ["ptrace 1"],
    "mmap.mmap(-1, 4096, prot=7)": ["memory that is run"],
    "os.memfd_create('x')": ["memfd_create x"],
    "ctypes.CDLL(None).unshare(0x10000000)": ["unshare"],
    "ctypes.CDLL(None).syscall(425, 1, 0)": ["io_uring_setup"],
    "open('/\\x1b[31m')": ["open /\\x1b[31m"],
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """One child for all: what lies between two opened files is one row's."""
    rows = "\n".join(f"mark({n})\ntry: exec({text!r})\nexcept BaseException: pass" for n, text in enumerate(TRIES))
    prelude = "import os, socket, subprocess, threading, ctypes, mmap\nresults = {}\ndef mark(n):\n    try: open(f'/mark/{n}')\n    except OSError: pass\n"
    ended = detonated(tmp_path_factory.mktemp("d"), hostile(f"{prelude}{rows}"), "--json")
    found: list[list[str]] = []
    assert json.loads(ended.output)["problem"] == ""
    for one in json.loads(ended.output)["attempts"]:
        if one["attempt"].startswith("open /mark/"):
            found.append([])
        else:
            found[-1].append(one["attempt"])
    return found


def test_all_was_told(told: list[list[str]]) -> None:
    """Each attempt once, however often and in whatever row it came: the same rows, without what was told before."""
    seen: set[str] = set()
    for (text, wanted), row in zip(TRIES.items(), told, strict=True):
        assert row == [attempt for attempt in wanted if attempt not in seen], text
        seen |= set(row)


def test_a_shell_is_told_and_the_exit_code_says_so(tmp_path: Path) -> None:
    content = b"cos\nsystem\n(S'touch %s'\ntR." % str(tmp_path / "made").encode()
    ended = detonated(tmp_path, content)
    assert ended.exit_code == 1
    assert f"execve /bin/sh -c touch {tmp_path / 'made'}" in ended.output
    assert not (tmp_path / "made").exists()
    load = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    subprocess.run([sys.executable, "-I", "-S", "-c", load, tmp_path / "file.pkl"], check=True)
    assert (tmp_path / "made").exists()  # it works where nothing holds it


def test_sarif_has_a_result_for_each(tmp_path: Path) -> None:
    ended = detonated(tmp_path, hostile("results = {}\nos.system('id')\n".replace("os.", "__import__('os').")), "--sarif")
    (run,) = json.loads(ended.output)["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["attempted", "attempted"]
    assert run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]["id"] == "attempted"
    assert run["results"][1]["message"]["text"].startswith("execve /bin/sh -c id: ")


def test_data_is_not_even_run(tmp_path: Path) -> None:
    ended = detonated(tmp_path, pickle.dumps({"a": 1}), "--json")
    assert (ended.exit_code, json.loads(ended.output)["outcome"]) == (0, "no code")


# What did not run to its end has not shown that it behaves.
UNFINISHED = {
    "it raises": "raise ValueError('no')",
    "it ends itself": "import os; os._exit(0)",
    "it crashes": "import ctypes; ctypes.string_at(0)",
    "it never ends": "while True: pass",
}


@pytest.mark.parametrize("text", UNFINISHED.values(), ids=UNFINISHED)
def test_what_did_not_end_has_not_behaved(text: str, tmp_path: Path) -> None:
    ended = detonated(tmp_path, hostile(text), "--json", "--seconds", "3")
    found = json.loads(ended.output)
    assert (ended.exit_code, found["outcome"], found["attempts"]) == (1, "not run to its end", [])


def test_a_bomb_of_processes_is_ended(tmp_path: Path) -> None:
    """A few are let be, no more, and none is left."""
    ended = detonated(tmp_path, hostile("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"), "--json", "--seconds", "4")
    assert ended.exit_code == 1
    assert json.loads(ended.output)["attempts"][0]["attempt"] == "fork"
    until = time.monotonic() + 20  # what is killed is gone a moment later
    while left() and time.monotonic() < until:
        time.sleep(0.1)
    assert not left()


def left() -> list[Path]:
    groups = [Path("/proc", name, "cmdline") for name in os.listdir("/proc") if name.isdigit()]
    ours = [one for one in groups if "start_child.py" in content(one) and "helper" not in content(one)]
    return [one for one in ours if parent_of(one.parent) in (1, os.getpid())]


def content(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def parent_of(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def honest() -> dict[str, Any]:
    torch = pytest.importorskip("torch")
    return {"state": torch.nn.Linear(3, 2).state_dict(), "module": torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))}


def test_honest_files_of_torch_tell_nothing(tmp_path: Path) -> None:
    import torch

    torch.save(honest(), tmp_path / "x.pt")
    ended = CliRunner().invoke(main, ["detonate", str(tmp_path / "x.pt"), "--json"])
    found = json.loads(ended.output)
    assert (found["attempts"], found["problem"], found["outcome"], ended.exit_code) == ([], "", "behaved", 0)


def test_honest_files_of_others_tell_nothing(tmp_path: Path) -> None:
    joblib, pandas = pytest.importorskip("joblib"), pytest.importorskip("pandas")
    linear = pytest.importorskip("sklearn.linear_model").LinearRegression().fit([[0], [1]], [1, 3])
    times = pandas.to_datetime(["2020-01-01", "2020-01-02"]).tz_localize("Europe/Berlin")
    joblib.dump({"m": linear, "f": pandas.DataFrame({"a": [1, 2], "b": ["x", "y"], "t": times})}, tmp_path / "x", compress=3)
    ended = CliRunner().invoke(main, ["detonate", str(tmp_path / "x"), "--json"])
    found = json.loads(ended.output)
    assert (found["attempts"], found["problem"], ended.exit_code) == ([], "", 0)


def test_where_it_cannot_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "why_not", lambda: "it needs Linux, and this is darwin")
    ended = detonated(tmp_path, hostile("results = {}"), "--json")
    found = json.loads(ended.output)
    assert (ended.exit_code, found["outcome"]) == (1, "not run")
    assert "it needs Linux" in found["problem"]


def test_words_are_taken_from_memory_that_may_say_anything() -> None:
    """Texts that never end, addresses where nothing is, lengths that are none."""
    endless = lambda _at, length: b"a" * length  # noqa: E731
    nothing = lambda _at, _length: b""  # noqa: E731
    for peek in (endless, nothing):
        for name in ("openat", "execve", "connect", "sendmsg", "rename", "socket"):
            assert len(str(described(name, ((1 << 64) - 1,) * 6, peek))) < 1000
    assert described("a_call_of_tomorrow", (0,) * 6, nothing) == Attempt("a_call_of_tomorrow")
