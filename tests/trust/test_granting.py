"""Which grant bytes have under a lock file, asked in this process: whole, in a stream, where they cannot be held."""

from __future__ import annotations

import collections
import gzip
import hashlib
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import safeload
from safeload import record
from safeload.errors import NotPinnedError
from safeload.pins import granting, held
from safeload.pins.granting import Grant
from safeload.pins.lock import Level
from safeload.policy import Verdict
from safeload.rulebook import GRANT
from safeload.scan.report import GlobalRef
from safeload.state import STATE

UNLISTED = b"cos\ngetcwd\n(tR."  # what no list lets through
OTHER = b"cos\ngetpid\n(tR."
HONEST = b"ccollections\nOrderedDict\n(tR."


def pin(folder: Path, data: bytes, paths: str = "[]") -> None:
    (folder / "safeload.lock").write_text(
        f'version = 1\n[[file]]\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsize = {len(data)}\ngrant = "pickle"\n'
        f'reason = "a test"\npinned = 2026-01-31\npaths = {paths}\n'
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(STATE, "policy", safeload.Policy(lock=str(tmp_path / "safeload.lock")))
    (tmp_path / "m.pkl").write_bytes(UNLISTED)
    pin(tmp_path, UNLISTED)
    return tmp_path


def opened(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)


def by_the_second_pickle(path: Path) -> Any:
    with path.open("rb") as file:
        pickle.load(file)
        return pickle.load(file)


def by_pythons_unpickler(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle._Unpickler(file).load()  # type: ignore[attr-defined]  # CPython's own


def by_gzip(path: Path) -> Any:
    with gzip.open(path, "rb") as file:
        return pickle.load(file)


# How it is loaded, and what lies there for one whose unlisted name is the content.
DOORS: dict[str, tuple[Callable[[Path], Any], Callable[[bytes], bytes]]] = {
    "an open file": (opened, lambda content: content),
    "bytes": (lambda path: pickle.loads(path.read_bytes()), lambda content: content),
    "bytes in a file": (lambda path: pickle.load(io.BytesIO(path.read_bytes())), lambda content: content),
    "Python's unpickler": (by_pythons_unpickler, lambda content: content),
    "the second pickle": (by_the_second_pickle, lambda content: pickle.dumps(1) + content),
    "gzip": (by_gzip, gzip.compress),
}


@pytest.mark.parametrize(("load", "form"), DOORS.values(), ids=DOORS)
def test_pinned_bytes_load_and_others_do_not(
    load: Callable[[Path], Any], form: Callable[[bytes], bytes], folder: Path
) -> None:
    pinned = form(UNLISTED)
    pin(folder, pinned)
    (folder / "m.pkl").write_bytes(pinned)
    assert load(folder / "m.pkl") == os.getcwd()
    (folder / "m.pkl").write_bytes(form(OTHER))
    with pytest.raises(safeload.BlockedLoadError):
        load(folder / "m.pkl")


@pytest.mark.usefixtures("folder")
def test_bytes_that_no_pin_could_be_of_are_judged_by_their_names() -> None:
    assert len(HONEST) != len(UNLISTED)
    assert pickle.loads(HONEST) == collections.OrderedDict()
    with pytest.raises(safeload.BlockedLoadError):
        pickle.loads(OTHER + b"more")


def test_an_open_file_is_hashed_once_for_all_of_its_pickles(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hold, calls = held.hold, []
    monkeypatch.setattr(held, "hold", lambda *args, **options: calls.append(args) or hold(*args, **options))
    pin(folder, UNLISTED * 3)
    (folder / "m.pkl").write_bytes(UNLISTED * 3)
    with (folder / "m.pkl").open("rb") as file:
        assert [pickle.load(file) for _ in range(3)] == [os.getcwd()] * 3
    assert len(calls) == 1


OTHER_DAYS = {"early": "pinned = 2999-01-01", "late": "pinned = 2026-01-01\nexpires = 2026-01-02"}


@pytest.mark.parametrize("said", OTHER_DAYS.values(), ids=OTHER_DAYS)
def test_a_pin_of_another_day_opens_nothing(said: str, folder: Path) -> None:
    lock = folder / "safeload.lock"
    lock.write_text(lock.read_text().replace("pinned = 2026-01-31", said))
    with pytest.raises(safeload.BlockedLoadError):
        opened(folder / "m.pkl")


def test_the_event_is_told_of_the_grant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []
    monkeypatch.setattr(record.Sink, "granted", lambda _sink, by, facts: told.append((by, facts["grant"])))
    opened(folder / "m.pkl")
    assert told == [("pin", "pickle")]


def test_what_cannot_be_held_is_refused_where_others_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: Any, **_options: Any) -> Any:
        msg = "it changed"
        raise held.NotHeldError(msg)

    monkeypatch.setattr(held, "hold", fails)
    assert granting.of_path(folder / "m.pkl", str(folder / "m.pkl")) == (granting.NOTHING, None)
    pin(folder, UNLISTED, '["m.pkl"]')
    with pytest.raises(NotPinnedError, match="accepts only certain bytes here, and it changed"):
        opened(folder / "m.pkl")


def test_no_descriptor_is_left(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    (folder / "other.pkl").write_bytes(OTHER)
    for name in ("m.pkl", "other.pkl", "m.pkl"):
        answer, found = granting.of_path(folder / name, str(folder / name))
        assert (answer.grant is not None) is (found is not None) is (name == "m.pkl")
        if found is not None:
            assert found.file.read() == UNLISTED
            found.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_names_of_a_pin_are_not_credited_to_allow() -> None:
    grant = Grant("pin", "safeload.lock", Level.NAMES, "", "", names=frozenset({GlobalRef("mylab", "Head")}))
    verdict = Verdict(profiles=("stdlib", GRANT))
    assert granting.credited(verdict, grant).profiles == ("stdlib",)
    assert granting.credited(verdict, None).profiles == ("stdlib", GRANT)
