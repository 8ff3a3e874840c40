"""Rules on numpy's arrays, scalars and the helpers that rebuild them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules import may_be_stored
from safeload.allowlists.rules_forms import ARRAYS as ANY_ARRAYS
from safeload.allowlists.rules_numpy import (
    Layout,
    ascii_text,
    is_shape,
    layout_of,
)
from safeload.scan.inert import made_by, ref_of
from safeload.scan.nested import ARRAY_WRAPPERS
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

NDARRAY: Final = GlobalRef("numpy", "ndarray")
_PLAIN_VALUES: Final = (bool, int, float, complex, str, bytes, type(None))


def _refs(text: str) -> frozenset[GlobalRef]:
    return frozenset(GlobalRef.parse(word) for word in text.split())


ARRAYS: Final = _refs(
    """
    numpy:ndarray numpy:matrix numpy:recarray numpy:memmap numpy:chararray
    numpy.matrixlib.defmatrix:matrix numpy.core.defmatrix:matrix
    numpy.rec:recarray numpy.core.records:recarray numpy._core.records:recarray
    numpy.char:chararray numpy.core.defchararray:chararray numpy._core.defchararray:chararray
    numpy.core.memmap:memmap numpy._core.memmap:memmap
    """
)
SCALAR_CALLS: Final = _refs("numpy.core.multiarray:scalar numpy._core.multiarray:scalar")
MASKED: Final = _refs(
    """
    numpy.ma:MaskedArray numpy.ma.core:MaskedArray numpy.ma:mvoid numpy.ma.core:mvoid
    """
)


def reconstruct_call(args: Args, kwargs: Kwargs) -> str | None:
    """``_reconstruct(array class, (0,), b'b')``: an empty array, to be given its state."""
    cls, shape, typecode = args
    if kwargs or shape != (0,) or type(shape) is not tuple or typecode not in (b"b", "b"):
        return "called with something else than an array class, (0,) and b'b'"
    ref = ref_of(cls)
    if ref is None or (ref not in ARRAYS and cls.entry is not None):
        return "makes an array of a class that is none"
    return None


def reconstructed(args: Args) -> GlobalRef | None:
    """The class, if it is one of numpy's; a class of the user's own is judged as ndarray."""
    ref = ref_of(args[0])
    return ref if ref is not None and ref in ARRAYS else NDARRAY


def array_state(made: Any, state: Any) -> str | None:
    """``(version, shape, dtype, Fortran order, data)``, once."""
    cls = ref_of(made.args[0]) if made.args else None
    if cls is None or type(made.args[-1]) is Layout:
        return "is given a state though it has its data"
    if type(state) is not tuple or len(state) != 5:
        # A subclass with a __setstate__ of its own, which whoever allowed the class has judged.
        return None if cls not in ARRAYS else "has a state that numpy does not write"
    version, shape, dtype, fortran, data = state
    layout = layout_of(dtype)
    if version != 1 or layout is None or type(fortran) not in (bool, int) or not is_shape(shape):
        return "has a state that numpy does not write"
    if not _data_fits(layout, math.prod(shape), data):
        return "has more or less data than its shape and dtype need"
    made.args = (*made.args, layout)
    return None


def _data_fits(layout: Layout, count: int, data: Any) -> bool:
    if layout.pickled_as_list:
        return type(data) is list and len(data) == count
    return type(data) in (bytes, str) and len(data) == count * layout.itemsize


def frombuffer_call(args: Args, kwargs: Kwargs) -> str | None:
    """``_frombuffer(buffer, dtype, shape, order[, axis order])`` at protocol 5."""
    buffer, dtype, shape, order, *axes = args
    layout = layout_of(dtype)
    if kwargs or type(buffer) not in (bytes, bytearray, memoryview):
        return "reads something else than a buffer"
    if layout is None or layout.has_objects:
        return "makes objects from a buffer"
    if order not in ("C", "F", "K") or not is_shape(shape):
        return "has a shape that numpy does not write"
    if axes and (len(axes) != 1 or (axes[0] is not None and not is_shape(axes[0]))):
        return "has a shape that numpy does not write"
    return None


def scalar_call(args: Args, kwargs: Kwargs) -> str | None:
    """``scalar(dtype, bytes)``, or an array of such a dtype where it holds objects.

    C takes the item from the array without a look at the array's own dtype.
    """
    dtype, data = args
    layout = layout_of(dtype)
    if kwargs or layout is None or layout.kind in "OT":
        return "makes a scalar of a dtype that scalars do not have"
    if layout.has_objects:
        return None if _is_full_array(data, dtype) else "makes objects of something else's bytes"
    if type(data) not in (bytes, str) or len(data) < layout.itemsize:
        return "makes a scalar from something else than its bytes"
    return None


def _is_one_of(classes: frozenset[GlobalRef], value: Any) -> bool:
    ref = ref_of(value)
    return ref is not None and ref in classes


def _is_full_array(value: Any, dtype: Any) -> bool:
    """An array whose items are laid out as this dtype's, not empty, that has its data.

    In joblib's file it is a stream of its own, behind what stands for it.
    """
    if made_by(value) in ARRAY_WRAPPERS and ref_of(value.state["subclass"]) == NDARRAY:
        _, value = value.recorder.alone.get(id(value), (value, None))
    if made_by(value) != NDARRAY or type(value.args[-1]) is not Layout:
        return False
    return value.args[-1] == layout_of(dtype) and 0 not in value.state[1]


def masked_call(args: Args, kwargs: Kwargs) -> str | None:
    """``_mareconstruct(masked class, array class, (0,), 'b')``."""
    subtype, base, shape, typecode = args
    if kwargs or shape != (0,) or type(shape) is not tuple or typecode not in (b"b", "b"):
        return "called with something else than two array classes, (0,) and 'b'"
    if not (_is_one_of(MASKED, subtype) and _is_one_of(ARRAYS, base)):
        return "makes an array of a class that is none"
    return None


def masked_state(made: Any, state: Any) -> str | None:
    """``(version, shape, dtype, Fortran order, data, mask, fill value)``."""
    version, shape, dtype, fortran, data, mask, fill = state
    if type(mask) not in (bytes, str) or not _is_value(fill):
        return "has a mask or a fill value that numpy does not write"
    return array_state(made, (version, shape, dtype, fortran, data))


def _is_value(value: Any) -> bool:
    """A fill value: numpy makes an array of it at once, so nothing with attributes of its own."""
    if type(value) is tuple:
        return all(map(_is_value, value))
    made = made_by(value)
    if made is not None:
        return made in ARRAYS or made in ANY_ARRAYS or made in SCALAR_CALLS
    return type(value) in _PLAIN_VALUES


def string_dtype_call(args: Args, kwargs: Kwargs) -> str | None:
    """``(coerce[, missing value])`` of a StringDType."""
    coerce, *missing = args
    if kwargs or type(coerce) not in (bool, int) or len(missing) > 1:
        return "called with something else than whether to coerce and a missing value"
    ok = not missing or type(missing[0]) in _PLAIN_VALUES or ref_of(missing[0]) is not None
    return None if ok else "has a missing value that is none"


def ufunc_call(args: Args, kwargs: Kwargs) -> str | None:
    """``(module, name)`` of a ufunc: it imports the one and takes the other from it."""
    return None if not kwargs and ufunc_named(args) else "takes something else than a ufunc"


def ufunc_named(args: Args) -> GlobalRef | None:
    """The ufunc; its own entry says whether it may be named."""
    module, name = map(ascii_text, args)
    known = module in ("numpy", "numpy.core", "numpy.core.umath", "numpy.core._multiarray_umath")
    return GlobalRef(module, name) if known and name.isidentifier() else None


_VECTORIZE: Final = frozenset(
    "pyfunc cache signature otypes excluded _ufunc _in_and_out_core_dims _doc __doc__ __name__ nin".split()
)


def vectorize_state(_: Any, state: Any) -> str | None:
    """What numpy keeps of a vectorized function: the function, and settings that are plain values."""
    if type(state) is not dict or not state.keys() <= _VECTORIZE or state.get("_ufunc"):
        return "its state has attributes that numpy does not write"
    function = state["pyfunc"]
    if ref_of(function) is None or not may_be_stored(function):
        return "wraps something that may not be stored for a later call"
    settings = (state.get(name) for name in ("cache", "signature", "otypes", "__name__", "_doc", "nin"))
    return None if all(type(value) in _PLAIN_VALUES for value in settings) else "has settings that are no plain values"
