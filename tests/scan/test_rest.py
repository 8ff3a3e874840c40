"""What an unpickler still holds when its load is over is found without being executed."""

from __future__ import annotations

import contextlib
import io
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import frame, proto
from evasions.exhaustion import BY_MEMO, DOUBLED, FAR_INDEX, put

from safeload.files import scan

SLOW_S = 0.5
RESTS = {
    "a memo index far beyond": b"N" + put(FAR_INDEX) + b".",
    "a tuple doubled as a key": b"}" + DOUBLED + b"Ns.",
    "a tuple doubled by the memo": b"}" + BY_MEMO + b"Ns.",
}


class Own(pickle.Unpickler):
    pass


class WithIds(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        return pid


def quick(call: Callable[[], object]) -> None:
    started = time.process_time()
    with pytest.raises(pickle.UnpicklingError):
        call()
    assert time.process_time() - started < SLOW_S


def behind_a_stop(rest: bytes) -> bytes:
    return proto(4) + frame(2 + len(rest)) + b"N." + rest


# The argument has 114 bytes, of which 90 are there: the unpickler keeps these, and would begin with them.
def behind_an_error(rest: bytes) -> bytes:
    return b"}\x8c" + bytes([min(255, len(rest) + 9)]) + rest


@pytest.mark.parametrize("rest", RESTS.values(), ids=RESTS)
def test_a_scan_does_not_go_on_in_it(rest: bytes) -> None:
    started = time.process_time()
    assert "goes on behind its end" in scan(behind_a_stop(rest)).problem
    assert time.process_time() - started < SLOW_S


@pytest.mark.parametrize("kind", [Own, WithIds, pickle.Unpickler])
@pytest.mark.parametrize("place", ["memory", "file"])
@pytest.mark.parametrize("rest", RESTS.values(), ids=RESTS)
@pytest.mark.parametrize("before", [behind_a_stop, behind_an_error])
def test_a_load_does_not_and_neither_does_the_next(
    before: Callable[[bytes], bytes], rest: bytes, place: str, kind: type[pickle.Unpickler], tmp_path: Path
) -> None:
    data = before(rest[:200])
    (tmp_path / "file").write_bytes(data)
    with open(tmp_path / "file", "rb") if place == "file" else io.BytesIO(data) as file:
        unpickler = kind(file)
        started = time.process_time()
        with contextlib.suppress(pickle.UnpicklingError):
            unpickler.load()
        assert time.process_time() - started < SLOW_S
        quick(unpickler.load)


def test_the_next_stream_is_loaded_where_nothing_is_held(tmp_path: Path) -> None:
    value = {"a": ["b" * 1000, 3, b"\x95" * 20]}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        data = pickle.dumps(value, protocol) * 3
        (tmp_path / "file").write_bytes(data)
        with open(tmp_path / "file", "rb") as file:
            unpicklers = [Own(io.BytesIO(data)), WithIds(io.BytesIO(data)), Own(file)]
            assert all(unpickler.load() == value for _ in range(3) for unpickler in unpicklers)


