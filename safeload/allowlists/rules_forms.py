"""Small checks that the rules of several libraries share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from safeload.allowlists.rules import plain_attributes
from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef
from safeload.scan.standin import is_special

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

_SCALARS: Final = (str, bytes, int, float, complex, bool, type(None))


def refs(text: str) -> frozenset[GlobalRef]:
    """The set that ``module: name name`` lines name."""
    found = set()
    for line in text.strip().splitlines():
        module, _, names = line.partition(":")
        found |= {GlobalRef(module.strip(), name) for name in names.split()}
    return frozenset(found)


# What makes a numpy array, in a pickle and in a joblib file.
ARRAYS: Final = refs(
    """
    numpy.core.multiarray: _reconstruct
    numpy._core.multiarray: _reconstruct
    numpy.core.numeric: _frombuffer
    numpy._core.numeric: _frombuffer
    numpy: ndarray memmap matrix
    joblib.numpy_pickle: NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper
    joblib.numpy_pickle_compat: NDArrayWrapper ZNDArrayWrapper
    sklearn.externals.joblib.numpy_pickle: NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper
    """
)


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def is_int(value: Any) -> bool:
    """A plain whole number; True and False are not."""
    return type(value) is int


def is_size(value: Any) -> bool:
    """A tuple or list of whole numbers of which none is negative."""
    return type(value) in (tuple, list) and all(type(n) is int and n >= 0 for n in value)


def is_plain(value: Any) -> bool:
    """A number, text, bytes or None: nothing that a stand-in could hide in."""
    return type(value) in _SCALARS


def is_made_by(value: Any, allowed: Collection[GlobalRef]) -> bool:
    """An object that the stream made from one of these globals."""
    ref = made_by(value)
    return ref is not None and ref in allowed


def is_ref_in(value: Any, allowed: Collection[GlobalRef]) -> bool:
    """One of these globals itself."""
    ref = ref_of(value)
    return ref is not None and ref in allowed


def is_array(value: Any) -> bool:
    """A numpy array."""
    return is_made_by(value, ARRAYS)


def array_parts(value: Any) -> tuple[Any, Any]:
    """The shape of an array and its bytes, each None where the stream does not show it here."""
    maker = made_by(value)
    if maker is None or not is_array(value):
        return None, None
    state = getattr(value, "state", None)
    if maker.qualname.endswith("ArrayWrapper"):
        shown = value.args[0] if value.args else None  # joblib's bytes, where they are few
        return (state.get("shape"), shown) if type(state) is dict else (None, None)
    if type(state) is tuple and len(state) == 5:  # (version, shape, dtype, order, bytes)
        return state[1], state[4]
    if state is None and len(value.args) == 4:  # _frombuffer(bytes, dtype, shape, order)
        return value.args[2], value.args[0]
    return None, None


def pairs_args(args: Args, kwargs: Kwargs) -> str | None:
    """A dict, which protocols 0 and 1 hand over at once, or nothing; its items read as attributes."""
    fits = not kwargs and [type(arg) for arg in args] in ([], [dict])
    if fits and args and any(type(key) is str and is_special(key) for key in args[0]):
        return "takes items with special names"
    return None if fits else "takes one dict"


def no_args(args: Args, kwargs: Kwargs) -> str | None:
    """``cls.__new__(cls)`` and nothing else: all that protocols 2 and up need for most classes."""
    return "is made with arguments, which no honest file does" if args or kwargs else None


def plain_args(args: Args, kwargs: Kwargs) -> str | None:
    """Numbers, text and None, by position."""
    if kwargs or not all(is_plain(value) for value in args):
        return "takes numbers and text alone, by position"
    return None


def attributes(state: Any) -> Mapping[str, Any] | None:
    """The state as BUILD puts it into ``__dict__``; None for a form that calls ``setattr``."""
    return state if type(state) is dict else None


def own_attributes(state: Any) -> bool:
    """A dict of attributes such as a class of its own sets, none of which anything obeys."""
    return type(state) is dict and plain_attributes(None, state) is None


_CLASSES: Final = {
    "_edge_attr_cls": refs(
        "torch_geometric.data.data: DataEdgeAttr\ntorch_geometric.data.graph_store: EdgeAttr",
    ),
    "_tensor_attr_cls": refs(
        "torch_geometric.data.data: DataTensorAttr\ntorch_geometric.data.feature_store: TensorAttr",
    ),
}


def values_state(made: Any, state: Any) -> str | None:
    """As below, and no global among the attributes: the class changes what it holds when it is copied.

    Two of its own classes it keeps under their names, and only calls.
    """
    wrong = dict_state(made, state)
    held = {name: ref for name, value in (state.items() if wrong is None else ()) if (ref := ref_of(value)) is not None}
    if not all(ref in _CLASSES.get(name, ()) for name, ref in held.items()):
        return "holds a class or a function, which a copy of it would change for the process"
    return wrong


def dict_state(_: Any, state: Any) -> str | None:
    """A dict for ``__dict__``: the other form, ``(dict, slots)``, runs ``setattr`` for every slot.

    ``setattr`` reaches properties and ``__class__``, which would let an object change into one of
    another class after its own state was judged.
    """
    return None if own_attributes(state) else "its state must be a dict of its own attributes"
