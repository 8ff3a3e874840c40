"""What stand-ins say of torch's tensors: dense and sparse, within their storages. Nothing is built."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from safeload.scan.forms import (
    MAX_DIMENSIONS,
    SIZES,
    Form,
    FormError,
    LeftOut,
    SparseForm,
    Storage,
    TensorForm,
    numbers,
)
from safeload.scan.keep import Made, Named, Stored
from safeload.scan.report import GlobalRef, Use, printable

TRAP: Final = 1 << 30
TRAP_TIMES: Final = 64
"""A tensor of more than ``TRAP`` bytes that repeats each byte it has as often is no honest one."""

_T: Final = "torch._utils"
REBUILD: Final = {
    GlobalRef(_T, "_rebuild_tensor"): 4,
    GlobalRef(_T, "_rebuild_tensor_v2"): 6,
    GlobalRef(_T, "_rebuild_tensor_v3"): 7,
}
MAKERS: Final = frozenset({*REBUILD, GlobalRef("torch.storage", "_load_from_bytes")})
"""A pickle that holds tensors of torch's names one of these."""
_PARAMETER: Final = {
    GlobalRef(_T, "_rebuild_parameter"),
    GlobalRef(_T, "_rebuild_parameter_with_state"),
    GlobalRef("torch.nn.parameter", "Parameter"),
    GlobalRef("torch.nn.parameter", "Buffer"),
}
_SPARSE: Final = GlobalRef(_T, "_rebuild_sparse_tensor")
_LAYOUT: Final = GlobalRef("torch.serialization", "_get_layout")
_PARTS: Final = {"sparse_coo": 2, "sparse_csr": 3, "sparse_csc": 3, "sparse_bsr": 3, "sparse_bsc": 3}
_FROM_TYPE: Final = {
    GlobalRef("torch._tensor", "_rebuild_from_type"),
    GlobalRef("torch._tensor", "_rebuild_from_type_v2"),
    GlobalRef("torch.tensor", "_rebuild_from_type"),
    GlobalRef("torch.tensor", "_rebuild_from_type_v2"),
}
_NOT_DATA: Final = {
    GlobalRef(_T, "_rebuild_qtensor"): "a quantized tensor: its numbers need a scale",
    GlobalRef(_T, "_rebuild_nested_tensor"): "a nested tensor",
    GlobalRef(_T, "_rebuild_meta_tensor_no_storage"): "a tensor without data (on the meta device)",
    GlobalRef(_T, "_rebuild_wrapper_subclass"): "a tensor whose class computes its numbers",
    GlobalRef("torch.nn.parameter", "UninitializedParameter"): "a parameter that has no numbers yet",
    GlobalRef("torch.nn.parameter", "UninitializedBuffer"): "a buffer that has no numbers yet",
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
    if made.ref == _SPARSE and made.use is Use.CALLED:
        return _sparse(*args)
    if made.ref in _PARAMETER and args:
        inner = tensor_form(args[0]) if isinstance(args[0], Made) else None
        if isinstance(inner, TensorForm | SparseForm):
            grad = bool(args[1]) if len(args) > 1 else inner.requires_grad
            return replace(inner, requires_grad=grad, parameter=made.ref.qualname != "Buffer")
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
    check(form)
    return form


def check(form: TensorForm) -> None:
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


def _sparse(layout: Any, data: Any) -> SparseForm:
    """Whether the indices are within the shape is for torch to say, when it is made."""
    told = layout.args[0] if isinstance(layout, Made) and layout.ref == _LAYOUT else None
    name = told.removeprefix("torch.") if isinstance(told, str) else ""
    count = _PARTS.get(name)
    if count is None or type(data) is not tuple or len(data) not in (count + 1, count + 2):
        msg = "a sparse tensor of no layout that is known"
        raise FormError(msg)
    parts = [tensor_form(part) if isinstance(part, Made) else None for part in data[:count]]
    dense = tuple(part for part in parts if isinstance(part, TensorForm))
    if len(dense) < count:
        why = next((part.reason for part in parts if isinstance(part, LeftOut)), "it has no numbers")
        msg = f"a sparse tensor, of which a part cannot be had: {why}"
        raise FormError(msg)
    coalesced = data[count + 1] if len(data) > count + 1 else None
    return SparseForm(name, dense, numbers(data[count]), coalesced if type(coalesced) is bool else None)
