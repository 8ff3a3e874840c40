"""A stream that CPython's unpicklers read in two ways is no clean one, whichever is the harmless one."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict

import pytest
from evasions.builders import BOOM
from evasions.containers import fields_between_two_arrays

from safeload.files import scan
from safeload.scan import strain
from safeload.scan.report import GlobalRef


@pytest.fixture(autouse=True, params=[True, False], ids=["with the C part", "without"])
def _weighed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C part meets such an opcode first; what reads in its place has to see it too."""
    if not request.param:
        monkeypatch.setattr(strain, "engine", None)


def crossing(dropped: bytes, kept: bytes) -> bytes:
    """BINBYTES whose length crosses the end of its frame: who drops the rest of it reads on in ``dropped``."""
    rest = kept + b"."
    hidden = bytes(2) + b"0" + dropped + b"B" + struct.pack("<I", len(rest))
    frame = b"B" + struct.pack("<I", 200_000) + bytes(200_000) + b"0B" + struct.pack("<H", len(hidden))
    return b"\x80\x04\x95" + struct.pack("<Q", len(frame)) + frame + bytes(2) + hidden + rest + b"0N."


SYSTEM = b"cos\nsystem\n(S'true'\ntR0"


@pytest.mark.parametrize(("dropped", "kept"), [(SYSTEM, b""), (b"", SYSTEM)], ids=["without peek", "with peek"])
def test_the_hidden_half_is_found(dropped: bytes, kept: bytes) -> None:
    assert "crosses the end of its frame" in scan(crossing(dropped, kept)).problem


@pytest.mark.parametrize(
    ("inside", "behind"),
    [(b"B\x08\0\0\0abcd", b"efgh"), (b"\x96" + struct.pack("<Q", 8) + b"abcd", b"efgh"), (b"Vab", b"cd\n")],
    ids=["bytes", "an array of bytes", "a line"],
)
def test_an_argument_that_crosses_the_end_of_its_frame_is_told(inside: bytes, behind: bytes) -> None:
    """Python's unpickler refuses it, C's reads on."""
    data = b"\x80\x05\x95" + struct.pack("<Q", len(inside)) + inside + behind + b"."
    assert "crosses the end of its frame" in scan(data).problem


@pytest.mark.parametrize("protocol", range(6))
def test_what_picklers_write_crosses_nothing(protocol: int) -> None:
    """Frames that begin and end in every place, around buffers that stand outside them."""
    value = [bytes(size) for size in (0, 1, 200, 65_530, 65_536, 65_540, 200_000)] * 3
    value += [OrderedDict(a=str(number) * number) for number in range(400)]  # type: ignore[list-item]
    report = scan(pickle.dumps(value, protocol))
    assert not report.problem


def test_a_type_is_asked_anew_where_it_got_fields_between_two_arrays() -> None:
    """Whatever the rules say of such a file, what it names is found."""
    assert GlobalRef("os", "system") in scan(fields_between_two_arrays(BOOM)).uses
