"""Holding a file's bytes while somebody else writes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from safeload.pins import held


def test_a_file_that_grows_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls, preadv = tmp_path / "m.pkl", 0, os.preadv
    path.write_bytes(b"x" * 10)

    def grows(descriptor: int, rooms: list[bytearray], at: int) -> int:
        nonlocal calls
        calls += 1
        assert calls < 10, "it is followed"
        with path.open("ab") as file:
            file.write(b"x" * 10)
        return preadv(descriptor, rooms, at)

    monkeypatch.setattr(os, "preadv", grows)
    with path.open("rb") as file, pytest.raises(held.NotHeldError, match="changed while it was being read"):
        held.hold(file.fileno(), remember=False)
