"""What a child may have written in place of its output: refused whole, or numbers that lie where they may."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from safeload.errors import SandboxError
from safeload.sandbox import received
from safeload.sandbox.emit import KEY
from safeload.tensors.build import Builder, NotHereError
from safeload.tensors.source import Source

TENSOR = {"span": 0, "dtype": "float32", "shape": [4], "stride": [1], "offset": 0, "flags": []}
INTS = TENSOR | {"dtype": "int8", "shape": [4, 4], "stride": [4, 1]}
SCALES = {"span": 1, "dtype": "float64", "shape": [4], "stride": [1], "offset": 0, "flags": []}
POINTS = {"span": 1, "dtype": "int64", "shape": [4], "stride": [1], "offset": 4, "flags": []}
QUANTIZED = {"quantized": "qint8", "values": INTS, "axis": 0, "scale": SCALES, "zero_point": POINTS}
SPARSE = {"layout": "sparse_coo", "parts": [POINTS | {"shape": [1, 4], "stride": [4, 1]}, TENSOR], "shape": [4], "coalesced": True, "flags": []}
ARRAY = {"span": 0, "numpy": "<f4", "shape": [4], "fortran": False}
SIZE = 100  # of the file that was read


def said(tensor: Any = TENSOR, **other: Any) -> dict[str, Any]:
    return {
        "tensors": [["a", tensor]], "beside": [], "scalars": [], "left_out": [], "models": [], "computed": [],
        "metadata": [], "facts": {"dict": []}, "spans": [None, None],
    } | other  # fmt: skip


def written(text: dict[str, Any], **table: Any) -> bytes:
    entries = {"0": {"dtype": "U8", "shape": [16], "data_offsets": [0, 16]}, "1": {"dtype": "U8", "shape": [64], "data_offsets": [16, 80]}}
    head = json.dumps({"__metadata__": {KEY: json.dumps(text)}} | entries | table).encode()
    return len(head).to_bytes(8, "little") + head + bytes(80)


def read(content: bytes) -> received.Received:
    with Source(content) as opened:
        return received.read(opened, memoryview(bytearray(content)), SIZE)


def test_what_a_child_writes_is_read() -> None:
    found = read(written(said(scalars=[["n", {"value": {"int": "0x10"}}]], left_out=[["b", "gone"]], models=[""]))).found
    assert (found.tensors["a"].shape, found.scalars, found.left_out, found.models) == ((4,), {"n": 16}, {"b": "gone"}, [""])


FORGED: dict[str, Any] = {
    "no words of ours": b"\x02\0\0\0\0\0\0\0{}",
    "nothing": b"",
    "a header of 2**63 bytes": (1 << 63).to_bytes(8, "little") + b"{}",
    "a header that never closes": (90_000).to_bytes(8, "little") + b"[" * 90_000,
    "words that never close": written({"x": 1}).replace(b'{\\"x\\": 1}', b"[[[[[[[[[["),
    "bytes beyond the end": written(said(), **{"1": {"dtype": "U8", "shape": [64], "data_offsets": [16, 9999]}}),
    "bytes that overlap": written(said(), **{"1": {"dtype": "U8", "shape": [64], "data_offsets": [8, 72]}}),
    "bytes with a gap": written(said(), **{"1": {"dtype": "U8", "shape": [60], "data_offsets": [20, 80]}}),
    "bytes of another type": written(said(), **{"0": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
    "bytes before the beginning": written(said(), **{"0": {"dtype": "U8", "shape": [16], "data_offsets": [-16, 0]}}),
    "bytes that are not there": written(said(spans=[None, None, None])),
    "a place before the file": written(said(spans=[[-1, 10], None])),
    "a place behind the file": written(said(spans=[[90, 11], None])),
    "a place of no numbers": written(said(spans=[["0", 1], None])),
    "a place of a truth": written(said(spans=[[True, True], None])),
    "a tensor beyond its bytes": written(said(TENSOR | {"shape": [5]})),
    "a tensor that strides beyond": written(said(TENSOR | {"stride": [2]})),
    "a tensor that begins beyond": written(said(TENSOR | {"offset": 1})),
    "an empty tensor far away": written(said(TENSOR | {"shape": [0], "offset": 1 << 62})),
    "a tensor that goes back": written(said(TENSOR | {"stride": [-1]})),
    "a shape of a fraction": written(said(TENSOR | {"shape": [4.0]})),
    "a shape that overflows": written(said(TENSOR | {"shape": [1 << 62, 1 << 62], "stride": [0, 0]})),
    "a shape of a thousand": written(said(TENSOR | {"shape": [1] * 1000, "stride": [1] * 1000})),
    "a tensor that repeats for ever": written(said(TENSOR | {"shape": [1 << 40], "stride": [0]})),
    "words without end": (60 << 20).to_bytes(8, "little") + b"{" + b" " * (60 << 20),
    "strides that are too few": written(said(TENSOR | {"stride": []})),
    "a type of nothing": written(said(TENSOR | {"dtype": "object"})),
    "a type that is none": written(said(TENSOR | {"dtype": ["float32"]})),
    "a span that is none": written(said(TENSOR | {"span": 7})),
    "a span counted from behind": written(said(TENSOR | {"span": -1})),
    "a flag of no tensor": written(said(TENSOR | {"flags": ["data"]})),
    "a flag that is none": written(said(TENSOR | {"flags": [[]]})),
    "an array of objects": written(said(ARRAY | {"numpy": "O"})),
    "an array of many types": written(said(ARRAY | {"numpy": "f4,O"})),
    "an array of an object in a field": written(said(ARRAY | {"numpy": [{"tuple": ["a", "O"]}]})),
    "an array of objects in a dict": written(said(ARRAY | {"numpy": {"dict": [["names", ["a"]], ["formats", ["O"]], ["offsets", [0]], ["itemsize", 8]]}})),
    "an array of a dict of more": written(said(ARRAY | {"numpy": {"dict": [["names", []], ["formats", []], ["offsets", []], ["itemsize", 8], ["titles", []]]}})),
    "a sparse tensor of no layout": written(said(SPARSE | {"layout": "strided"})),
    "a sparse tensor of too few parts": written(said(SPARSE | {"layout": "sparse_csr"})),
    "a sparse tensor that may be anything": written(said(SPARSE | {"coalesced": "yes"})),
    "a quantized tensor of floats": written(said(QUANTIZED | {"values": TENSOR})),
    "a quantized tensor of no axis": written(said(QUANTIZED | {"axis": 2})),
    "a quantized tensor of a negative axis": written(said(QUANTIZED | {"axis": -1})),
    "a quantized tensor of other scales": written(said(QUANTIZED | {"scale": SCALES | {"shape": [3]}})),
    "a quantized tensor of float scales": written(said(QUANTIZED | {"scale": TENSOR})),
    "a quantized tensor of a zero far away": written(said({"quantized": "qint8", "values": INTS, "axis": None, "scale": 1.0, "zero_point": 128})),
    "a quantized tensor without a scale": written(said({"quantized": "qint8", "values": INTS, "axis": None, "scale": None, "zero_point": 0})),
    "a name twice": written(said(tensors=[["a", TENSOR], ["a", TENSOR]])),
    "a name that is none": written(said(tensors=[[["a"], TENSOR]])),
    "a value of a class": written(said(scalars=[["a", {"value": {"class": "os.system"}}]])),
    "a value with a key that is one": written(said(scalars=[["a", {"value": {"dict": [[{"tuple": []}, 1]]}}]])),
    "a number of no digits": written(said(scalars=[["a", {"value": {"int": "0x"}}]])),
    "a reason that is none": written(said(left_out=[["a", 1]])),
    "facts that are none": written(said(facts=[])),
}  # fmt: skip


@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_a_forged_output_is_refused_whole(content: bytes) -> None:
    with pytest.raises(SandboxError, match="what the child handed back is not"):
        read(content)


def made(form: Any) -> Callable[[], Any]:
    content = written(said(form))
    with Source(content) as opened:
        found = read(content).found.tensors["a"]
        return Builder(opened, None).make(found)


def test_forms_that_hold_are_made() -> None:
    torch = pytest.importorskip("torch")
    assert torch.equal(made(TENSOR), torch.zeros(4))
    assert made(QUANTIZED).int_repr().tolist() == [[0] * 4] * 4
    assert made(ARRAY).tolist() == [0.0] * 4


def test_indices_that_lead_out_are_found() -> None:
    torch = pytest.importorskip("torch")
    content = bytearray(written(said(SPARSE | {"coalesced": False})))
    content[-64 + 32 :] = (99).to_bytes(8, "little") * 4  # POINTS begins at the fifth number
    with Source(bytes(content)) as opened:
        form = received.read(opened, memoryview(content), SIZE).found.tensors["a"]
        with pytest.raises((RuntimeError, NotHereError)):
            Builder(opened, None).make(form)
    assert torch is not None


def test_names_are_what_they_are_and_words_are_escaped() -> None:
    found = read(written(said(left_out=[["\x1b[31m", "\x1b[31m" + "x" * 5000]]))).found
    assert list(found.left_out) == ["\x1b[31m"]  # shown escaped wherever it is shown
    assert found.left_out["\x1b[31m"].startswith("\\x1b[31m")
    assert len(found.left_out["\x1b[31m"]) < 1100


def test_the_output_is_sealed() -> None:
    """Nobody who still holds the descriptor can change what was judged."""
    from safeload.sandbox import here, parent
    from safeload.sandbox.limits import CHILD_LIMITS

    if here.why_not():
        pytest.skip(here.why_not())
    file = os.memfd_create("file")
    os.write(file, b"\x80\x02}X\x01\0\0\0aK\x01s.")
    ended = parent.run(file, "pickle", (), CHILD_LIMITS)
    assert ended.output is not None
    for attempt in (lambda: os.write(ended.output, b"x"), lambda: os.ftruncate(ended.output, 0), lambda: os.ftruncate(ended.output, 1 << 20)):
        with pytest.raises(PermissionError):
            attempt()
    os.close(ended.output)
    os.close(file)
