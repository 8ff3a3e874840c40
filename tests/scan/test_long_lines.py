"""A safetensors file begins with the length of its header, which may be an opcode that reads a line."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from safeload.files import scan
from safeload.scan.pickles import LONGEST_LINE

READ_A_LINE = b"PVSILFcigp"
ZEROS = 300 << 20


def safetensors(first: int, size: int) -> bytes:
    """The head of a file whose header is long enough to begin with this byte."""
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    length = first + 256 * (1 + (len(header) - first) // 256)
    return length.to_bytes(8, "little") + header.ljust(length)


@pytest.mark.parametrize("first", READ_A_LINE, ids=map(chr, READ_A_LINE))
def test_zeros_are_not_read_as_a_line(first: int, tmp_path: Path) -> None:
    with open(tmp_path / "a.safetensors", "wb") as file:
        file.write(safetensors(first, ZEROS))
        file.seek(ZEROS - 1, 1)
        file.write(b"\0")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = scan(tmp_path / "a.safetensors")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < (ZEROS >> 10) // 2
    assert report.format == "safetensors"
    # pickle.load stops where the line is to be an id, a number or a name, and reads on where it is text.
    assert ("as well" in report.problem) == (chr(first) in "VS"), report.problem


@pytest.mark.parametrize("length", [100, LONGEST_LINE - 400, LONGEST_LINE + 1000])
def test_what_stands_behind_a_line_of_text_is_no_clean_file(length: int, tmp_path: Path) -> None:
    rest = length * b"a" + b"\n0cos\nsystem\n(S'true'\ntR."
    data = safetensors(ord("V"), len(rest)) + rest
    (tmp_path / "a.safetensors").write_bytes(data)
    report = scan(tmp_path / "a.safetensors")
    assert "as well" in report.problem
    assert any(ref.qualname == "system" for ref in report.uses) == (length < LONGEST_LINE)
