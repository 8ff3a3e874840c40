"""Which load is under way on a thread, as doors ask for it, and what it may ask for itself."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
from plain_classes import function

import safeload
from safeload import guard
from safeload.state import STATE

MOVED = {"old_numpy": "numpy"}

NESTED = {
    "nothing": ((), None),
    "the one that is asked for": ((guard.Announcement("torch.load"),), 0),
    "it around another": ((guard.Announcement("torch.load"), guard.Load("pickle.load")), 0),
    "another alone": ((guard.Announcement("joblib.load"),), None),
    "an unpickler of that name": ((guard.Load("torch.load"),), None),
    "it outside another one of it": ((guard.Announcement("torch.load"), guard.Announcement("torch.load")), 1),
}


@pytest.mark.parametrize(("loads", "found"), NESTED.values(), ids=NESTED)
def test_an_announcement_is_found_by_its_name(loads: tuple[guard.Load, ...], found: int | None) -> None:
    for load in loads:
        load.__enter__()
    try:
        assert guard.announced_as("torch.load") is (None if found is None else loads[found])
    finally:
        for load in reversed(loads):
            load.__exit__(None, None, None)


class Asking(pickle.Unpickler):
    """A program's own, which gets a class that no opcode names."""

    def persistent_load(self, pid: Any) -> Any:
        return self.find_class("plain_classes", pid)


READ = b"\x80\4(X\x08\0\0\0functionQcplain_classes\nfunction\nt."
NOT_READ = b"\x80\4(X\x08\0\0\0functionQccollections\nOrderedDict\nt."


def test_a_load_asks_for_no_other_names_than_were_read() -> None:
    """Not for one that is allowed either: what was judged is what is loaded."""
    with safeload.allow("plain_classes:function"):
        assert Asking(io.BytesIO(READ)).load() == (function, function)
        with pytest.raises(safeload.BlockedLoadError, match="not by what was read"):
            Asking(io.BytesIO(NOT_READ)).load()


class Moved(pickle.Unpickler):
    """Reads files of an older release, by a table of the module's."""

    def find_class(self, module: str, name: str) -> Any:
        return pickle.Unpickler.find_class(self, MOVED.get(module, module), name)


def test_names_that_a_table_moves_are_judged_with_their_rules() -> None:
    np = pytest.importorskip("numpy")
    data = pickle.dumps(np.dtype("f8"), 2).replace(b"cnumpy\n", b"cold_numpy\n")
    assert b"old_numpy" in data
    assert Moved(io.BytesIO(data)).load() == np.dtype("f8")


class Numbers:
    """A file that answers with a number, of which ``bytes()`` would make as many zeros."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self, size: int) -> Any:
        self.asked += 1
        return b"\x80" if self.asked == 1 else size

    def readline(self) -> Any:
        return 3


def test_what_is_no_bytes_is_no_answer() -> None:
    with pytest.raises(TypeError, match="bytes"):
        pickle.load(Numbers())


@pytest.mark.parametrize(("active", "name"), [(False, "system"), (True, 5)], ids=["nobody guards", "no name"])
def test_what_is_not_asked(active: bool, name: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    monkeypatch.setattr(STATE, "active", active)
    guard.ask("os", name)
    monkeypatch.setattr(STATE, "active", True)
    with pytest.raises(safeload.BlockedLoadError):
        guard.ask("os", "system")
