"""safetensors: tensors and a JSON header, nothing that could ask for anything."""

from __future__ import annotations

import io
import json
from typing import Any, Final

from safeload.scan.forms import SIZES, LeftOut, Storage, TensorForm, row_major
from safeload.scan.keep import Span
from safeload.scan.reading import Reading, size_of
from safeload.scan.report import Report, printable

LENGTH: Final = 8
MAX_HEADER: Final = 100_000_000
MAX_DIMENSIONS: Final = 64

CODES: Final = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
    "C64": "complex64",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2": "float8_e5m2",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
}
"""How safetensors writes torch's types."""


def read_safetensors(file: io.BufferedReader[Any], _reading: Reading) -> Report:
    """Whether the header fits the bytes behind it."""
    size = size_of(file)
    problem = ""
    try:
        _header(file, size)
    except ValueError as error:
        problem = str(error)
    return Report(problem=problem, format="safetensors", consumed=size)


def forms_in(file: io.BufferedReader[Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The tensors by name, in the header's order, and the text beside them.

    Raises:
        ValueError: the header does not fit the bytes behind it.
    """
    start = file.tell()
    header = _header(file, size_of(file))
    base = file.tell() - start
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        msg = "its header's metadata is no text"
        raise ValueError(msg)
    return {name: _form(entry, base) for name, entry in header.items()}, metadata


def _form(entry: dict[str, Any], base: int) -> TensorForm | LeftOut:
    code, shape = entry["dtype"], tuple(entry["shape"])
    first, behind = entry["data_offsets"]
    dtype = CODES.get(code) if isinstance(code, str) else None
    if dtype is None:
        return LeftOut(f"numbers of the type {printable(str(code), 40)}")
    if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < 1 << 63 for n in shape):
        msg = "a tensor of no possible shape"
        raise ValueError(msg)
    form = TensorForm(Storage(Span(base + first, behind - first)), dtype, shape, row_major(shape), 0)
    if form.count * SIZES[dtype] != behind - first:
        msg = f"a tensor of {form.nbytes} bytes in a place of {behind - first}"
        raise ValueError(msg)
    return form


def _header(file: io.BufferedReader[Any], size: int) -> dict[str, Any]:
    """The header, once it is known to fit ``size`` bytes from here on; leaves the file behind it."""
    length = int.from_bytes(file.read(LENGTH), "little")
    if length > min(size - LENGTH, MAX_HEADER):
        msg = "its header breaks off"
        raise ValueError(msg)
    text = file.read(length)
    try:
        header = json.loads(text, object_pairs_hook=_once)
        spans = sorted(
            _span(tensor) for name, tensor in header.items() if name != "__metadata__"
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        msg = f"its header cannot be read: {error}"
        raise ValueError(msg) from None
    end, left = 0, size - LENGTH - length
    for start, stop in spans:
        if start != end or stop < start:
            msg = "its tensors overlap or leave gaps"
            raise ValueError(msg)
        end = stop
    if end != left:
        msg = f"its tensors take {end} bytes, and there are {left}"
        raise ValueError(msg)
    return dict(header)


def _span(tensor: dict[str, Any]) -> tuple[int, int]:
    start, stop = tensor["data_offsets"]
    if type(start) is not int or type(stop) is not int:
        msg = "offsets that are no numbers"
        raise ValueError(msg)
    return start, stop


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose names occur once: readers differ in which of two they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a name occurs twice"
        raise ValueError(msg)
    return found
