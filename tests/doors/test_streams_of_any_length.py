"""Unpicklers that cannot look ahead, over files: short streams are read from a copy, long ones piece by piece."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import BOOM, calling, octets, pickled, text

import safeload
from safeload.scan.copied import SHORT
from safeload.state import STATE

LENGTHS = sorted({at + by for at in SHORT for by in (-30, -1, 0, 1)} | {1})
KINDS = {"C": pickle.Unpickler, "Python": pickle._Unpickler}  # type: ignore[attr-defined]  # CPython's own


class Plain(pickle.Unpickler):
    """As torch's for old files: with a method of its own, so that the file is not memory that C may read by itself."""

    def persistent_load(self, pid: Any) -> Any:
        return pid


KINDS["a subclass"] = Plain


def long_as(length: int, end: bytes) -> bytes:
    """A pickle of short pieces that is about as long, and what it ends with."""
    pieces = b"".join(text(f"{number:08}") + b"0" for number in range(length // 14))
    return pieces + text("x" * (length % 14)) + b"0" + end


def without_us(load: Callable[[], Any], monkeypatch: Any) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(STATE, "active", False)
        return load()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", LENGTHS)
def test_it_loads_and_the_file_stands_behind_it(length: int, kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    streams = [pickled(long_as(length, calling("collections:OrderedDict")), version) for version in (2, 4)]
    streams.append(pickled(octets(b"x" * length)))
    (tmp_path / "file").write_bytes(b"head" + b"".join(streams))

    def loaded() -> list[tuple[Any, int]]:
        with open(tmp_path / "file", "rb") as file:
            file.seek(4)
            return [(KINDS[kind](file).load(), file.tell()) for _ in streams]

    found = loaded()
    assert found == without_us(loaded, monkeypatch)
    assert found[0][0] == OrderedDict()
    assert found[-1][1] == os.path.getsize(tmp_path / "file")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", LENGTHS)
def test_what_its_end_asks_for_is_refused(length: int, kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_bytes(pickled(long_as(length, BOOM)))
    with open("file", "rb") as file, pytest.raises(safeload.BlockedGlobalError, match="os:system"):
        KINDS[kind](file).load()
    assert os.listdir() == ["file"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [at for at in LENGTHS if at > 10])
def test_where_it_breaks_off_the_unpickler_says_so(length: int, kind: str, tmp_path: Path, monkeypatch: Any) -> None:
    (tmp_path / "file").write_bytes(pickled(long_as(length, text("end")))[:-4])

    def loaded() -> str:
        with open(tmp_path / "file", "rb") as file, pytest.raises((EOFError, pickle.UnpicklingError)) as said:
            KINDS[kind](file).load()
        return f"{said.type}: {said.value}"

    assert loaded() == without_us(loaded, monkeypatch)
