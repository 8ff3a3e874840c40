"""Files that are none, many loads at once: nothing is left behind."""

from __future__ import annotations

import asyncio
import collections
import gc
import hashlib
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from kit_of_faults import at_once

import safeload
from safeload.state import COLLECTION_PAUSED, THREAD

ROOT = Path(__file__).parents[2]
HONEST = pickle.dumps([collections.OrderedDict(a=number) for number in range(2000)])
HOSTILE = b"cos\nsystem\n(S'true'\ntR."


def as_it_was() -> bool:
    return THREAD.load is None and COLLECTION_PAUSED._depth == 0 and gc.isenabled()


def load(path: Path) -> object:
    with open(path, "rb") as file:
        return pickle.load(file)


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        load(tmp_path)


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OSError, match="symbolic links"):
        load(tmp_path / "loop")


def test_nothing(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(EOFError):
        load(tmp_path / "empty")
    assert as_it_was()


def test_a_device_of_zeros() -> None:
    with pytest.raises(pickle.UnpicklingError):
        load(Path("/dev/zero"))
    assert as_it_was()


@pytest.mark.parametrize(("data", "refused"), [(HONEST, False), (HOSTILE, True)], ids=["honest", "hostile"])
def test_a_named_pipe(tmp_path: Path, data: bytes, refused: bool) -> None:  # noqa: FBT001 - a column
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(data))
    writer.start()
    if refused:
        with pytest.raises(safeload.BlockedLoadError):
            load(tmp_path / "pipe")
    else:
        assert load(tmp_path / "pipe") == pickle.loads(data)
    writer.join()


def test_sixty_four_threads() -> None:
    def one(number: int) -> str:
        try:
            pickle.loads(HOSTILE if number % 2 else HONEST)
        except safeload.BlockedLoadError:
            return "refused"
        return "loaded"

    with ThreadPoolExecutor(64) as pool:
        told = list(pool.map(one, range(256)))
    assert told == ["loaded", "refused"] * 128
    assert as_it_was()


def test_sixteen_processes_of_eight_threads(tmp_path: Path) -> None:
    (tmp_path / "honest").write_bytes(HONEST)
    (tmp_path / "hostile").write_bytes(HOSTILE)

    def one(number: int) -> str:
        try:
            load(tmp_path / ("hostile" if number % 2 else "honest"))
        except safeload.BlockedLoadError:
            return "refused"
        return "loaded"

    def process(_number: int) -> None:
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(one, range(16))) == ["loaded", "refused"] * 8
        assert as_it_was()

    assert at_once(16, process) == ["done"] * 16


def test_a_grant_in_one_coroutine_is_none_in_another() -> None:
    """They take turns in one thread, in the middle of each other's blocks."""
    stream = b"cos\ngetcwd\n."

    async def granted(turn: asyncio.Event, done: asyncio.Event) -> object:
        with safeload.trust("sha256:" + hashlib.sha256(stream).hexdigest(), reason="in a test"):
            turn.set()
            await done.wait()
            return pickle.loads(stream)

    async def other(turn: asyncio.Event, done: asyncio.Event) -> None:
        await turn.wait()
        with pytest.raises(safeload.BlockedLoadError):
            pickle.loads(stream)
        with pytest.raises(safeload.BlockedLoadError):
            await asyncio.to_thread(pickle.loads, stream)
        assert await asyncio.gather(*(asyncio.to_thread(pickle.loads, HONEST) for _ in range(8)))
        done.set()

    async def both() -> list[object]:
        events = asyncio.Event(), asyncio.Event()
        return await asyncio.wait_for(asyncio.gather(granted(*events), other(*events)), 60)

    assert asyncio.run(both()) == [os.getcwd, None]
    assert as_it_was()


def test_a_load_that_is_cancelled(tmp_path: Path) -> None:
    """Nobody takes a thread's load away from it: it ends by itself, and what comes next is judged."""
    os.mkfifo(tmp_path / "pipe")

    async def cancelled() -> None:
        loading = asyncio.create_task(asyncio.to_thread(load, tmp_path / "pipe"))
        writer = await asyncio.to_thread(open, tmp_path / "pipe", "wb")
        loading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await loading
        with writer:
            writer.write(HONEST)
        with pytest.raises(safeload.BlockedLoadError):
            pickle.loads(HOSTILE)

    asyncio.run(cancelled())
    assert as_it_was()


def test_a_fork_while_another_thread_loads() -> None:
    """The child has no load under way, and its own are judged."""
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=lambda: pickle.load(theirs.makefile("rb")))
    thread.start()
    time.sleep(0.2)
    pid = os.fork()
    if not pid:
        try:
            pickle.loads(HOSTILE)
        except safeload.BlockedLoadError:
            os._exit(0 if as_it_was() else 2)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    ours.sendall(pickle.dumps(1))
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert as_it_was()


BROKEN_OFF = """
import collections, gc, pickle, signal, sys
import safeload
from safeload.state import COLLECTION_PAUSED, THREAD
rows = [collections.OrderedDict((i, [i] * 5) for i in range(50)) for _ in range(200)]
with open("file", "wb") as file:
    pickle.dump(rows, file)
def pressed(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, pressed)
broken = 0
with open("file", "rb") as file:
    pickle.load(file)
    for step in range(100):
        file.seek(0)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0001 + 0.0002 * step)
            pickle.load(file)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            broken += 1
        assert (THREAD.load, gc.isenabled(), COLLECTION_PAUSED._depth) == (None, True, 0), step
    file.seek(0)
    assert pickle.load(file) == rows
try:
    pickle.loads(b"cposix\\nsystem\\n(S'true'\\ntR.")
except safeload.BlockedLoadError:
    print("refused", broken > 0)
"""


def test_a_load_that_is_broken_off_anywhere_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN_OFF],
        cwd=tmp_path,
        env={"SAFELOAD_LOG": "off", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.split() == ["refused", "True"], done.stderr
