"""What a child has handed back, read as what anybody could have sent: numbers, names, and nothing else.

A header that is not what :mod:`safeload.sandbox.emit` writes is refused whole. No tensor reaches beyond the bytes
that are there, and a place in the file has to lie in the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from safeload.errors import SandboxError
from safeload.sandbox.emit import KEY
from safeload.sandbox.packing import unpacked
from safeload.scan.forms import (
    MAX_DIMENSIONS,
    SIZES,
    ArrayForm,
    Data,
    QuantizedForm,
    SparseForm,
    Storage,
    TensorForm,
)
from safeload.scan.keep import Span
from safeload.scan.outline import MAX_NAMES, Outline
from safeload.scan.report import GlobalRef, printable
from safeload.scan.skeleton import Skeleton
from safeload.scan.torch_forms import TRAP, TRAP_TIMES
from safeload.tensors.source import Source

_LAYOUTS: Final = {"sparse_coo": 2, "sparse_csr": 3, "sparse_csc": 3, "sparse_bsr": 3, "sparse_bsc": 3}
_INTEGERS: Final = {
    "qint8": ("int8", -128, 127),
    "quint8": ("uint8", 0, 255),
    "qint32": ("int32", -(1 << 31), (1 << 31) - 1),
}
_FLAGS: Final = ("requires_grad", "parameter", "conj", "neg")
_CODE: Final = re.compile(r"[<>=|]?(?:[biufcSUV?]\d{0,10}|[mM]8(?:\[\d{0,6}[A-Za-zμ]{1,7}\])?)", re.ASCII)
_MOST: Final = 1 << 63
MOST_SAID: Final = 48 << 20
"""Bytes of the header: names and shapes of some hundred thousand tensors."""
_FALSE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)
"""What reading something else runs into."""

_LONGEST: Final = 1000  # letters of a reason


@dataclass(frozen=True, slots=True)
class Received:
    """What came of one file.

    Attributes:
        found: the names, with forms whose bytes lie in memory or in the file.
        skeleton: what else is known of the file.
    """

    found: Outline
    skeleton: Skeleton


def read(output: Source, memory: memoryview, size: int) -> Received:
    """What a sealed output says.

    Args:
        memory: its bytes, of which forms are made.
        size: of the file that was read.

    Raises:
        SandboxError: it is not what a child of ours writes.
    """
    try:
        if int.from_bytes(memory[:8], "little") > MOST_SAID:
            msg = "more words than a child may say of numbers"
            raise ValueError(msg)
        skeleton = output.skeleton()
        if skeleton.format != "safetensors":
            msg = f"a {skeleton.format} file"
            raise ValueError(msg)
        return _Reading(skeleton, memory, size).run()
    except _FALSE as error:
        msg = f"what the child handed back is not what it was to be: {printable(str(error), 300)}"
        raise SandboxError(msg) from None


class _Reading:
    def __init__(self, skeleton: Skeleton, memory: memoryview, size: int) -> None:
        said = json.loads(skeleton.metadata[KEY])
        self.said, self.entries, self.memory, self.size = said, skeleton.value, memory, size
        self.storages: dict[int, Storage] = {}
        self.spans = [self._span(number, place) for number, place in enumerate(said["spans"])]

    def _span(self, number: int, place: Any) -> Span:
        if place is None:
            form = self.entries[str(number)]
            if not isinstance(form, TensorForm) or form.dtype != "uint8":
                msg = "bytes that are none"
                raise ValueError(msg)
            span = form.storage.span
            return Span(-1, span.length, self.memory[span.start : span.start + span.length])
        start, length = (_whole(n) for n in place)
        if start + length > self.size:
            msg = "a place behind the end of the file"
            raise ValueError(msg)
        return Span(start, length)

    def run(self) -> Received:
        said = self.said
        found = Outline(
            tensors=_table(said["tensors"], self.form),
            beside=_table(said["beside"], self.form),
            scalars=_table(said["scalars"], self._scalar),
            left_out=_table(said["left_out"], lambda text: printable(_text(text), _LONGEST)),
            models=[_text(name) for name in said["models"]],
            metadata=_table(said["metadata"], unpacked),
            computed={_text(name) for name in said["computed"]},
        )
        facts = unpacked(said["facts"])
        skeleton = Skeleton(
            value=None,
            format=printable(_text(facts.get("format", "")), 60),
            uses={GlobalRef(_text(m), _text(q)): _whole(use) for m, q, use in facts.get("globals", ())},
            metadata={_text(k): _text(v) for k, v in facts.get("metadata", {}).items()},
            notes={_text(k): printable(_text(v), _LONGEST) for k, v in facts.get("notes", {}).items()},
        )
        return Received(found, skeleton)

    def _scalar(self, said: Any) -> Any:
        return self.form(said["array"]) if "array" in said else unpacked(said["value"])

    # --- forms ------------------------------------------------------------------------------------

    def form(self, said: Any) -> Data:
        if "quantized" in said:
            return self._quantized(said)
        if "layout" in said:
            return self._sparse(said)
        return self._array(said) if "numpy" in said else self._tensor(said)

    def _tensor(self, said: Any) -> TensorForm:
        number, dtype = said["span"], said["dtype"]
        shape, stride, offset = _shape(said["shape"]), _shape(said["stride"]), _whole(said["offset"])
        if dtype not in SIZES or len(shape) != len(stride):
            msg = "a tensor of no type or shape"
            raise ValueError(msg)
        span = self.spans[_whole(number)]
        storage = self.storages.setdefault(number, Storage(span))
        form = TensorForm(storage, dtype, shape, stride, offset, **_flags(said["flags"]))
        if form.extent[1] > span.length or form.count >= _MOST:
            msg = "a tensor that reaches beyond its bytes"
            raise ValueError(msg)
        if form.nbytes > TRAP and form.nbytes > TRAP_TIMES * span.length:
            msg = "a tensor of a few bytes that repeats them for ever"
            raise ValueError(msg)
        return form

    def _array(self, said: Any) -> ArrayForm:
        dtype = _dtype(unpacked(said["numpy"]))
        if type(said["fortran"]) is not bool:
            msg = "an array in no order"
            raise ValueError(msg)
        return ArrayForm(self.spans[_whole(said["span"])], dtype, _shape(said["shape"]), said["fortran"])

    def _sparse(self, said: Any) -> SparseForm:
        parts = tuple(self._tensor(part) for part in said["parts"])
        coalesced = said["coalesced"]
        if _LAYOUTS.get(said["layout"]) != len(parts) or coalesced not in (None, True, False):
            msg = "a sparse tensor of no such layout"
            raise ValueError(msg)
        flags = _flags(said["flags"])
        return SparseForm(said["layout"], parts, _shape(said["shape"]), coalesced, **flags)

    def _quantized(self, said: Any) -> QuantizedForm:
        values, axis = self._tensor(said["values"]), said["axis"]
        dtype, least, most = _INTEGERS[said["quantized"]]
        if values.dtype != dtype:
            msg = "a quantized tensor of other numbers"
            raise ValueError(msg)
        if axis is None:
            scale, point = said["scale"], said["zero_point"]
            if type(scale) is not float or type(point) is not int or not least <= point <= most:
                msg = "a quantized tensor without its scale"
                raise ValueError(msg)
            return QuantizedForm(values, said["quantized"], scale, point)
        scales, points = self._tensor(said["scale"]), self._tensor(said["zero_point"])
        if not 0 <= _whole(axis) < len(values.shape) or (scales.dtype, points.dtype) != ("float64", "int64"):
            msg = "a quantized tensor of no axis"
            raise ValueError(msg)
        if scales.shape != points.shape or scales.shape != (values.shape[axis],):
            msg = "a quantized tensor of other scales"
            raise ValueError(msg)
        return QuantizedForm(values, said["quantized"], scales, points, axis)


def _table(pairs: Any, made: Callable[[Any], Any]) -> dict[str, Any]:
    found = {_text(name): made(value) for name, value in pairs}
    if len(found) != len(pairs) or sum(map(len, found)) > MAX_NAMES:
        msg = "names that occur twice, or too many"
        raise ValueError(msg)
    return found


def _dtype(said: Any, depth: int = 8) -> Any:
    """A type of numpy's, if it is one of numbers, texts, times, or fields of such."""
    if type(said) is str and _CODE.fullmatch(said):
        return said
    if depth and type(said) is tuple and len(said) == 2:  # noqa: PLR2004 - a type, and how many of it
        return _dtype(said[0], depth - 1), _shape(list(said[1]))
    if depth and type(said) is list:
        return [(_text(name), *_field(rest, depth)) for name, *rest in said]
    if depth and type(said) is dict and said.keys() == {"names", "formats", "offsets", "itemsize"}:
        return {
            "names": [_text(name) for name in said["names"]],
            "formats": [_dtype(part, depth - 1) for part in said["formats"]],
            "offsets": [_whole(n) for n in said["offsets"]],
            "itemsize": _whole(said["itemsize"]),
        }
    msg = "an array of no type"
    raise ValueError(msg)


def _field(rest: list[Any], depth: int) -> tuple[Any, ...]:
    """What stands behind a field's name: its type, and how many of it where that is said."""
    dtype, *shape = rest
    return (_dtype(dtype, depth - 1), *(_shape(list(n)) for n in shape[:1]))


def _text(value: Any) -> str:
    if type(value) is not str:
        msg = "a name that is no text"
        raise ValueError(msg)
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        msg = "a number that is none"
        raise ValueError(msg)
    return value


def _shape(value: Any) -> tuple[int, ...]:
    if type(value) is not list or len(value) > MAX_DIMENSIONS:
        msg = "no shape or strides"
        raise ValueError(msg)
    return tuple(_whole(n) for n in value)


def _flags(names: Any) -> dict[str, bool]:
    if type(names) is not list or not set(names) <= set(_FLAGS):
        msg = "flags that are none"
        raise ValueError(msg)
    return dict.fromkeys(names, True)
