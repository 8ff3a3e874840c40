"""Which load is under way on a thread, as doors ask for it, and what it may ask for itself."""

from __future__ import annotations

import functools
import io
import pickle
from collections import OrderedDict
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from plain_classes import function

import safeload
from safeload import guard
from safeload.doors.find_class import Override, override_of
from safeload.doors.for_pickle import SOURCE
from safeload.scan.nested import NestedRecorder
from safeload.scan.strain import Limits
from safeload.state import STATE
from safeload.tape import Tape

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


def looking(by: Any) -> Any:
    """A ``find_class`` that leaves all to what it has hold of."""

    def found(_self: Any, module: str, name: str) -> Any:
        return by(module, name)

    return found


def with_a_function_inside(self: Any, module: str, name: str) -> Any:
    def below(module: str) -> str:
        return module

    return pickle.Unpickler.find_class(self, below(module), name)


def with_an_import(self: Any, module: str, name: str) -> Any:
    import os

    return pickle.Unpickler.find_class(self, module, str(os.path.join(name)))


def with_a_table_of_classes(self: Any, module: str, name: str, table: Any = {"list": list}) -> Any:  # noqa: B006
    return table[name] if name in table else pickle.Unpickler.find_class(self, module, name)


def with_data_of_its_own(self: Any, module: str, name: str) -> Any:
    return pickle.Unpickler.find_class(self, *self.moved.get((module, name), (module, name)))


class MovedTwice(Moved):
    """Reads files of a release before that one."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class({"older_numpy": "old_numpy"}.get(module, module), name)


class AsCPython(pickle.Unpickler):
    pass


def with_another_unpickler(self: Any, module: str, name: str) -> Any:
    return AsCPython.find_class(self, module, name)  # type: ignore[arg-type]


def own(find_class: Any, **attributes: Any) -> type:
    return type("Own", (pickle.Unpickler,), {"find_class": find_class, **attributes})


def known_as(module: str, cls: str) -> Any:
    """Stands in for a library's, which is known by its name."""
    found = looking(pickle.loads)
    found.__module__, found.__qualname__ = module, f"{cls}.find_class"
    return found


OWN = {
    "a table of the module's": (Moved, Override.RENAMES),
    "two, one above the other": (MovedTwice, Override.RENAMES),
    "a table of classes": (own(with_a_table_of_classes), Override.RENAMES),
    "a table of names, its own": (own(with_data_of_its_own, moved={("a", "b"): ("c", "d")}), Override.RENAMES),
    "an unpickler that does as CPython's": (own(with_another_unpickler), Override.RENAMES),
    "a function of its own": (own(with_data_of_its_own, moved=pickle.loads), Override.IMPORTS),
    "a function that it has hold of": (own(looking(pickle.loads)), Override.IMPORTS),
    "nothing but data, and no find_class": (own(looking("text")), Override.IMPORTS),
    "a function inside it": (own(with_a_function_inside), Override.IMPORTS),
    "an import": (own(with_an_import), Override.IMPORTS),
    "tables in tables": (own(with_data_of_its_own, moved={1: [("a",)]}), Override.RENAMES),
    "tables in tables, deeper than is looked": (own(with_data_of_its_own, moved={1: [({2: "a"},)]}), Override.IMPORTS),
    "no function but an object": (own(functools.partial(pickle.loads)), Override.IMPORTS),
    "what torch has": (own(known_as("torch.serialization", "_load.<locals>.UnpicklerWrapper")), Override.NONE),
    "what torch has for packages": (
        own(known_as("torch.package._package_unpickler", "PackageUnpickler")),
        Override.BY_SOURCE,
    ),
    "none": (AsCPython, Override.NONE),
    "none, in Python": (pickle._Unpickler, Override.NONE),  # type: ignore[attr-defined]  # CPython's own
}


@pytest.mark.parametrize(("cls", "told"), OWN.values(), ids=OWN)
def test_what_a_find_class_does_is_told_from_its_code(cls: type, told: Override) -> None:
    of_python = issubclass(cls, pickle._Unpickler)  # type: ignore[attr-defined]
    base = (pickle._Unpickler if of_python else pickle.Unpickler).find_class  # type: ignore[attr-defined]
    assert override_of(cls(io.BytesIO()), base) is told


def test_a_load_that_asks_otherwise_than_its_look_is_broken_off() -> None:
    tape = Tape(io.BytesIO(pickle.dumps([1, "a"])), {})
    assert not tape.look(lambda: NestedRecorder({}), {}).problem
    tape.replay()
    with pytest.raises(pickle.UnpicklingError, match=r"otherwise than the look: read\(7\), not peek"):
        tape.read(7)


class WithAnOpcodeOfItsOwn(pickle._Unpickler):  # type: ignore[name-defined,misc]  # CPython's own
    dispatch = {**pickle._Unpickler.dispatch, 0xF0: lambda self: self.append("its own")}  # type: ignore[attr-defined]  # noqa: RUF012


def test_what_the_look_cannot_read_loads_whole_in_audit_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "policy", safeload.Policy(mode=safeload.Mode.AUDIT))
    (tmp_path / "file").write_bytes(b"\x80\4](ccollections\nOrderedDict\n)R\xf0e.more")
    with open(tmp_path / "file", "rb") as file:
        with pytest.warns(safeload.SafeloadWarning, match="could not be read"):
            found = WithAnOpcodeOfItsOwn(file).load()
        assert found == [OrderedDict(), "its own"]
        assert file.read() == b"more"


NEEDED = {
    "a name that no list has": (safeload.Policy(), True),
    "a name that the policy allows": (safeload.Policy(allow=frozenset({SOURCE})), False),
    "a name while nobody guards": (safeload.Policy(mode=safeload.Mode.OFF), False),
}


@pytest.mark.parametrize(("policy", "refused"), NEEDED.values(), ids=NEEDED)
def test_a_load_that_needs_one_name(policy: safeload.Policy, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    monkeypatch.setattr(STATE, "policy", policy)
    with pytest.raises(safeload.BlockedGlobalError, match="made of source") if refused else nullcontext():
        guard.require(guard.Load("torch.load"), SOURCE, "it is made of source")


TIGHT = {
    "pinned bytes only": (safeload.Policy(require_pins=True), safeload.NotPinnedError),
    "limits of its own": (safeload.Policy(limits=Limits(unfolded=1.0)), safeload.UnreadableError),
}


@pytest.mark.parametrize(("policy", "error"), TIGHT.values(), ids=TIGHT)
def test_small_data_is_refused_too_where_a_policy_says_so(
    policy: safeload.Policy, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps([[1, 2], [3, 4]])
    assert pickle.loads(data) == [[1, 2], [3, 4]]
    monkeypatch.setattr(STATE, "policy", policy)
    with pytest.raises(error):
        pickle.loads(data)


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
