"""CPython itself as the oracle: every name that a real load asks for, the look has named.

Ten thousand streams are composed, really loaded in a Python without the guard that records the
``pickle.find_class`` events, and looked at. A look may name more: its stand-ins never fail, so it
reads on where the load breaks off. It may name less only where it says that it could not read on,
which is a refusal too.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import opcode_moves  # noqa: F401 - fills the composer's table
import pytest
from child_frames import Child
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from opcode_tape import compose

ROOT = Path(__file__).parents[2]
ENV = {key: value for key, value in os.environ.items() if not key.startswith("SAFELOAD")} | {
    "PYTHONPATH": str(ROOT),
    "SAFELOAD_LOG": "off",
}

REPEATABLE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)

# Opcodes that a stream which loads to its end must have shown, or the composer has gone blind.
EXPECTED = {
    "GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "BUILD", "APPEND",
    "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "GET",
    "BINGET", "LONG_BINGET", "DUP", "POP", "POP_MARK", "PERSID", "BINPERSID", "NEXT_BUFFER",
    "FRAME", "PROTO", "LIST", "DICT", "TUPLE", "FROZENSET",
}  # fmt: skip


class Oracle:
    """The two children and what was seen so far."""

    def __init__(self, *arguments: str) -> None:
        self.plain = Child("plain_child.py", *arguments, env=ENV)
        self.look = Child("look_child.py", *arguments, env=ENV)
        self.seen: Counter[str] = Counter()
        self.opcodes: set[str] = set()

    def consult(self, tape: bytes, *, extensions: bool) -> None:
        stream, opcodes = compose(tape, extensions=extensions)
        reports, loads = self.look.ask(stream), self.plain.ask(stream)
        for way, real in loads.items():
            asked = {tuple(name) for name in real["asked"]}
            named = {tuple(name) for name in reports[way]["names"]}
            problem = reports[way]["problem"]
            assert asked <= named or problem, f"{way} asks for {asked - named}: {stream!r}"
            if real["outcome"] == "loaded":
                self.opcodes |= opcodes
                self.seen["loaded, named and read to its end"] += bool(asked and not problem)
            self.seen["loads"] += 1

    def close(self) -> None:
        self.plain.close()
        self.look.close()


@pytest.fixture
def oracle(request: pytest.FixtureRequest) -> Iterator[Oracle]:
    oracle = Oracle(*request.param)
    yield oracle
    oracle.close()


@pytest.mark.parametrize("oracle", [()], indirect=True, ids=["no extensions"])
def test_every_name_a_load_asks_for_was_named(oracle: Oracle) -> None:
    @settings(REPEATABLE, max_examples=8_000)
    @given(st.binary(min_size=16, max_size=160))
    def consult(tape: bytes) -> None:
        oracle.consult(tape, extensions=False)

    consult()
    assert oracle.seen["loaded, named and read to its end"] > oracle.seen["loads"] // 20
    assert oracle.opcodes >= EXPECTED


@pytest.mark.parametrize("oracle", [("extensions",)], indirect=True, ids=["extensions"])
def test_and_every_extension_code(oracle: Oracle) -> None:
    @settings(REPEATABLE, max_examples=2_000)
    @given(st.binary(min_size=16, max_size=160))
    def consult(tape: bytes) -> None:
        oracle.consult(tape, extensions=True)

    consult()
    assert oracle.seen["loaded, named and read to its end"] > oracle.seen["loads"] // 20
    assert oracle.opcodes >= {"EXT1", "EXT2", "EXT4", "REDUCE", "BUILD"}
