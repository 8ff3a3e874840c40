"""What stand-ins say of tensors and arrays: type, shape, strides, and which bytes. Nothing is built."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from safeload.scan.keep import Span
from safeload.scan.report import printable

SIZES: Final = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "uint8": 1,
    "bool": 1,
    "complex128": 16,
    "complex64": 8,
    "complex32": 4,
    "float8_e4m3fn": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "float4_e2m1fn_x2": 1,
}
"""Bytes of one element, by torch's name of the type."""

STORAGES: Final = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "ComplexDoubleStorage": "complex128",
    "ComplexFloatStorage": "complex64",
    "UntypedStorage": "uint8",
}

MAX_DIMENSIONS: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """The memory that tensors are views of; two tensors are tied where they name the same one."""

    span: Span
    location: str = "cpu"


@dataclass(frozen=True, slots=True, eq=False)
class TensorForm:
    """A tensor of torch's: a view of a storage, counted in elements."""

    storage: Storage
    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    requires_grad: bool = False
    parameter: bool = False
    conj: bool = False
    neg: bool = False

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.count * SIZES[self.dtype]

    @property
    def contiguous(self) -> bool:
        return contiguous(self.shape, self.stride)

    @property
    def extent(self) -> tuple[int, int]:
        """The bytes of the storage from the first to behind the last that it uses."""
        size = SIZES[self.dtype]
        if not self.count:
            return self.offset * size, self.offset * size
        last = sum((n - 1) * step for n, step in zip(self.shape, self.stride, strict=True))
        return self.offset * size, (self.offset + last + 1) * size

    @property
    def view(self) -> tuple[Any, ...]:
        """Equal for tensors that are one and the same memory, read alike."""
        return (id(self.storage), self.dtype, self.shape, self.stride, self.offset, self.conj, self.neg)


@dataclass(frozen=True, slots=True, eq=False)
class ArrayForm:
    """An array of numpy's; ``dtype`` is what ``numpy.dtype`` takes."""

    span: Span
    dtype: Any
    shape: tuple[int, ...]
    fortran: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SparseForm:
    """A sparse tensor of torch's, of dense ones.

    Attributes:
        layout: torch's name of it: sparse_coo, sparse_csr, …
        parts: indices and values; compressed indices, plain indices and values.
        coalesced: of COO: whether it says that its indices are in order and occur once; None where it says nothing.
    """

    layout: str
    parts: tuple[TensorForm, ...]
    shape: tuple[int, ...]
    coalesced: bool | None = None
    requires_grad: bool = False
    parameter: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class QuantizedForm:
    """A quantized tensor of torch's: whole numbers, and what they are multiplied with.

    Attributes:
        values: the whole numbers.
        dtype: torch's name of the type: qint8, …
        scale, zero_point: of all of it; or, where there is an axis, those along it.
    """

    values: TensorForm
    dtype: str
    scale: float | TensorForm
    zero_point: int | TensorForm
    axis: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that cannot be had as data, and why."""

    reason: str


Data = TensorForm | ArrayForm | SparseForm | QuantizedForm
Form = Data | LeftOut


class FormError(ValueError):
    """The bytes say something of a tensor that cannot be."""


def numbers(value: Any) -> tuple[int, ...]:
    """A shape or strides, if it is one."""
    if type(value) not in (tuple, list) or not all(type(n) is int and 0 <= n < 1 << 63 for n in value):
        msg = f"no shape or strides: {printable(repr(value), 80)}"
        raise FormError(msg)
    return tuple(value)


def contiguous(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether elements follow one another in memory as in their order, as torch has it."""
    expected = 1
    for n, step in zip(reversed(shape), reversed(stride), strict=True):
        if n == 0:
            return True
        if n != 1:
            if step != expected:
                return False
            expected *= n
    return True


def row_major(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a contiguous tensor, as torch gives them."""
    strides: list[int] = []
    expected = 1
    for n in reversed(shape):
        strides.append(expected)
        expected *= max(n, 1)
    return tuple(reversed(strides))
