"""What stand-ins say of numpy's arrays: type, shape, and which bytes. Nothing is built."""

from __future__ import annotations

import re
from typing import Any, Final

from safeload.scan.forms import ArrayForm, Form, FormError, LeftOut, numbers
from safeload.scan.keep import Made, Span
from safeload.scan.nested import ARRAY_WRAPPERS, code_of, has_objects
from safeload.scan.report import GlobalRef, printable
from safeload.scan.torch_forms import REBUILD

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
    str(ref) for ref in (*_RECONSTRUCT, *_FROM_BUFFER, *ARRAY_WRAPPERS, *REBUILD)
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


_ELSEWHERE: Final = frozenset(
    GlobalRef(f"{package}.{module}", name)
    for package in ("joblib", "sklearn.externals.joblib")
    for module in ("numpy_pickle", "numpy_pickle_compat")
    for name in ("NDArrayWrapper", "ZNDArrayWrapper")
)


def _array(made: Made) -> Form | list[Any] | None:  # noqa: PLR0911 - one for each way in which arrays are pickled
    if made.ref in _ELSEWHERE:
        return LeftOut("an array in a file of its own, as joblib wrote before 0.10")
    if made.ref in _RECONSTRUCT:
        _version, shape, dtype, fortran, data = made.state
        if has_objects(dtype):
            return data if type(data) is list else LeftOut("an array of objects in a structure")
        return _of_bytes(data, dtype, shape, fortran=bool(fortran))
    if made.ref in _FROM_BUFFER:
        data, dtype, shape, order, *axes = made.args
        if axes or order not in ("C", "F"):
            return LeftOut("an array whose axes are in an order of their own")
        return _of_bytes(data, dtype, shape, fortran=order == "F")
    if made.ref in ARRAY_WRAPPERS:
        (content,) = made.items
        if not isinstance(content, Span):
            inner = array_form(content) if isinstance(content, Made) else content
            return inner if isinstance(inner, list) else LeftOut("an array of objects")
        state = made.state
        fortran = state["order"] == "F"
        return ArrayForm(content, dtype_of(state["dtype"]), numbers(state["shape"]), fortran)
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
    return ArrayForm(Span(-1, len(data), data), dtype_of(dtype), numbers(shape), fortran)


def dtype_of(made: Any) -> Any:
    """What ``numpy.dtype`` makes the type from, said by a pickled one."""
    code = code_of(made)
    match = _CODE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        msg = f"an array of the type {printable(repr(code), 40)}"
        raise FormError(msg)
    state: Any = getattr(made, "state", None)
    if state is None:
        return code
    order, subarray, names, fields, size = state[1], state[2], state[3], state[4], state[5]
    if subarray is not None:
        base, shape = subarray
        return (dtype_of(base), numbers(shape if isinstance(shape, tuple) else (shape,)))
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
    if len(state) <= 8 or not state[8]:  # noqa: PLR2004 - the ninth is the unit
        return f"{order}{letter}8"
    unit, number = state[8][1][:2]
    unit = str(unit, "utf-8") if isinstance(unit, bytes) else unit
    if unit == "generic":
        return f"{order}{letter}8"
    if not re.fullmatch(r"[A-Za-zμ]{1,2}", unit) or type(number) is not int:
        msg = "times of no unit"
        raise FormError(msg)
    return f"{order}{letter}8[{number}{unit}]"
