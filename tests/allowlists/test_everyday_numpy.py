"""What honest programs keep in pickles of numpy's things, at every protocol."""

from __future__ import annotations

import collections
import functools
import pickle
import typing
from typing import Any, Final

import pytest

from .judged import refusals
from .test_everyday import cases, check

np: Any = pytest.importorskip("numpy")

ALIGNED: Final = np.dtype([("a", "i1"), ("b", "f8")], align=True)
RNG: Final = np.random.default_rng(0)

DTYPES: Final[dict[str, Any]] = {
    "numbers": [np.dtype(c) for c in ("?", "b", "B", "h", "i", "q", "Q", "e", "f", "d", "g", "F")],
    "swapped numbers": [np.dtype(c) for c in (">i2", ">f8", ">c16", ">M8[us]")],
    "object": np.dtype("O"),
    "strings": [np.dtype(c) for c in ("S0", "S5", "U0", "U7", ">U2", "V0", "V9")],
    "dates": [np.dtype(f"M8[{unit}]") for unit in ("Y", "M", "D", "h", "25s", "ns", "as")],
    "date without unit": [np.dtype("M8"), np.dtype("m8")],
    "struct": np.dtype([("a", "f4"), ("b", "S3"), ("c", "U2")]),
    "struct of objects": np.dtype([("a", "f4"), ("b", "O"), ("c", "O", (2,))]),
    "nested struct": np.dtype([("x", [("y", "S3"), ("z", "M8[D]")]), ("w", "U2", (2,))]),
    "aligned struct": [ALIGNED, np.dtype([("x", ALIGNED), ("y", "O")], align=True)],
    "swapped struct": ALIGNED.newbyteorder(">"),
    "struct with gaps": np.dtype(
        {"names": ["a"], "formats": ["i1"], "offsets": [3], "itemsize": 9}
    ),
    "overlapping struct": np.dtype(
        {"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 2]}
    ),
    "titles": np.dtype([(("a title", "a"), "i1"), ("b", "f4")]),
    "subarrays": [np.dtype(("f4", (2, 3))), np.dtype((("f4", (2,)), (3,)))],
    "empty struct": np.dtype([]),
    "record": [np.dtype((np.record, [("a", "f4")])), np.dtype((np.record, ALIGNED))],
    "parts of a number": np.dtype(("i4", [("low", "i2"), ("high", "i2")])),
    "metadata": [np.dtype("f4", metadata={"a": 1}), np.dtype("M8[ns]", metadata={"a": 1})],
}

VALUES: Final[dict[str, Any]] = {
    "arrays": [np.arange(3), np.zeros((2, 3)), np.array(5), np.zeros((0, 3)), np.ones(2, bool)],
    "order": [np.asfortranarray(np.ones((2, 3))), np.ones((2, 3, 4)).transpose(1, 0, 2)],
    "stepped": np.arange(10.0)[::3],
    "shared": [np.arange(3)] * 2,
    "objects": np.array([1, "a", None, [2]], dtype=object),
    "arrays in objects": np.array([np.arange(2), None], dtype=object),
    "struct scalar": np.zeros(1, "i4,f4")[0],
    "struct scalar of objects": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")])[0],
    "scalars": [np.float32(1), np.int64(2), np.bool_(True), np.complex64(1j), np.longdouble(1)],
    "text scalars": [np.str_("a"), np.str_(""), np.bytes_(b"a"), np.bytes_(b""), np.void(b"ab")],
    "date scalars": [np.datetime64("2020-01-01"), np.timedelta64(3, "s"), np.datetime64("NaT")],
    "matrix": np.matrix([[1]]),
    "recarray": np.rec.array([(1, 2.0)], names="a,b"),
    "record": np.rec.array([(1, 2.0)], names="a,b")[0],
    "masked": [np.ma.array([1, 2], mask=[1, 0]), np.ma.zeros(2, "i4,f4")],
    "masked values": [np.ma.masked, np.ma.zeros(2, "i4,f4")[0]],
    "generators": [np.random.default_rng(1), np.random.RandomState(3)],
    "bit generators": [
        getattr(np.random, name)(1) for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
    ],
    "seeds": [np.random.SeedSequence(3), np.random.SeedSequence([1, 2]).spawn(1)[0]],
    "legacy random state": np.random.get_state(),
    "polynomials": [np.poly1d([1, 2]), np.polynomial.Polynomial([1]), np.polynomial.Chebyshev([1])],
    "iinfo": np.iinfo("i4"),
    "types": [np.float32, np.bool_, np.str_, np.ndarray, np.memmap, np.int_, np.number, np.ufunc],
    "type hints": [list[np.ndarray], np.ndarray | None, typing.Dict[str, np.ndarray], dict[str, list[np.ndarray]]],  # noqa: UP006
    "dtype classes": [type(np.dtype("f8")), type(np.dtype("O"))],
    "functions": [np.mean, np.log1p, np.exp, np.linalg.norm, np.fft.fft, np.add, np.ma.median],
    "partial": functools.partial(np.clip, a_min=0, a_max=None),
    "defaultdict": collections.defaultdict(np.float64, {"a": np.float64(1)}),
}


@cases(DTYPES)
def test_dtypes(value: Any) -> None:
    check(value)


@cases(DTYPES)
def test_arrays_of_every_dtype(value: Any) -> None:
    for dtype in value if isinstance(value, list) else [value]:
        check([np.zeros((2, 2), dtype, order="F"), np.zeros(3, dtype)[::2]])


@cases(VALUES)
def test_values(value: Any) -> None:
    check(value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_chararray() -> None:
    check(np.char.array(["ab", "c"]))


def test_string_dtype() -> None:
    dtypes = pytest.importorskip("numpy.dtypes")
    if not hasattr(dtypes, "StringDType"):
        pytest.skip("numpy 1 has no StringDType")
    for kind in (dtypes.StringDType(), dtypes.StringDType(na_object=None, coerce=False)):
        check([kind, np.array(["a", "a much longer text"], dtype=kind)])


def test_buffers_out_of_band() -> None:
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(np.arange(1000.0), 5, buffer_callback=buffers.append)
    assert buffers
    assert refusals(stream) == []


def test_text_that_numpy_wrote_under_python_2() -> None:
    """Its dtypes lack the flag that numpy has for text since."""
    scalar = (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'U1'\nI0\nI1\ntR(I3\nS'<'\nNNNI4\nI4\nI0\ntbS'{!\\x00\\x00'\ntR."
    )
    assert refusals(scalar) == []
