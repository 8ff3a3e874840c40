"""The rules of joblib: what its array placeholders may hold.

joblib reads an array from the stream, or from a file beside it, as soon as BUILD has given a
placeholder its state. So the state is all there is to judge.
"""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules_forms import attributes, is_made_by, is_ref_in, is_size, refs
from safeload.allowlists.rules_numpy import STRING_DTYPES, layout_of
from safeload.scan.inert import ref_of

ARRAY_CLASSES: Final = refs(
    """
    numpy: ndarray memmap matrix
    numpy.core.memmap: memmap
    numpy._core.memmap: memmap
    numpy.matrixlib.defmatrix: matrix
    """
)
_DTYPE: Final = refs("numpy: dtype")
_ARRAY_KEYS: Final = frozenset(("subclass", "shape", "order", "dtype", "allow_mmap", "numpy_array_alignment_bytes"))


def _dtype(value: Any) -> bool:
    """A type that has its state: one that got its fields later would make pointers of an array's raw bytes."""
    ref = ref_of(value)
    named = ref is not None and ref.module == "numpy.dtypes" and ref.qualname.endswith("DType")
    return named or is_made_by(value, _DTYPE) and layout_of(value) is not None


def array_state(made: Any, state: Any) -> str | None:
    """An array that follows in the stream: its class, shape, order and type."""
    given = attributes(state)
    if given is None or not given.keys() <= _ARRAY_KEYS:
        return "its state must be a dict of what describes an array"
    alignment = given.get("numpy_array_alignment_bytes")
    fits = (
        is_ref_in(given["subclass"], ARRAY_CLASSES)
        and is_size(given["shape"])
        and given["order"] in ("C", "F")
        and (_dtype(given["dtype"]) or is_made_by(given["dtype"], STRING_DTYPES))  # which a pickle follows, as objects
        and type(given.get("allow_mmap", False)) is bool
        and (alignment is None or type(alignment) is int and 0 < alignment <= 255)
    )
    made.state = dict(given)  # what is read by it, whatever becomes of the dict
    return None if fits else "describes an array that no honest file has"


def bare_name(value: Any) -> bool:
    """A file beside the one that is read, never one elsewhere."""
    return type(value) is str and value not in ("", ".", "..") and not any(character in value for character in "/\\:\0")


def file_state(_: Any, state: Any) -> str | None:
    """joblib up to 0.9: an array in an ``.npy`` file of its own, read with pickles allowed."""
    given = attributes(state)
    if given is None or not {"filename", "subclass", "allow_mmap"} >= given.keys():
        return "its state must be a dict of what describes an array"
    if not bare_name(given["filename"]):
        return f"names a file elsewhere: {str(given['filename'])[:80]!r}"
    fits = is_ref_in(given["subclass"], ARRAY_CLASSES) and type(given.get("allow_mmap", True)) in (
        bool,
        int,
    )
    return None if fits else "describes an array that no honest file has"


def zipped_state(_: Any, state: Any) -> str | None:
    """joblib up to 0.9, compressed: the array's bytes in a file, its description here."""
    given = attributes(state)
    if given is None or {"filename", "init_args", "state"} != given.keys():
        return "its state must be a dict of what describes an array"
    if not bare_name(given["filename"]):
        return f"names a file elsewhere: {str(given['filename'])[:80]!r}"
    cls, shape, kind = given["init_args"]
    version, dimensions, dtype, fortran = given["state"]
    fits = (
        is_ref_in(cls, ARRAY_CLASSES)
        and shape == (0,)
        and kind in ("b", b"b")
        and version == 1
        and is_size(dimensions)
        and _dtype(dtype)
        and type(fortran) in (bool, int)
    )
    return None if fits else "describes an array that no honest file has"
