"""Files that are none, many loads at once: nothing is left behind."""

from __future__ import annotations

import collections
import gc
import os
import pickle
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import safeload
from safeload.state import COLLECTION_PAUSED, THREAD

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
