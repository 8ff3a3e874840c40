"""numpy: .npy and .npz by its own functions, and pickles of everything it has, at old and new protocols."""

import numpy as np
from shapes import Case, pickled

RNG = np.random.RandomState(0)


def saved(factory):
    return Case(
        lambda path: np.save(path.open("wb"), factory(), allow_pickle=True),
        lambda path: np.load(path, allow_pickle=True),
    )


def zipped(factory):
    return Case(
        lambda path: np.savez_compressed(path.open("wb"), **factory()),
        lambda path: dict(np.load(path, allow_pickle=True).items()),
    )


def drawn(bits):
    generator = np.random.Generator(bits(7))
    generator.random(3)
    return generator


CASES = {
    "npy of floats": saved(lambda: RNG.normal(size=(5, 3))),
    "npy of objects": saved(lambda: np.array([{"a": 1}, None, "x", [np.float64(2)]], dtype=object)),
    "npy of a structure": saved(lambda: np.zeros(3, dtype=[("a", "<i4"), ("b", "U5")])),
    "npz": zipped(lambda: {"x": RNG.normal(size=4), "names": np.array(["a", None], dtype=object)}),
    "arrays, protocol 2": pickled(lambda: {"w": RNG.normal(size=(4, 4)), "b": np.zeros(4, "f2")}, protocol=2),
    "arrays, protocol 5": pickled(lambda: [RNG.normal(size=(4, 4)), np.asfortranarray(np.eye(3))], protocol=5),
    "scalars": pickled(lambda: [np.float32(1), np.int64(2), np.bool_(True), np.str_("x"), np.complex64(1j)]),
    "dates": pickled(lambda: np.array(["2020-01-01", "NaT"], "M8[D]")),
    "types": pickled(lambda: [np.dtype("f4"), np.dtype([("a", "O"), ("b", "<i8", 2)]), np.float32]),
    "record array": pickled(lambda: np.rec.array([(1, "a"), (2, "b")], dtype=[("x", int), ("y", "U1")])),
    "masked array": pickled(lambda: np.ma.masked_array([1.0, 2, 3], mask=[0, 1, 0])),
    "matrix": pickled(lambda: np.matrix([[1, 2], [3, 4]])),
    "random state": pickled(lambda: np.random.RandomState(3)),
    "generator PCG64": pickled(lambda: drawn(np.random.PCG64)),
    "generator MT19937": pickled(lambda: drawn(np.random.MT19937)),
    "generator Philox": pickled(lambda: drawn(np.random.Philox)),
    "generator SFC64": pickled(lambda: drawn(np.random.SFC64)),
    "seed sequence": pickled(lambda: np.random.SeedSequence(5).spawn(2)),
    "polynomial": pickled(lambda: np.polynomial.Polynomial([1, 2, 3])),
    "poly1d": pickled(lambda: np.poly1d([1, 2])),
    "ufuncs": pickled(lambda: [np.add, np.exp, np.mean]),
}
