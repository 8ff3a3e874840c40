"""What a child hands back: a safetensors file of bytes, and in its header what they are.

Each storage is one entry of bytes; which tensors lie in it, a list in the header's metadata says. A storage that
lies in the file that the parent has opened itself is told by its place there, and not written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from safeload.sandbox.packing import packed
from safeload.scan.forms import ArrayForm, Data, QuantizedForm, SparseForm, TensorForm
from safeload.scan.keep import Span
from safeload.scan.outline import Outline

KEY: Final = "safeload.sandbox"
BLOCK: Final = 1 << 22
ALIGNED_FROM: Final = 1 << 16  # bytes: what is smaller is copied by its reader anyway
ALIGNMENT: Final = 16


def write(
    output: int, found: Outline, *, facts: Mapping[str, Any] | None = None, file: Any = None, in_place: bool = True
) -> None:
    """Write everything in an outline to a descriptor.

    Args:
        facts: what else the parent wants to know.
        file: where spans lie that are not in memory.
        in_place: that file is the one which the parent has too.
    """
    spans = _Spans(file, in_place=in_place)
    said = {
        "tensors": [[name, spans.said(form)] for name, form in found.tensors.items()],
        "beside": [[name, spans.said(form)] for name, form in found.beside.items()],
        "scalars": [[name, _scalar(spans, value)] for name, value in found.scalars.items()],
        "left_out": [[name, str(reason)] for name, reason in found.left_out.items()],
        "models": found.models,
        "computed": sorted(found.computed),
        "metadata": [[name, packed(value)] for name, value in found.metadata.items()],
        "facts": packed(dict(facts or {})),
    }
    table: dict[str, Any] = {"__metadata__": {KEY: json.dumps(said | {"spans": spans.places})}}
    end = 0
    parts: list[Span] = []
    for number, span in spans.here:
        if span.length >= ALIGNED_FROM and end % ALIGNMENT:
            gap = Span(-1, -end % ALIGNMENT, bytes(-end % ALIGNMENT))
            table[f"gap before {number}"] = _bytes_at(end, gap)
            parts.append(gap)
            end += gap.length
        table[str(number)] = _bytes_at(end, span)
        parts.append(span)
        end += span.length
    head = json.dumps(table).encode()
    head += b" " * (-(len(head) + 8) % 64)  # so that what follows is aligned
    _put(output, memoryview(len(head).to_bytes(8, "little") + head))
    for span in parts:
        for part in spans.parts(span):
            _put(output, part)


def _bytes_at(start: int, span: Span) -> dict[str, Any]:
    return {"dtype": "U8", "shape": [span.length], "data_offsets": [start, start + span.length]}


def _scalar(spans: _Spans, value: Any) -> Any:
    return {"array": spans.said(value)} if isinstance(value, ArrayForm) else {"value": packed(value)}


class _Spans:
    """The bytes of all forms, each once."""

    def __init__(self, file: Any, *, in_place: bool) -> None:
        self.file, self.in_place = file, in_place
        self.numbers: dict[int, int] = {}
        self.places: list[list[int] | None] = []  # in the parent's file; None: among the entries
        self.here: list[tuple[int, Span]] = []
        self.kept: list[Any] = []  # so that no identity is used twice

    def number(self, span: Span) -> int:
        """Which span it is; tensors of one storage have one."""
        found = self.numbers.get(id(span))
        if found is None:
            found = self.numbers[id(span)] = len(self.places)
            self.kept.append(span)
            away = self.in_place and span.data is None
            self.places.append([span.start, span.length] if away else None)
            if not away:
                self.here.append((found, span))
        return found

    def parts(self, span: Span) -> Iterator[memoryview]:
        if span.data is not None:
            data = memoryview(span.data).cast("B")
            yield from (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
            return
        self.file.seek(span.start)
        left = span.length
        while left:
            part = self.file.read(min(left, BLOCK))
            if not part:
                msg = "the file breaks off"
                raise ValueError(msg)
            left -= len(part)
            yield memoryview(part)

    def said(self, form: Data) -> dict[str, Any]:
        """A form as plain values."""
        if isinstance(form, TensorForm):
            flags = [name for name in ("requires_grad", "parameter", "conj", "neg") if getattr(form, name)]
            place = {"shape": form.shape, "stride": form.stride, "offset": form.offset}
            return {"span": self.number(form.storage.span), "dtype": form.dtype, **place, "flags": flags}
        if isinstance(form, ArrayForm):
            span, dtype = self.number(form.span), packed(form.dtype)
            return {"span": span, "numpy": dtype, "shape": form.shape, "fortran": form.fortran}
        if isinstance(form, SparseForm):
            flags = [name for name in ("requires_grad", "parameter") if getattr(form, name)]
            parts = [self.said(part) for part in form.parts]
            said = {"layout": form.layout, "parts": parts, "shape": form.shape}
            return said | {"coalesced": form.coalesced, "flags": flags}
        return self._quantized(form)

    def _quantized(self, form: QuantizedForm) -> dict[str, Any]:
        said: dict[str, Any] = {"quantized": form.dtype, "values": self.said(form.values), "axis": form.axis}
        scale, point = form.scale, form.zero_point
        said["scale"] = self.said(scale) if isinstance(scale, TensorForm) else scale
        said["zero_point"] = self.said(point) if isinstance(point, TensorForm) else point
        return said


def _put(output: int, data: memoryview) -> None:
    while data:
        data = data[os.write(output, data) :]
