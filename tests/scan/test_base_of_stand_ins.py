"""The base of stand-ins: in C and in Python, for where nothing was compiled, it tells the recorder the same."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any
from unittest import mock

import pytest

from safeload.scan import base


def in_python() -> Any:
    """The module as it is where the C part was not built."""
    spec = importlib.util.spec_from_file_location("base_in_python", base.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"safeload._standin": None}):
        spec.loader.exec_module(module)
    return module.Base


BASES = {"as it is": base.Base, "in Python": in_python()}
KNOWN = {"a": 1}


class Recorder:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.wary = False
        self.harmless = {("a", False)}
        self.with_attributes: list[Any] = []

    def given(self, _stub: Any, args: Any, kwargs: Any) -> None:
        self.told.append((args, kwargs))

    def state(self, made: Any, state: Any) -> None:
        self.told.append(state)
        made.state = state


@pytest.fixture(params=BASES.values(), ids=BASES)
def stub(request: pytest.FixtureRequest) -> Any:
    return type("Stub", (request.param,), {"__slots__": (), "recorder": Recorder()})


def test_the_one_in_python_is_no_other() -> None:
    assert BASES["in Python"].__module__ == "base_in_python"


@pytest.mark.parametrize(
    ("args", "kwargs", "told"),
    [((), {}, []), ((1,), {}, [((1,), {})]), ((), {"a": 1}, [((), {"a": 1})])],
    ids=["nothing", "an argument", "a keyword"],
)
def test_what_it_is_made_with_is_told(args: Any, kwargs: Any, told: Any, stub: Any) -> None:
    assert type(stub.__new__(stub, *args, **kwargs)) is stub
    assert stub.recorder.told == told


@pytest.mark.parametrize(
    ("states", "wary", "told"),
    [
        ([KNOWN], False, []),
        ([KNOWN], True, [KNOWN]),
        ([{"b": 1}], False, [{"b": 1}]),
        ([(None, KNOWN)], False, [(None, KNOWN)]),
        ([KNOWN, KNOWN], False, [KNOWN]),
    ],
    ids=["known attributes", "while it is wary", "other attributes", "no dict", "a second state"],
)
def test_a_state_is_told_unless_it_is_known(states: Any, wary: bool, told: Any, stub: Any) -> None:  # noqa: FBT001 - a column
    made = stub.__new__(stub)
    stub.recorder.wary = wary
    for state in states:
        assert stub.set_state(made, state) is None
        assert made.state is state
    assert stub.recorder.told == told
    assert stub.recorder.with_attributes == [made] * (len(states) - len(told)), "which may keep it as it is"
