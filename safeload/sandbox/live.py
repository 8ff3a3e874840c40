"""From the value that a file's code has made to forms, under the names that the inert reader gives.

It runs after the file's code, in its process: what it says may be false, and is read as numbers.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

from safeload.scan.forms import ArrayForm, Data, LeftOut, QuantizedForm, SparseForm, Storage, TensorForm
from safeload.scan.keep import Span
from safeload.scan.outline import CONTAINERS, MODULE, PLAIN, Child, Walk, inside, step_of

_BARE: Final[dict[type, Any]] = {str: str.__str__, int: int.__int__, float: float.__float__, bytes: bytes.__bytes__}
_NEW: Final = frozenset({"__newobj__", "__newobj_ex__", "_reconstructor"})
_QUANTIZED: Final = {"qint8": "int8", "quint8": "uint8", "qint32": "int32"}
_WORDS: Final = frozenset({"torch.dtype", "torch.device", "torch.layout", "torch.memory_format"})


class LiveWalk(Walk):
    """Visits real objects. Its forms are of their memory, which is there as long as the walk and the value are."""

    def __init__(self) -> None:
        super().__init__()
        self.torch = sys.modules.get("torch")
        self.numpy = sys.modules.get("numpy")
        self.storages: dict[tuple[int, int], Storage] = {}
        self.live: dict[int, Data | LeftOut] = {}

    def visit(self, value: Any, path: str, *, beside: bool) -> Iterator[Child] | None:
        kind = type(value)
        if kind in PLAIN or kind in CONTAINERS:
            return super().visit(value, path, beside=beside)
        form = self.form(value)
        if isinstance(form, LeftOut):
            self.leave_out(path, form.reason)
            return None
        if form is not None:
            self.note(path, form, beside=beside)
            return None
        return self._other(value, path)

    def form(self, value: Any) -> Data | LeftOut | None:
        """What is a tensor or an array, once for one object."""
        known = self.live.get(id(value))
        if known is None:
            try:
                known = self._form(value)
            except Exception as error:  # noqa: BLE001 - objects of the file's
                known = LeftOut(f"{type(error).__name__}: {error}")
            if known is not None:
                self.live[id(value)] = known
                self.kept.append(value)
        return known

    def _form(self, value: Any) -> Data | LeftOut | None:
        if self.torch is not None and isinstance(value, self.torch.Tensor):
            return self._tensor(value.data if type(value) is self.torch.nn.Parameter else value, value)
        if self.numpy is not None and isinstance(value, self.numpy.ndarray):
            return self._array(value)
        return None

    def _other(self, value: Any, path: str) -> Iterator[Child] | None:
        """What is no tensor: a word, a name, or what is in it."""
        if self.numpy is not None and isinstance(value, self.numpy.generic):
            return super().visit(value.item(), path, beside=False)
        return None if self._word(value, path) else self._inner(value, path)

    def _word(self, value: Any, path: str) -> bool:
        """Note what has nothing in it."""
        if isinstance(value, type | FunctionType | BuiltinFunctionType | ModuleType):
            self.leave_out(path, f"the name {getattr(value, '__module__', '')}:{getattr(value, '__qualname__', '')}")
            return True
        kind = type(value)
        if kind.__module__ == "torch" and f"torch.{kind.__qualname__}" in _WORDS:
            self.found.scalars.setdefault(path, str(value))
            return True
        if isinstance(value, str | int | float | bytes):  # an enum's member, a subclass
            bare = next(as_is for kind, as_is in _BARE.items() if isinstance(value, kind))
            self.found.scalars.setdefault(path, bare(value))
            return True
        return False

    def _inner(self, value: Any, path: str) -> Iterator[Child] | None:
        if self._is_module(value) and "_parameters" in vars(value):
            return _module(value)
        if self.numpy is not None and isinstance(value, self.numpy.ndarray):
            return inside(value.tolist() if value.shape else [value.item()])
        if isinstance(value, dict):
            return inside(dict(value))
        return self._object(value, path)

    def _is_module(self, value: Any) -> bool:
        return self.torch is not None and isinstance(value, self.torch.nn.Module)

    def _object(self, value: Any, path: str) -> Iterator[Child] | None:
        """An object by what pickle would write of it."""
        try:
            said = value.__reduce_ex__(2)
        except Exception as error:  # noqa: BLE001 - objects of the file's
            self.leave_out(path, f"a {type(value).__name__}: {error}")
            return None
        if not isinstance(said, tuple):
            self.leave_out(path, f"the name {said}")
            return None
        self.kept.append(said)
        return _parts(*(*said, None, None, None, None)[:5])

    def is_model(self, value: Any, path: str) -> bool:
        pairs = value if isinstance(value, dict) else None
        if pairs is not None and isinstance(getattr(value, "_metadata", None), dict):
            self.found.metadata[path] = {str(k): dict(v) for k, v in value._metadata.items() if isinstance(v, dict)}
        elif not self._is_module(value) and not (
            pairs and all(isinstance(k, str) and isinstance(self.form(v), Data) for k, v in pairs.items())
        ):
            return False
        if any(step.isdigit() or step.startswith("#") for step in path.split(".")):
            return False
        self.found.models.append(path)
        return True

    # --- torch ------------------------------------------------------------------------------------

    def _tensor(self, tensor: Any, given: Any) -> Data | LeftOut:
        torch: Any = self.torch
        grad = {"requires_grad": bool(given.requires_grad), "parameter": isinstance(given, torch.nn.Parameter)}
        if type(given) not in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer):
            return LeftOut(f"a tensor of the class {type(given).__name__}")
        if tensor.is_quantized:
            return self._quantized(tensor)
        if tensor.device.type != "cpu":
            return LeftOut(f"a tensor on {tensor.device}")
        layout = str(tensor.layout).removeprefix("torch.")
        if layout == "strided":
            return self._strided(tensor, **grad)
        coalesced = None
        if layout == "sparse_coo":
            parts = [tensor._indices(), tensor._values()]
            coalesced = bool(tensor.is_coalesced())
        elif layout in ("sparse_csr", "sparse_bsr"):
            parts = [tensor.crow_indices(), tensor.col_indices(), tensor.values()]
        elif layout in ("sparse_csc", "sparse_bsc"):
            parts = [tensor.ccol_indices(), tensor.row_indices(), tensor.values()]
        else:
            return LeftOut(f"a tensor of the layout {layout}")
        made = tuple(self._strided(part) for part in parts)
        return SparseForm(layout, made, tuple(tensor.shape), coalesced, **grad)

    def _strided(self, tensor: Any, *, requires_grad: bool = False, parameter: bool = False) -> TensorForm:
        dtype = str(tensor.dtype).removeprefix("torch.")
        return TensorForm(
            self._storage(tensor.untyped_storage()),
            dtype,
            tuple(map(int, tensor.shape)),
            tuple(map(int, tensor.stride())),
            int(tensor.storage_offset()),
            requires_grad=requires_grad,
            parameter=parameter,
            conj=bool(tensor.is_conj()),
            neg=bool(tensor.is_neg()),
        )

    def _storage(self, storage: Any) -> Storage:
        place = storage.data_ptr(), storage.nbytes()
        found = self.storages.get(place)
        if found is None:
            self.kept.append(storage)
            found = self.storages[place] = Storage(Span(-1, place[1], _memory(*place)))
        return found

    def _quantized(self, tensor: Any) -> Data | LeftOut:
        torch: Any = self.torch
        dtype = str(tensor.dtype).removeprefix("torch.")
        if dtype not in _QUANTIZED:
            return LeftOut(f"a quantized tensor of the type {dtype}")
        numbers = self._strided(tensor.int_repr())
        if tensor.qscheme() == torch.per_tensor_affine:
            return QuantizedForm(numbers, dtype, float(tensor.q_scale()), int(tensor.q_zero_point()))
        if tensor.qscheme() != torch.per_channel_affine:
            return LeftOut(f"a quantized tensor, {tensor.qscheme()}")
        scales, points = tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points()
        axis = int(tensor.q_per_channel_axis())
        return QuantizedForm(numbers, dtype, self._strided(scales.double()), self._strided(points.long()), axis)

    # --- numpy ------------------------------------------------------------------------------------

    def _array(self, array: Any) -> Data | LeftOut | None:
        np: Any = self.numpy
        masked = sys.modules.get("numpy.ma")
        if masked is not None and isinstance(array, masked.MaskedArray):
            return LeftOut("a masked array")
        if array.dtype.hasobject:
            return None
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        held = np.asfortranarray(array) if fortran else np.ascontiguousarray(array).reshape(array.shape)
        self.kept.append(held)
        dtype = held.dtype.str if held.dtype.names is None and held.dtype.subdtype is None else held.dtype.descr
        memory = _memory(held.__array_interface__["data"][0], held.nbytes)
        return ArrayForm(Span(-1, held.nbytes, memory), dtype, held.shape, fortran)


def _memory(address: int, length: int) -> memoryview:
    """Bytes where they are; whoever holds them keeps them alive."""
    if not length:
        return memoryview(b"")
    return memoryview((ctypes.c_char * length).from_address(address)).cast("B")


def _module(module: Any) -> Iterator[Child]:
    """A module's own entries as its state dict has them, its modules, and what that leaves out."""
    own: dict[str, Any] = {}
    module._save_to_state_dict(own, "", keep_vars=True)
    for number, (name, value) in enumerate(own.items()):
        yield Child(step_of(name, number), value)
    for name, value in module._modules.items():
        if value is not None:
            yield Child(name, value)
    for name, value in module._buffers.items():
        if value is not None and name not in own:
            yield Child(name, value, beside=True)
    for number, (name, value) in enumerate(vars(module).items()):
        if name not in MODULE and name not in own:
            yield Child(step_of(name, number), value, beside=True)


def _parts(function: Any, args: Any, state: Any, items: Any, pairs: Any) -> Iterator[Child]:
    """What pickle would write of an object, as the inert reader names it."""
    if pairs is not None:
        yield from inside(dict(pairs))
    if items is not None:
        yield from inside(list(items))
    if isinstance(state, tuple) and len(state) == 2 and all(type(s) in (dict, type(None)) for s in state):  # noqa: PLR2004
        for part in state:
            yield from inside(part or {})
    elif isinstance(state, dict):
        yield from inside(state)
    elif state is not None:
        yield Child("state", state)
    args = args[1:] if getattr(function, "__name__", "") in _NEW else args
    if args:
        yield Child("args", args)
