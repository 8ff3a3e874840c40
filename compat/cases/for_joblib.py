"""joblib: every compression, big arrays, arrays of objects, and estimators."""

import numpy as np
from shapes import Case, joblibbed


def values():
    return {"w": np.arange(12.0).reshape(3, 4), "o": np.array([{"a": 1}, None], dtype=object), "n": [1, "x", None]}


def forest():
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(5, random_state=0).fit(np.arange(20).reshape(10, 2), [0, 1] * 5)


def mapped(path):
    import joblib

    return joblib.load(path, mmap_mode="r")


def kept(path):
    """A result in a Memory's store, read by another one."""
    import joblib

    return joblib.Memory(path, verbose=0).cache(values)()


CASES = {
    "plain": joblibbed(values),
    **{f"{name}": joblibbed(values, compress=(name, 3)) for name in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4")},
    "compress=True": joblibbed(values, compress=True),
    "protocol 2": joblibbed(values, protocol=2),
    "big array": joblibbed(lambda: np.zeros((600, 600))),
    "fortran array": joblibbed(lambda: np.asfortranarray(np.eye(9))),
    "mapped": Case(joblibbed(lambda: np.eye(9)).make, mapped),
    "sub-classes of arrays": joblibbed(lambda: [np.matrix([[1]]), np.ma.masked_array([1], [0])]),
    "forest": joblibbed(forest),
    "forest, compressed": joblibbed(forest, compress=3),
    "memory": Case(kept, kept),
}
