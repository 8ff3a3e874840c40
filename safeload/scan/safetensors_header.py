"""safetensors: tensors and a JSON header, nothing that could ask for anything."""

from __future__ import annotations

import io
import json
from typing import Any, Final

from safeload.scan.reading import Reading, size_of
from safeload.scan.report import Report

LENGTH: Final = 8


def read_safetensors(file: io.BufferedReader[Any], _reading: Reading) -> Report:
    """Whether the header fits the bytes behind it."""
    size = size_of(file)
    length = int.from_bytes(file.read(LENGTH), "little")
    problem = "its header breaks off"
    if length <= size - LENGTH:
        problem = _wrong(file.read(length), size - LENGTH - length)
    return Report(problem=problem, format="safetensors", consumed=size)


def _wrong(text: bytes, left: int) -> str:
    try:
        header: dict[str, Any] = json.loads(text)
        spans = sorted(
            tuple(tensor["data_offsets"]) for name, tensor in header.items() if name != "__metadata__"
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return f"its header cannot be read: {error}"
    end = 0
    for start, stop in spans:
        if start != end or stop < start:
            return "its tensors overlap or leave gaps"
        end = stop
    return "" if end == left else f"its tensors take {end} bytes, and there are {left}"
