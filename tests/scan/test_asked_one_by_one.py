"""What a look reads a file through, asked as an unpickler asks: which arguments cross a frame, what are no bytes."""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

import pytest

from safeload.scan.inert import Recorder
from safeload.scan.listen import Live, listener
from safeload.scan.look import look
from safeload.scan.reading import Forward

FRAME = b"\x95" + struct.pack("<Q", 4)

# The sizes asked for one after the other, and whether one crosses the end of the frame.
ASKED = {
    "the frame at once": ((1, 8, 4), False),
    "an opcode behind it": ((1, 8, 4, 1), False),
    "an argument behind that": ((1, 8, 4, 1, 3), False),
    "an argument that begins in it": ((1, 8, 4, 3), True),
    "another size than a frame's": ((1, 4, 4, 3), False),
}


@pytest.mark.parametrize(("sizes", "crossed"), ASKED.values(), ids=ASKED)
def test_an_argument_that_crosses_its_frame(sizes: tuple[int, ...], crossed: bool) -> None:  # noqa: FBT001 - a column
    file = io.BufferedReader(io.BytesIO(FRAME + b"X" * 20))
    forward = Forward(file, skips=False)
    for size in sizes:
        forward.read(size)
    assert forward.crossed is crossed


@pytest.mark.parametrize("told", [5, [128, 4], "text", None, io.BytesIO(b"x")], ids=lambda told: type(told).__name__)
def test_what_a_file_gives_that_is_no_bytes(told: Any) -> None:
    """``bytes()`` would make some of the first two, which no unpickler takes."""
    live = Live(type("File", (), {"read": lambda _self, _size: told})())
    with pytest.raises(TypeError, match=f"read\\(\\) returned {type(told).__name__}, not bytes"):
        live.read(1)
    assert live.answers == [("read", 1, told)]


@pytest.mark.parametrize("peeks", [True, False], ids=["which peeks", "which does not"])
def test_an_engine_with_a_memo_asks_as_one_without(peeks: bool) -> None:  # noqa: FBT001 - a column
    """What it asks is what is answered when the unpickler itself, which has such a memo, loads."""

    def answers(memo: dict[int, Any]) -> list[Any]:
        reader = listener(io.BytesIO(pickle.dumps([1, "a"])), peeks=peeks)
        assert not look(reader, Recorder({}, lambda _form, _data: None), memo=memo).problem
        return reader.answers

    assert answers({0: "text"}) == answers({})
    assert any(method == "peek" for method, _, _ in answers({})) is peeks
