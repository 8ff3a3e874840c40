"""Small numbers and text are loaded before the guard is there: what counts as such, and that nothing else does."""

from __future__ import annotations

import io
import pickle
import pickletools
import subprocess
import sys
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

inplace = pytest.importorskip("safeload._inplace")

# What makes a number, a text or a container, or stands between them.
DATA = set(
    "PROTO FRAME STOP NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT SHORT_BINUNICODE BINUNICODE "
    "SHORT_BINBYTES BINBYTES EMPTY_LIST EMPTY_DICT EMPTY_TUPLE EMPTY_SET MARK APPEND APPENDS SETITEM SETITEMS ADDITEMS "
    "TUPLE TUPLE1 TUPLE2 TUPLE3 FROZENSET MEMOIZE BINPUT".split()
)

VALUES = {
    "numbers": [0, -1, 255, 65536, 2**40, 1.5, True, None],
    "text": ["a", "ü" * 50, b"bytes", "x" * 300],
    "containers": {"a": [1, (2,), (3, 4), (5, 6, 7), (1, 2, 3, 4)], "b": {1, 2}, "c": frozenset([3])},
}

NO_DATA = {
    "a name": pickle.dumps(OrderedDict()),
    "a name of protocol 2": b"\x80\x02cos\nsystem\n.",
    "an instance": b"\x80\x02(ios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent name": b"\x80\x02\x88Q.",
    "a persistent name in text": b"\x80\x02Pname\n.",
    "one object twice": b"\x80\x02]q\x00h\x00\x86.",
    "one object twice, by DUP": b"\x80\x02]2\x86.",
    "a large index of the memo": b"\x80\x02]r\xff\xff\xff\x7f.",
    "deep tuples": b"\x80\x02)" + b"\x85" * 2000 + b".",
    "no end": b"\x80\x02]",
    "a text beyond the end": b"\x80\x02X\xff\x00\x00\x00ab.",
    "a length that is cut": b"\x80\x02X\xff\x00",
    "protocol 0": pickle.dumps([1], 0),
    "much of it": pickle.dumps("x" * 5000),
    "a buffer": b"\x80\x05\x97.",
    "nothing": b"",
}


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_is_data(value: object, protocol: int) -> None:
    data = pickle.dumps(value, protocol)
    names = {opcode.name for opcode, _, _ in pickletools.genops(data)}
    assert inplace.is_data(data) is (names <= DATA)


def test_values_of_the_newest_protocol_are_data() -> None:
    assert all(inplace.is_data(pickle.dumps(value)) for value in VALUES.values())


@pytest.mark.parametrize("data", NO_DATA.values(), ids=NO_DATA)
def test_is_not_data(data: bytes) -> None:
    assert inplace.is_data(data) is False


@pytest.mark.parametrize("data", [bytearray(pickle.dumps(1)), memoryview(pickle.dumps(1)), "text", None], ids=type)
def test_only_bytes_are(data: object) -> None:
    assert inplace.is_data(data) is False


pieces = st.sampled_from([bytes([code]) for code in range(256)] + [b"\x80\x02", b"X\x01\x00\x00\x00a", b"K\x01"])
of_data = st.sampled_from([pickle.dumps(value, 2)[2:-1] for value in (1, "a", [1], (1, 2), {"a": 1})])


@given(st.lists(pieces | of_data, max_size=30).map(b"".join))
def test_what_is_taken_for_data_holds_no_other_opcode(tail: bytes) -> None:
    data = b"\x80\x04" + tail + b"."
    if inplace.is_data(data):
        read = []
        for opcode, _, _ in pickletools.genops(io.BytesIO(data)):
            read.append(opcode.name)
        assert set(read) <= DATA


PLAIN = "import safeload, pickle, sys\nassert pickle.loads(pickle.dumps({'a': [1]})) == {'a': [1]}\n"
THERE = "print('safeload.guard' in sys.modules)\n"
HOSTILE = "try: pickle.loads(b'\\x80\\x02cos\\nsystem\\n.')\nexcept pickle.UnpicklingError: print('refused')"


def run(code: str, **settings: str) -> str:
    command = [sys.executable, "-c", code]
    env = {"PATH": "/usr/bin", "PYTHONPATH": ":".join(sys.path)} | settings
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    return done.stdout


def test_brings_in_no_guard_which_is_there_for_the_next() -> None:
    assert run(PLAIN + THERE + HOSTILE) == "False\nrefused\n"


@pytest.mark.parametrize("setting", ["SAFELOAD_MODE=audit", "SAFELOAD_REQUIRE_PINS=1", "SAFELOAD_LOG=off"])
def test_is_judged_as_any_load_where_something_is_set(setting: str) -> None:
    name, _, value = setting.partition("=")
    code = "import safeload, pickle, sys\ntry: pickle.loads(pickle.dumps(1))\nexcept pickle.UnpicklingError: pass\n"
    assert run(code + THERE, **{name: value}) == "True\n"


def test_is_judged_as_any_load_where_the_program_has_activated_a_policy() -> None:
    code = "import safeload, pickle, sys\nsafeload.activate(safeload.Policy(require_pins=True))\n"
    code += "try: pickle.loads(pickle.dumps(1))\nexcept pickle.UnpicklingError: print('refused')"
    assert run(code) == "refused\n"


@pytest.mark.parametrize("policy", ["require_pins=True", "limits=Limits(unfolded=2.0)"])
@pytest.mark.parametrize("before", ["", "pickle.loads(pickle.dumps(collections.OrderedDict()))"])
def test_is_refused_by_a_policy_that_refuses_data(policy: str, before: str) -> None:
    code = "import collections, safeload, pickle\nfrom safeload.scan.strain import Limits\n" + before
    code += f"\nsafeload.activate(safeload.Policy({policy}))\n"
    code += "try: pickle.loads(pickle.dumps([1, 2, 3]))\nexcept pickle.UnpicklingError: print('refused')"
    assert run(code) == "refused\n"
