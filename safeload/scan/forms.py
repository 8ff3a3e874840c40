"""What stand-ins say of tensors and arrays: type, shape, strides, and which bytes. Nothing is built."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from safeload.scan.keep import Made, Named, Span, Stored
from safeload.scan.report import GlobalRef, Use, printable

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
TRAP: Final = 1 << 30
TRAP_TIMES: Final = 64
"""A tensor of more than ``TRAP`` bytes that repeats each byte it has as often is no honest one."""


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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that cannot be had as data, and why."""

    reason: str


Form = TensorForm | ArrayForm | LeftOut


class FormError(ValueError):
    """The bytes say something of a tensor that cannot be."""


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


# --- torch --------------------------------------------------------------------------------------

_T: Final = "torch._utils"
REBUILD: Final = {
    GlobalRef(_T, "_rebuild_tensor"): 4,
    GlobalRef(_T, "_rebuild_tensor_v2"): 6,
    GlobalRef(_T, "_rebuild_tensor_v3"): 7,
}
_PARAMETER: Final = {
    GlobalRef(_T, "_rebuild_parameter"),
    GlobalRef(_T, "_rebuild_parameter_with_state"),
    GlobalRef("torch.nn.parameter", "Parameter"),
    GlobalRef("torch.nn.parameter", "Buffer"),
}
_FROM_TYPE: Final = {
    GlobalRef("torch._tensor", "_rebuild_from_type"),
    GlobalRef("torch._tensor", "_rebuild_from_type_v2"),
    GlobalRef("torch.tensor", "_rebuild_from_type"),
    GlobalRef("torch.tensor", "_rebuild_from_type_v2"),
}
_NOT_DATA: Final = {
    GlobalRef(_T, "_rebuild_qtensor"): "a quantized tensor: its numbers need a scale",
    GlobalRef(_T, "_rebuild_sparse_tensor"): "a sparse tensor",
    GlobalRef(_T, "_rebuild_sparse_csr_tensor"): "a sparse tensor",
    GlobalRef(_T, "_rebuild_nested_tensor"): "a nested tensor",
    GlobalRef(_T, "_rebuild_meta_tensor_no_storage"): "a tensor without data (on the meta device)",
    GlobalRef(_T, "_rebuild_wrapper_subclass"): "a tensor whose class computes its numbers",
    GlobalRef(_T, "_rebuild_device_tensor_from_numpy"): "a tensor of a special device",
    GlobalRef(_T, "_rebuild_device_tensor_from_cpu_tensor"): "a tensor of a special device",
    GlobalRef(_T, "_rebuild_xla_tensor"): "a tensor of a special device",
}


def storage_of(value: Any) -> tuple[Storage, str]:
    """The storage that a tensor is made of, with the type of its elements.

    Readers put it there: a :class:`Storage` stands in the ``pid`` of what they could find.
    """
    if isinstance(value, Made):
        # A typed storage around an untyped one, as old torch pickles wrote it.
        msg = f"its storage is made by {value.ref}"
        raise FormError(msg)
    if type(value) is not Stored or not isinstance(value.pid, tuple) or len(value.pid) != 2:  # noqa: PLR2004
        msg = "its storage is none"
        raise FormError(msg)
    storage, dtype = value.pid
    if not isinstance(storage, Storage):
        msg = str(dtype)
        raise FormError(msg)
    return storage, dtype


def tensor_form(made: Made) -> Form | None:
    """What an object says, if it is a tensor of torch's; None if it is something else."""
    if made.ref in _NOT_DATA:
        return LeftOut(_NOT_DATA[made.ref])
    try:
        return _tensor(made)
    except FormError as error:
        return LeftOut(str(error))
    except (TypeError, ValueError, IndexError, AttributeError, KeyError) as error:
        return LeftOut(f"a tensor that says what cannot be: {printable(str(error))}")


def _tensor(made: Made) -> Form | None:  # noqa: PLR0911 - one for each way in which tensors are pickled
    args = made.args
    if made.ref in REBUILD and made.use is Use.CALLED:
        return _rebuilt(made.ref.qualname, args)
    if made.ref in _PARAMETER and args:
        inner = tensor_form(args[0]) if isinstance(args[0], Made) else None
        if isinstance(inner, TensorForm):
            grad = bool(args[1]) if len(args) > 1 else inner.requires_grad
            return _changed(inner, grad, parameter=made.ref.qualname != "Buffer")
        return inner or LeftOut("a parameter without data")
    if made.ref in _FROM_TYPE:
        function, kind, inner_args = args[:3]
        if isinstance(function, Named) and function.ref in (REBUILD.keys() | _PARAMETER):
            if not isinstance(kind, Named):
                msg = "a tensor of no class"
                raise FormError(msg)
            stub: Any = function
            inner_made: Made = object.__new__(stub)
            inner_made.use, inner_made.args = Use.CALLED, tuple(inner_args)
            return _tensor(inner_made)
        if isinstance(function, Named) and function.ref in _NOT_DATA:
            return LeftOut(_NOT_DATA[function.ref])
        return LeftOut("a tensor that a function makes")
    return None


def _rebuilt(name: str, args: tuple[Any, ...]) -> TensorForm:
    storage, dtype = storage_of(args[0])
    offset, shape, stride = args[1], args[2], args[3]
    grad = bool(args[4]) if len(args) > 4 else False  # noqa: PLR2004 - the arguments' order
    metadata = None
    if name == "_rebuild_tensor_v3":
        if not isinstance(args[6], Named) or args[6].ref.module != "torch":
            msg = "a tensor of no type"
            raise FormError(msg)
        dtype = args[6].ref.qualname
        metadata = args[7] if len(args) > 7 else None  # noqa: PLR2004
    elif len(args) > 6:  # noqa: PLR2004
        metadata = args[6]
    if dtype not in SIZES:
        msg = f"numbers of the type {printable(str(dtype), 40)}"
        raise FormError(msg)
    bits = metadata if type(metadata) is dict else {}
    if metadata and (type(metadata) is not dict or metadata.keys() - {"conj", "neg"}):
        msg = "a tensor with marks that are not known"
        raise FormError(msg)
    form = TensorForm(
        storage=storage,
        dtype=dtype,
        shape=numbers(shape),
        stride=numbers(stride),
        offset=offset,
        requires_grad=grad,
        conj=bool(bits.get("conj")),
        neg=bool(bits.get("neg")),
    )
    _check(form)
    return form


def numbers(value: Any) -> tuple[int, ...]:
    """A shape or strides, if it is one."""
    if type(value) not in (tuple, list) or not all(type(n) is int and 0 <= n < 1 << 63 for n in value):
        msg = f"no shape or strides: {printable(repr(value), 80)}"
        raise FormError(msg)
    return tuple(value)


def _check(form: TensorForm) -> None:
    """Whether the view lies within its storage."""
    if len(form.shape) != len(form.stride) or len(form.shape) > MAX_DIMENSIONS:
        msg = "its shape and its strides do not fit each other"
        raise FormError(msg)
    if type(form.offset) is not int or not 0 <= form.offset < 1 << 63:
        msg = "it begins nowhere"
        raise FormError(msg)
    length = form.storage.span.length
    if form.count and form.extent[1] > length:
        msg = f"it reaches to byte {form.extent[1]} of a storage of {length}"
        raise FormError(msg)
    if form.nbytes > TRAP and form.nbytes > TRAP_TIMES * length:
        msg = f"{form.nbytes} bytes made of {length}: it is taken for a trap"
        raise FormError(msg)


def _changed(form: TensorForm, grad: bool, *, parameter: bool) -> TensorForm:  # noqa: FBT001
    return TensorForm(
        form.storage,
        form.dtype,
        form.shape,
        form.stride,
        form.offset,
        grad,
        parameter,
        form.conj,
        form.neg,
    )
