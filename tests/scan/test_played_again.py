"""What a look went past, read once more by an unpickler in Python: the same bytes, however they are asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from safeload.replay import Playing
from safeload.scan.listen import Hole, Reread, digest_of

CONTENT = b"one\ntwo" + bytes(range(20, 60)) + b"three\n" + b"four" * 9 + b"\nfive"
PIECES = {
    "one piece": [7],
    "many": [1, 0, 3, 4, 9, 2],
    "no bytes at all": [],
}
KINDS: dict[str, Callable[[int, int], Any]] = {
    "in memory": lambda start, stop: CONTENT[start:stop],
    "read again": lambda start, stop: Reread(start, stop - start, digest_of(CONTENT[start:stop])),
    "passed over": lambda start, stop: Hole(start, stop - start),
}


def playing(pieces: list[int], kinds: tuple[str, ...]) -> tuple[Playing, bytes]:
    parts, start = [], 0
    for number, length in enumerate(pieces):
        parts.append(KINDS[kinds[number % len(kinds)]](start, start + length))
        start += length
    return Playing(parts, io.BytesIO(CONTENT)), CONTENT[:start]


def by_read(file: Any, size: int) -> bytes:
    data: bytes = file.read(size)
    return data


def by_readinto(file: Any, size: int) -> bytes:
    into = bytearray(size)
    return bytes(into[: file.readinto(into)])


ORDERS = [("in memory",), ("read again",), ("passed over",), tuple(KINDS), (*KINDS, "in memory")]


@pytest.mark.parametrize("read", [by_read, by_readinto])
@pytest.mark.parametrize("kinds", ORDERS)
@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES)
def test_any_sizes(pieces: list[int], kinds: tuple[str, ...], read: Callable[[Any, int], bytes]) -> None:
    for size in range(1, 24):
        file, content = playing(pieces, kinds)
        same = io.BytesIO(content)
        for _ in range(len(content) // size + 2):
            assert read(file, size) == same.read(size)


@pytest.mark.parametrize("kinds", [("in memory",), ("read again",), ("in memory", "read again")])
def test_lines(kinds: tuple[str, ...]) -> None:
    for first in range(9):
        file, content = playing([first, 1, 40, 30], kinds)
        same = io.BytesIO(content)
        for _ in range(content.count(b"\n") + 2):
            assert file.readline() == same.readline()
