"""The rules of torch: what its rebuild functions may be called with.

They trust their callers: a rebuilder takes any object for a tensor and uses whatever methods it
has. So tensors must come from rebuilders and storages from the loader, all the way down.
"""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    is_array,
    is_int,
    is_made_by,
    is_plain,
    is_size,
    refs,
    words,
)
from safeload.scan.inert import Persistent, made_by, ref_of
from safeload.scan.report import GlobalRef

SIZE: Final = GlobalRef("torch", "Size")
LOADED: Final = GlobalRef("torch.storage", "_load_from_bytes")
_HOOKS: Final = refs("collections: OrderedDict")
_LAYOUT: Final = refs("torch.serialization: _get_layout")
_DEVICE: Final = refs("torch: device")

REBUILDERS: Final = refs(
    """
    torch._utils: _rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_sparse_tensor
    torch._utils: _rebuild_nested_tensor _rebuild_qtensor _rebuild_meta_tensor_no_storage
    torch._utils: _rebuild_parameter _rebuild_parameter_with_state _rebuild_wrapper_subclass
    torch._utils: _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor
    torch._utils: _rebuild_xla_tensor
    torch._tensor: _rebuild_from_type _rebuild_from_type_v2
    torch.tensor: _rebuild_from_type _rebuild_from_type_v2
    """
)
# Descriptors of torch.Tensor: setattr on them runs native code, and no attribute of a user's has
# such a name, as it could not have been set.
_DESCRIPTORS: Final = words(
    """
    data grad _grad grad_fn _grad_fn _cdata _base _version _backward_hooks name names requires_grad
    _post_accumulate_grad_hooks _python_dispatch volatile output_nr shape dtype layout device ndim
    is_leaf retains_grad real imag T H mT mH nbytes itemsize grad_dtype
    """
)


def is_tensor(value: Any) -> bool:
    """Something a rebuilder made, or a tensor (or storage) that came as bytes of its own."""
    return is_made_by(value, REBUILDERS) or made_by(value) == LOADED


def is_storage(value: Any) -> bool:
    """Something the loader put in for a persistent id, or a storage that came as bytes."""
    return isinstance(value, Persistent) or made_by(value) == LOADED


def is_shape(value: Any) -> bool:
    """A size or stride: a tuple of numbers, or a ``torch.Size`` of one."""
    return is_size(_sizes(value))


def _hooks(value: Any) -> bool:
    return value is None or type(value) is dict and not value or is_made_by(value, _HOOKS)


def is_dtype(value: Any) -> bool:
    """One of the constants of torch, of which its element types are some."""
    ref = ref_of(value)
    return ref is not None and ref.module == "torch" and ref.qualname.islower()


def _device(value: Any) -> bool:
    return type(value) in (str, bytes) or is_made_by(value, _DEVICE)


def _flags(value: Any) -> bool:
    return value is None or (type(value) is dict and all(type(k) is str and type(v) is bool for k, v in value.items()))


def _view(storage: Any, offset: Any, size: Any, stride: Any) -> bool:
    return is_storage(storage) and is_int(offset) and is_shape(size) and is_shape(stride)


def _tensor(args: Args) -> bool:
    return len(args) == 4 and _view(*args)


def _tensor_v2(args: Args) -> bool:
    return (
        len(args) in (6, 7)
        and _view(*args[:4])
        and type(args[4]) is bool
        and _hooks(args[5])
        and all(map(_flags, args[6:]))
    )


def _tensor_v3(args: Args) -> bool:
    return len(args) in (7, 8) and is_dtype(args[6]) and _tensor_v2(args[:6] + args[7:])


def _meta(args: Args) -> bool:
    return len(args) == 4 and is_dtype(args[0]) and is_shape(args[1]) and is_shape(args[2])


def _from_other(args: Args) -> bool:
    data, dtype, device, grad = args
    source = is_tensor(data) or is_array(data)
    return source and is_dtype(dtype) and _device(device) and type(grad) is bool


def _wrapper(args: Args) -> bool:
    cls, dtype, size, stride, offset, layout, device, grad = args
    return (
        ref_of(cls) is not None
        and is_dtype(dtype)
        and is_shape(size)
        and is_shape(stride)
        and is_int(offset)
        and is_made_by(layout, _LAYOUT)
        and _device(device)
        and type(grad) is bool
    )


def _sparse(args: Args) -> bool:
    layout, data = args
    if not is_made_by(layout, _LAYOUT) or type(data) is not tuple or len(data) not in (3, 4):
        return False
    return all(is_tensor(x) or is_shape(x) or type(x) in (bool, type(None)) for x in data)


def _nested(args: Args) -> bool:
    return len(args) == 4 and all(is_tensor(x) or is_shape(x) for x in args)


def _sizes(shape: Any) -> Any:
    """The numbers of a size: its own, or those inside a ``torch.Size``."""
    return shape.args[0] if made_by(shape) == SIZE else shape


def _length(value: Any) -> int | None:
    """How many numbers a list or a one-dimensional tensor of the stream holds."""
    if type(value) is list:
        return len(value)
    shape: Any = None
    if made_by(value) in REBUILDERS and len(value.args) > 3:
        shape = _sizes(value.args[2])
    return shape[0] if is_size(shape) and len(shape) == 1 else None


def _quantizer(params: Any, size: Any) -> bool:
    scheme = ref_of(params[0])
    if scheme is None or scheme.module != "torch":
        return False
    if scheme.qualname == "per_tensor_affine":
        return len(params) == 3 and is_plain(params[1]) and is_plain(params[2])
    _, scales, zeros, axis = params
    sizes = _sizes(size)
    # Versions up to 2.12 hand an axis and lengths out of range to native code as they are.
    counts = {_length(scales), _length(zeros), sizes[axis]}
    return is_int(axis) and axis >= 0 and len(counts) == 1


def _quantized(args: Args) -> bool:
    return (
        len(args) == 7
        and _view(*args[:4])
        and type(args[4]) is tuple
        and _quantizer(args[4], args[2])
        and type(args[5]) is bool
        and _hooks(args[6])
    )


def _parameter(args: Args) -> bool:
    return len(args) == 3 and is_tensor(args[0]) and type(args[1]) is bool and _hooks(args[2])


def attributes_alone(state: Any) -> bool:
    """Whether ``setattr`` with this state sets nothing but a user's own attributes."""
    if state is None:
        return True
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    return all(part is None or type(part) is dict and all(map(_own, part)) for part in parts)


def _own(name: Any) -> bool:
    return type(name) is str and not name.startswith("__") and name not in _DESCRIPTORS


def _parameter_with_state(args: Args) -> bool:
    return len(args) == 4 and _parameter(args[:3]) and attributes_alone(args[3])


def _from_type(args: Args) -> bool:
    """The trampoline: its function must be a rebuilder, with arguments that one may have."""
    func, cls, inner, state = args
    name = ref_of(func)
    return (
        name is not None
        and name in REBUILDERS
        and "from_type" not in name.qualname
        and type(inner) is tuple
        and _FORMS[name.qualname](inner)
        and ref_of(cls) is not None
        and attributes_alone(state)
    )


_FORMS: Final = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor_v2,
    "_rebuild_tensor_v3": _tensor_v3,
    "_rebuild_meta_tensor_no_storage": _meta,
    "_rebuild_device_tensor_from_numpy": _from_other,
    "_rebuild_device_tensor_from_cpu_tensor": _from_other,
    "_rebuild_xla_tensor": _from_other,
    "_rebuild_wrapper_subclass": _wrapper,
    "_rebuild_sparse_tensor": _sparse,
    "_rebuild_nested_tensor": _nested,
    "_rebuild_qtensor": _quantized,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter_with_state,
    "_rebuild_from_type": _from_type,
    "_rebuild_from_type_v2": _from_type,
}


def rebuilds(name: str) -> Any:
    """The call rule of one rebuild function."""
    form = _FORMS[name]

    def rule(args: Args, kwargs: Kwargs) -> str | None:
        fits = not kwargs and form(args)
        return None if fits else "is called with other arguments than torch.save writes"

    return rule


def size_args(args: Args, kwargs: Kwargs) -> str | None:
    """``torch.Size((2, 3))``."""
    fits = not kwargs and len(args) == 1 and is_size(args[0])
    return None if fits else "takes one tuple of sizes"


def device_args(args: Args, kwargs: Kwargs) -> str | None:
    """``torch.device('cuda', 0)``."""
    fits = not kwargs and [type(a) for a in args] in ([str], [bytes], [str, int], [bytes, int])
    return None if fits else "takes the kind of the device and its number"


def one_text(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and len(args) == 1 and type(args[0]) in (str, bytes)
    return None if fits else "takes one text"


def one_bytes(args: Args, kwargs: Kwargs) -> str | None:
    """A saved tensor inside a pickle: the bytes of a ``torch.save``, which are looked into."""
    fits = not kwargs and len(args) == 1 and type(args[0]) in (bytes, bytearray)
    return None if fits else "takes the bytes of one torch file"


def tensor_state(_: Any, state: Any) -> str | None:
    """What torch before 0.4 wrote for a tensor: the arguments of ``set_``."""
    fits = type(state) is tuple and len(state) == 4 and _view(*state)
    return None if fits else "its state must be a storage, an offset, a size and a stride"


def parameter_args(args: Args, kwargs: Kwargs) -> str | None:
    """``Parameter.__new__(cls, tensor, requires_grad)``, as torch before 0.4 wrote it."""
    fits = not kwargs and len(args) <= 2 and all(map(is_tensor, args[:1]))
    fits = fits and all(type(grad) is bool for grad in args[1:])
    return None if fits else "takes one tensor and whether it needs a gradient"


def parameter_state(_: Any, state: Any) -> str | None:
    """What torch before 0.4 wrote for a parameter: three flags, or five with its data."""
    flags = state if len(state) == 3 else (state[3], state[4], state[2])
    fits = type(state) is tuple and len(state) in (3, 5) and _hooks(flags[2])
    fits = fits and type(flags[0]) is bool and (len(state) == 3 or is_tensor(state[0]))
    return None if fits else "its state is not one that torch wrote"


def sequence_args(args: Args, kwargs: Kwargs) -> str | None:
    """The named results of an operation: their values, and a dict of unnamed ones."""
    fits = not kwargs and [type(a) for a in args] in ([tuple], [tuple, dict])
    return None if fits else "takes the results of one operation"


def generator_args(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and len(args) == 1 and is_made_by(args[0], _DEVICE)
    return None if fits else "takes one torch.device"


def generator_state(_: Any, state: Any) -> str | None:
    seed, offset, tensor = state
    fits = is_int(seed) and (offset is None or is_int(offset)) and is_tensor(tensor)
    return None if fits else "its state must be a seed, an offset and a tensor"


def packed_args(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and 1 <= len(args) <= 4 and all(a is None or is_tensor(a) for a in args)
    return None if fits else "takes tensors alone"
