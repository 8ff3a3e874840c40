"""What a pickle asks too much of is told however its bytes come: in chunks of a file, or piece by piece."""

from __future__ import annotations

import itertools
import pickle
from pathlib import Path

import pytest
from evasions.exhaustion import A_NAME, BY_MEMO_IN_TEXT, DOUBLED

pytest.importorskip("safeload._strain")
from safeload.scan.strain import CHUNK, DEFAULTS, Following, of_bytes, of_file

# What stands before what asks too much.
BEFORE = {
    "nothing": b"",
    "a name": A_NAME,
    "a line as long as a chunk": b"V" + b"a" * (CHUNK - 2) + b"\n0",
    "a line longer than a chunk": b"V" + b"a" * (CHUNK + 9) + b"\n0",
    "a text longer than a chunk": b"X" + (CHUNK + 9).to_bytes(4, "little") + b"a" * (CHUNK + 9) + b"0",
}  # fmt: skip
TOO_MUCH = {"doubled": b"}" + DOUBLED + b"Ns.", "doubled in text": b"}" + BY_MEMO_IN_TEXT + b"Ns."}
ROWS = {f"{what} behind {where}": before + code for where, before in BEFORE.items() for what, code in TOO_MUCH.items()}
SHORT = {name: stream for name, stream in ROWS.items() if len(stream) < CHUNK}


@pytest.mark.parametrize("stream", ROWS.values(), ids=ROWS)
def test_what_is_told_of_bytes_is_told_of_a_file(stream: bytes, tmp_path: Path) -> None:
    said = of_bytes(stream, DEFAULTS)
    assert "hashing them takes without end" in said
    (tmp_path / "file").write_bytes(b"before it" + stream)
    with (tmp_path / "file").open("rb") as file:
        file.seek(len(b"before it"))
        assert of_file(file, DEFAULTS) == said
        assert file.tell() == len(b"before it")


@pytest.mark.parametrize("piece", [1, 7])
@pytest.mark.parametrize("shown", [0, 1, 50], ids=["unseen", "with one byte seen before", "with more seen before"])
@pytest.mark.parametrize("stream", SHORT.values(), ids=SHORT)
def test_what_is_told_of_bytes_is_told_of_pieces(stream: bytes, piece: int, shown: int) -> None:
    """An unpickler may be shown bytes by a peek before it reads them."""
    following, said = Following(DEFAULTS), ""
    for at in itertools.takewhile(lambda at: not said, range(0, len(stream), piece)):
        said = following.gives(at, stream[at : at + piece + shown])
    assert said == of_bytes(stream, DEFAULTS)


def test_nothing_is_told_of_what_asks_for_little(tmp_path: Path) -> None:
    stream = pickle.dumps({str(n): (n, "a" * 99) for n in range(9)})
    (tmp_path / "file").write_bytes(stream)
    with (tmp_path / "file").open("rb") as file:
        assert of_file(file, DEFAULTS) == of_bytes(stream, DEFAULTS) == ""
    following = Following(DEFAULTS)
    assert not any(following.gives(at, stream[at : at + 5]) for at in range(len(stream)))
