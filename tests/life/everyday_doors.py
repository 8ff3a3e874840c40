"""Take every everyday value through every door and say whether it came back as it was.

A program: prints, as JSON, for each value and door, ``equal`` or what happened instead.
"""

from __future__ import annotations

import _pickle
import io
import json
import pickle
import shelve
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import everyday_values

# safeload arrives here

Through = Callable[[Any], Any]


def same(left: Any, right: Any) -> bool:  # noqa: PLR0911 - every kind has its own equality
    """Whether two values are equal through and through, types included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, type | types.BuiltinFunctionType | types.EllipsisType):
        return left is right
    if isinstance(left, BaseException):
        return same(left.args, right.args)
    kind = type(left).__module__.partition(".")[0]
    if kind in EQUAL:
        return EQUAL[kind](left, right)
    return bool(left == right)


def same_torch(left: Any, right: Any) -> bool:
    import torch

    if isinstance(left, torch.nn.Module):
        return same(left.state_dict(), right.state_dict())
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left.to_dense(), right.to_dense())
    return bool(left == right)


def same_numpy(left: Any, right: Any) -> bool:
    import numpy as np

    if isinstance(left, np.random.Generator | np.random.RandomState):
        return list(left.permutation(9)) == list(right.permutation(9))
    if isinstance(left, np.ma.MaskedArray):
        return same(left.filled(), right.filled()) and same(left.mask, right.mask)
    if isinstance(left, np.ndarray):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype == object:
            return same(left.tolist(), right.tolist())
        return left.tobytes() == right.tobytes() and left.flags.f_contiguous == right.flags.f_contiguous
    return bool(left == right)


def same_model(left: Any, right: Any) -> bool:
    import numpy as np

    samples = np.random.default_rng(0).normal(size=(20, 2))
    return repr(left) == repr(right) and bool(np.array_equal(left.predict(samples), right.predict(samples)))


EQUAL: dict[str, Callable[[Any, Any], bool]] = {
    "numpy": same_numpy,
    "pandas": lambda a, b: bool(a.equals(b)) if hasattr(a, "equals") else bool(a == b),
    "scipy": lambda a, b: not (a != b).nnz,
    "sklearn": same_model,
    "torch": same_torch,
}


def in_file(dump: Callable[[Any, str], Any], load: Callable[[str], Any], name: str) -> Through:
    def through(value: Any) -> Any:
        dump(value, name)
        return load(name)

    return through


def pickle_doors() -> Iterator[tuple[str, Through]]:
    for p in (0, 2, pickle.DEFAULT_PROTOCOL, 5):
        yield f"loads, protocol {p}", lambda v, p=p: pickle.loads(pickle.dumps(v, p))
        yield f"Unpickler, protocol {p}", lambda v, p=p: pickle.Unpickler(io.BytesIO(pickle.dumps(v, p))).load()
        yield f"_loads, protocol {p}", lambda v, p=p: pickle._loads(pickle.dumps(v, p))
    yield "load", in_file(lambda v, n: pickle.dump(v, open(n, "wb")), lambda n: pickle.load(open(n, "rb")), "a.pkl")
    yield "_pickle.load", lambda v: _pickle.load(io.BytesIO(pickle.dumps(v)))
    yield "shelve", shelved


def shelved(value: Any) -> Any:
    with shelve.open("shelf", "n") as shelf:
        shelf["key"] = value
    with shelve.open("shelf", "r") as shelf:
        return shelf["key"]


def library_doors() -> Iterator[tuple[str, Through]]:
    import cloudpickle
    import joblib
    import numpy as np
    import pandas as pd

    for compress in (0, 3, ("gzip", 3), ("lzma", 3)):
        dump = lambda v, n, c=compress: joblib.dump(v, n, compress=c)  # noqa: E731 - as users write it
        yield f"joblib, compress={compress}", in_file(dump, joblib.load, "a.joblib")
    yield (
        "numpy save",
        lambda v: in_file(
            lambda v, n: np.save(n, boxed(v), allow_pickle=True), lambda n: np.load(n, allow_pickle=True), "a.npy"
        )(v)[0],
    )
    yield (
        "numpy savez",
        lambda v: in_file(
            lambda v, n: np.savez(n, key=boxed(v)), lambda n: np.load(n, allow_pickle=True)["key"], "a.npz"
        )(v)[0],
    )
    for suffix in ("pkl", "pkl.gz", "pkl.zip", "pkl.xz"):
        yield f"pandas {suffix}", in_file(pd.to_pickle, pd.read_pickle, f"b.{suffix}")
    yield "cloudpickle", lambda v: cloudpickle.loads(cloudpickle.dumps(v))


def boxed(value: Any) -> Any:
    import numpy as np

    box = np.empty(1, dtype=object)
    box[0] = value
    return box


def torch_doors(*, weights_only: bool) -> Iterator[tuple[str, Through]]:
    import torch

    options: dict[str, Any] = {} if weights_only else {"weights_only": False}
    load = lambda n: torch.load(n, **options)  # noqa: E731 - as users write it
    yield f"torch {options}", in_file(torch.save, load, "a.pt")
    old = lambda v, n: torch.save(v, n, _use_new_zipfile_serialization=False)  # noqa: E731
    yield f"torch, old format {options}", in_file(old, load, "b.pt")
    yield f"torch mmap {options}", in_file(torch.save, lambda n: torch.load(n, mmap=True, **options), "c.pt")


def tables(what: str) -> Iterator[tuple[str, dict[str, Callable[[], Any]], list[tuple[str, Through]]]]:
    """Which values go through which doors."""
    pickled, values = list(pickle_doors()), everyday_values
    if what == "everyday":
        yield "", values.EVERYDAY, pickled
        yield "own: ", values.OWN, pickled
    elif what == "science":
        libraries = list(library_doors())
        yield "", values.EVERYDAY, libraries
        yield "own: ", values.OWN, libraries
        yield "science: ", values.science(), pickled + libraries
    else:
        both = [*torch_doors(weights_only=True), *torch_doors(weights_only=False)]
        yield "torch: ", values.torch_values(), [*both, *pickled]
        yield "", values.EVERYDAY, list(torch_doors(weights_only=False))
        yield "science: ", values.science(), list(torch_doors(weights_only=False))


def main(what: str) -> None:
    found = {}
    for prefix, rows, doors in tables(what):
        for name, make in rows.items():
            for door, through in doors:
                label = f"{prefix}{name} through {door}"
                try:
                    found[label] = "equal" if same(make(), through(make())) else "changed"
                except Exception as error:  # noqa: BLE001 - told
                    found[label] = f"{type(error).__name__}: {error}"
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
