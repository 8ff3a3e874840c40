"""From forms to tensors and arrays, by the libraries that make them: torch and numpy, if they are here."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from typing import Any, Final, Literal

from safeload.errors import TensorsError
from safeload.scan.forms import SIZES, ArrayForm, Data, QuantizedForm, SparseForm, Storage, TensorForm
from safeload.tensors.quantized import torch_quantized
from safeload.tensors.source import Source

Framework = Literal["pt", "np"]

NUMPY: Final = {
    "float64": "<f8",
    "float32": "<f4",
    "float16": "<f2",
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "i1",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
    "uint8": "u1",
    "bool": "?",
    "complex128": "<c16",
    "complex64": "<c8",
}
"""numpy's names of torch's types; ml_dtypes knows the others."""


class NotHereError(ValueError):
    """A form cannot be made here; the words say what would be needed."""


class Builder:
    """Makes each storage and each tensor once, so that what was tied is.

    Args:
        framework: "pt" for torch's tensors, "np" for numpy's arrays, None for what the file holds.
        device: where torch's tensors go.
    """

    def __init__(self, source: Source, framework: Framework | None, device: Any = None) -> None:
        if framework not in (None, "pt", "np"):
            msg = f"framework is 'pt' or 'np', not {framework!r}"
            raise ValueError(msg)
        if framework == "pt" and not has("torch"):
            msg = "torch is not installed here; framework='np' gives arrays"
            raise TensorsError(msg)
        if not has("torch") and not has("numpy"):
            msg = "torch or numpy is needed to hold tensors, and neither is installed here"
            raise TensorsError(msg)
        self.source = source
        self.framework = framework
        self.device = device
        self.storages: dict[int, Any] = {}
        self.made: dict[int, tuple[Any, Any]] = {}  # with its form, so that no identity is used twice

    def make(self, form: Data) -> Any:
        known = self.made.get(id(form))
        if known is None:
            known = self.made[id(form)] = form, self._make(form)
        return known[1]

    def _make(self, form: Data) -> Any:
        if isinstance(form, SparseForm | QuantizedForm):
            if self.framework == "np" or not has("torch"):
                msg = f"a {'sparse' if isinstance(form, SparseForm) else 'quantized'} tensor, which numpy has not"
                raise NotHereError(msg)
            if isinstance(form, QuantizedForm):
                return torch_quantized(form, self.make)
            return torch_sparse(form, [self.make(part) for part in form.parts])
        if isinstance(form, TensorForm):
            return self._tensor(form) if self.framework != "np" and has("torch") else self._view(form)
        array = self._array(form)
        return self._as_tensor(array) if self.framework == "pt" else array

    # --- torch ----------------------------------------------------------------------------------

    def storage(self, storage: Storage) -> Any:
        """The storage as torch has it, on its device."""
        found = self.storages.get(id(storage))
        if found is None:
            import torch

            found = torch_storage(self.source, storage)
            if self.device is not None:
                flat = torch.empty(0, dtype=torch.uint8).set_(found)
                found = flat.to(self.device).untyped_storage()
            self.storages[id(storage)] = found
        return found

    def _tensor(self, form: TensorForm) -> Any:
        return torch_tensor(form, self.storage(form.storage))

    def _as_tensor(self, array: Any) -> Any:
        import torch

        try:
            made = torch.from_numpy(array)
        except TypeError:
            msg = f"torch has no type for an array of {array.dtype}"
            raise NotHereError(msg) from None
        return made if self.device is None else made.to(self.device)

    # --- numpy ----------------------------------------------------------------------------------

    def _view(self, form: TensorForm) -> Any:
        np = numpy()
        dtype = numpy_dtype(form.dtype)
        size = SIZES[form.dtype]
        flat = self.storages.get(id(form.storage))
        if flat is None:
            flat = self.storages[id(form.storage)] = _aligned(self.source.buffer(form.storage.span))
        if not form.count:
            return np.empty(form.shape, dtype)
        strides = tuple(step * size for step in form.stride)
        made = np.ndarray(form.shape, dtype, flat, form.offset * size, strides)
        made = made.conj() if form.conj else made
        return -made if form.neg else made

    def _array(self, form: ArrayForm) -> Any:
        np = numpy()
        try:
            dtype = np.dtype(form.dtype)
        except (TypeError, ValueError, SyntaxError) as error:
            msg = f"numpy has no such type: {error}"
            raise NotHereError(msg) from None
        if dtype.hasobject:
            msg = "an array of Python objects"
            raise NotHereError(msg)
        buffer = self.source.buffer(form.span)
        try:
            if len(buffer) != dtype.itemsize * _product(form.shape):
                msg = f"an array of {form.shape} in {len(buffer)} bytes"
                raise NotHereError(msg)
            if not len(buffer):
                return np.empty(form.shape, dtype, order="F" if form.fortran else "C")
            return np.ndarray(form.shape, dtype, _aligned(buffer), order="F" if form.fortran else "C")
        except (TypeError, ValueError, MemoryError) as error:
            raise NotHereError(str(error)) from None


def torch_storage(source: Source, storage: Storage) -> Any:
    """A storage in memory, over the file's own bytes where that can be."""
    import torch

    buffer = source.buffer(storage.span)
    if not len(buffer):
        return torch.UntypedStorage(0)
    found = torch.frombuffer(buffer, dtype=torch.uint8)
    if found.data_ptr() % ALIGNMENT:
        found = found.clone()
    return found.untyped_storage()


ALIGNMENT: Final = 16
"""Bytes of the widest element: what lies across that is copied."""


def torch_tensor(form: TensorForm, storage: Any) -> Any:
    """A view of a storage, as ``torch._utils`` rebuilds it."""
    import torch

    dtype = getattr(torch, form.dtype, None)
    if dtype is None:
        msg = f"this torch has no {form.dtype}"
        raise NotHereError(msg)
    made = torch.empty(0, dtype=dtype, device=storage.device)
    made.set_(storage, form.offset, form.shape, form.stride)
    made = made.conj() if form.conj else made
    made = torch._neg_view(made) if form.neg else made
    if form.parameter:
        return torch.nn.Parameter(made, requires_grad=form.requires_grad)
    return made.requires_grad_() if form.requires_grad else made


def torch_sparse(form: SparseForm, parts: list[Any]) -> Any:
    """A sparse tensor of its parts, once torch has found every index within it."""
    import torch

    layout = getattr(torch, form.layout)
    if form.layout == "sparse_coo":
        made = torch.sparse_coo_tensor(*parts, form.shape, check_invariants=True, is_coalesced=form.coalesced)
    else:
        made = torch.sparse_compressed_tensor(*parts, form.shape, layout=layout, check_invariants=True)
    if form.parameter:
        return torch.nn.Parameter(made, requires_grad=form.requires_grad)
    return made.requires_grad_() if form.requires_grad else made


def numpy_dtype(name: str) -> Any:
    """numpy's type for one of torch's."""
    np = numpy()
    if name in NUMPY:
        return np.dtype(NUMPY[name])
    if has("ml_dtypes"):
        import ml_dtypes

        if hasattr(ml_dtypes, name):
            return np.dtype(getattr(ml_dtypes, name))
    msg = f"{name}, which numpy does not know: install torch or ml_dtypes"
    raise NotHereError(msg)


def _aligned(buffer: memoryview) -> Any:
    np = numpy()
    flat = np.frombuffer(buffer, np.uint8)
    return flat.copy() if flat.ctypes.data % ALIGNMENT else flat


def _product(shape: tuple[int, ...]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count


def numpy() -> Any:
    """numpy, if it is here."""
    if not has("numpy"):
        msg = "an array of numpy's, which is not installed here"
        raise NotHereError(msg)
    import numpy as np

    return np


@cache
def has(package: str) -> bool:
    """Whether a library is installed."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        return False
