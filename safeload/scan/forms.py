"""What stand-ins say of tensors and arrays: type, shape, strides, and which bytes. Nothing is built."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from safeload.scan.keep import Made, Named, Span, Stored
from safeload.scan.nested import ARRAY_WRAPPERS, has_objects
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
_REBUILD: Final = {
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
    if type(value) is Made or isinstance(value, Made):
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


def _tensor(made: Made) -> Form | None:
    args = made.args
    if made.ref in _REBUILD and made.use is Use.CALLED:
        return _rebuilt(made.ref.qualname, args)
    if made.ref in _PARAMETER and args:
        inner = tensor_form(args[0]) if isinstance(args[0], Made) else None
        if isinstance(inner, TensorForm):
            grad = bool(args[1]) if len(args) > 1 else inner.requires_grad
            return _changed(inner, grad, parameter=made.ref.qualname != "Buffer")
        return inner or LeftOut("a parameter without data")
    if made.ref in _FROM_TYPE:
        function, kind, inner_args = args[:3]
        if isinstance(function, Named) and function.ref in (_REBUILD.keys() | _PARAMETER):
            if not isinstance(kind, Named):
                msg = "a tensor of no class"
                raise FormError(msg)
            inner_made: Made = object.__new__(function)
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
        shape=_numbers(shape),
        stride=_numbers(stride),
        offset=offset,
        requires_grad=grad,
        conj=bool(bits.get("conj")),
        neg=bool(bits.get("neg")),
    )
    _check(form)
    return form


def _numbers(value: Any) -> tuple[int, ...]:
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


# --- numpy --------------------------------------------------------------------------------------

_RECONSTRUCT: Final = frozenset(
    GlobalRef(f"{package}.multiarray", "_reconstruct") for package in ("numpy.core", "numpy._core")
)
_FROM_BUFFER: Final = frozenset(
    GlobalRef(f"{package}.numeric", "_frombuffer") for package in ("numpy.core", "numpy._core")
)
_SCALAR: Final = frozenset(
    GlobalRef(f"{package}.multiarray", "scalar") for package in ("numpy.core", "numpy._core")
)
_CODE: Final = re.compile(r"[<>=|]?([?bBhHiIlLqQefdgFDGSUVMm]|[biufcSUVMm?])(\d{0,10})", re.ASCII)
MAKERS: Final = frozenset(
    str(ref) for ref in (*_RECONSTRUCT, *_FROM_BUFFER, *ARRAY_WRAPPERS, *_REBUILD)
)
"""Who names one of these holds tensors or arrays."""


def array_form(made: Made) -> Form | list[Any] | None:
    """What an object says, if it is an array of numpy's; a list is the objects that it holds."""
    try:
        return _array(made)
    except FormError as error:
        return LeftOut(str(error))
    except (TypeError, ValueError, IndexError, AttributeError, KeyError) as error:
        return LeftOut(f"an array that says what cannot be: {printable(str(error))}")


def _array(made: Made) -> Form | list[Any] | None:
    if made.ref in _RECONSTRUCT:
        _version, shape, dtype, fortran, data = made.state
        if has_objects(dtype):
            return data if type(data) is list else LeftOut("an array of objects in a structure")
        return _of_bytes(data, dtype, shape, fortran=bool(fortran))
    if made.ref in _FROM_BUFFER:
        data, dtype, shape, order = made.args[:4]
        return _of_bytes(data, dtype, shape, fortran=order == "F")
    if made.ref in ARRAY_WRAPPERS:
        (content,) = made.items
        if not isinstance(content, Span):
            inner = array_form(content) if isinstance(content, Made) else content
            return inner if isinstance(inner, list) else LeftOut("an array of objects")
        state = made.state
        fortran = state["order"] == "F"
        return ArrayForm(content, dtype_of(state["dtype"]), _numbers(state["shape"]), fortran)
    if made.ref in _SCALAR and len(made.args) == 2:  # noqa: PLR2004 - type and bytes
        dtype, data = made.args
        return _of_bytes(data, dtype, (), fortran=False)
    return None


def _of_bytes(data: Any, dtype: Any, shape: Any, *, fortran: bool) -> ArrayForm:
    if isinstance(data, str):
        data = data.encode("latin1")  # Python 2's bytes
    if not isinstance(data, bytes | bytearray):
        msg = "an array without bytes"
        raise FormError(msg)
    return ArrayForm(Span(-1, len(data), data), dtype_of(dtype), _numbers(shape), fortran)


def dtype_of(made: Any) -> Any:
    """What ``numpy.dtype`` makes the type from, said by a pickled one."""
    code = made.args[0]
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        msg = f"an array of the type {printable(repr(code), 40)}"
        raise FormError(msg)
    state = getattr(made, "state", None)
    if state is None:
        return code
    order, subarray, names, fields, size = state[1], state[2], state[3], state[4], state[5]
    if subarray is not None:
        base, shape = subarray
        return (dtype_of(base), _numbers(shape if isinstance(shape, tuple) else (shape,)))
    if names:
        parts = [fields[name] for name in names]
        return {
            "names": [str(name) for name in names],
            "formats": [dtype_of(part[0]) for part in parts],
            "offsets": [int(part[1]) for part in parts],
            "itemsize": int(size),
        }
    letter, digits = match.groups()
    order = order if order in ("<", ">") else ""
    if letter in "Mm":
        return _datetime(order, letter, state)
    if letter in "SUV" and isinstance(size, int) and size >= 0:
        digits = str(size // 4 if letter == "U" else size)
    return f"{order}{letter}{digits}"


def _datetime(order: str, letter: str, state: tuple[Any, ...]) -> str:
    unit, number = "generic", 1
    if len(state) > 8 and state[8]:  # noqa: PLR2004 - the ninth is the unit
        unit, number = state[8][1][:2]
    unit = unit.decode() if isinstance(unit, bytes) else unit
    if unit == "generic":
        return f"{order}{letter}8"
    if not re.fullmatch(r"[A-Za-zμ]{1,2}", unit) or type(number) is not int:
        msg = "times of no unit"
        raise FormError(msg)
    return f"{order}{letter}8[{number}{unit}]"
