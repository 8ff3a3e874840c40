"""The doors that a made stream is loaded through, each as a program would."""

from __future__ import annotations

import contextlib
import gzip
import io
import pickle
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pickles import OBJECTS, in_npz, in_tar, in_torch_zip, in_torchs_old_form

import safeload

NONE: Final = "no such event"
# torch's weights-only unpickler looks up whatever codec a file names for _codecs.encode, which it calls itself.
CODECS: Final = "import ('encodings."
HEADER: Final = "compile ("  # numpy reads the header of an array as a literal


@dataclass(frozen=True)
class Way:
    """One door.

    Attributes:
        load: what a program calls.
        share: how often it is taken, against the others.
        pack: what is written around the stream.
        looks_first: whether nothing is asked for in a load that is refused.
        unpickles: whether it loads at all.
        again: whether parts are loads of their own, looked at again, and errors are worded otherwise in C.
        renames: the library's unpickler asks for other names than the file's.
        harmless: how an event begins that the library's own reading raises.
    """

    load: Callable[[bytes], object]
    share: int
    pack: Callable[[bytes], bytes] = bytes
    looks_first: bool = True
    unpickles: bool = True
    harmless: str = NONE
    again: bool = False
    renames: bool = False


def _file(data: bytes) -> object:
    file = io.BytesIO(data)
    return pickle.load(file), file.tell()


def _buffered(data: bytes) -> object:
    file = io.BufferedReader(io.BytesIO(data))  # type: ignore[arg-type]
    return pickle.load(file), file.tell()


def _twice(data: bytes) -> object:
    unpickler = pickle.Unpickler(io.BytesIO(data + data))
    return unpickler.load(), unpickler.load()


def _tensors(data: bytes) -> object:
    return safeload.load_tensors(io.BytesIO(data))


class Own(pickle.Unpickler):
    def persistent_load(self, pid: object) -> object:
        return pid


class Renaming(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def ways() -> dict[str, Way]:
    """All doors of the libraries that are here."""
    found = {
        "loads": Way(pickle.loads, 24),
        "load": Way(_file, 10),
        "buffered": Way(_buffered, 1),
        "gzip": Way(lambda data: pickle.load(gzip.GzipFile(fileobj=io.BytesIO(data))), 1, lambda data: gzip.compress(data, 1)),
        "twice": Way(_twice, 1, looks_first=False),
        "own": Way(lambda data: Own(io.BytesIO(data)).load(), 4),
        "renaming": Way(lambda data: Renaming(io.BytesIO(data)).load(), 1),
        "python": Way(pickle._loads, 5),
        "latin1": Way(lambda data: pickle.loads(data, encoding="latin1", fix_imports=False), 6),
        "buffers": Way(lambda data: pickle.loads(data, buffers=[b"ab", bytearray(b"cd")]), 8),
        "scan": Way(safeload.scan, 2, unpickles=False),
        "scan, torch": Way(safeload.scan, 1, in_torch_zip, unpickles=False),
        "scan, tar": Way(safeload.scan, 1, in_tar, unpickles=False),
        "tensors": Way(_tensors, 1, unpickles=False),
    }
    with contextlib.suppress(ImportError):
        found |= _joblibs()
    with contextlib.suppress(ImportError):
        found |= _torchs()
    with contextlib.suppress(ImportError):
        found |= _numpys()
    return found


def _joblibs() -> dict[str, Way]:
    import joblib

    return {
        "joblib": Way(lambda data: joblib.load(io.BytesIO(data)), 2, again=True),
        "joblib, zlib": Way(lambda data: joblib.load(io.BytesIO(data)), 1, lambda data: zlib.compress(data, 1), again=True),
    }


def _torchs() -> dict[str, Way]:
    import torch

    def plain(data: bytes) -> object:
        return torch.load(io.BytesIO(data), weights_only=False)

    return {
        "torch": Way(plain, 1, in_torch_zip),
        "torch, old form": Way(plain, 1, in_torchs_old_form, looks_first=False),
        "weights_only": Way(lambda data: torch.load(io.BytesIO(data), weights_only=True), 2, in_torch_zip, harmless=CODECS),
        "tensors, torch": Way(_tensors, 2, in_torch_zip, unpickles=False),
        "tensors, tar": Way(_tensors, 1, in_tar, unpickles=False),
    }


def _numpys() -> dict[str, Way]:
    import numpy as np

    found = {
        "npy": Way(lambda data: np.load(io.BytesIO(data), allow_pickle=True), 1, OBJECTS.__add__, harmless=HEADER),
        "npz": Way(lambda data: np.load(io.BytesIO(data), allow_pickle=True)["a"], 1, in_npz, harmless=HEADER),
        "tensors, npz": Way(_tensors, 1, in_npz, unpickles=False, harmless=HEADER),
    }
    with contextlib.suppress(ImportError):
        import pandas as pd

        found["pandas"] = Way(lambda data: pd.read_pickle(io.BytesIO(data)), 1, renames=True)
    return found


# Another each time: torch writes where in memory a storage is, numpy draws a seed where a file has none.
DRAWN: Final = (b"_load_from_bytes", b"SeedSequence", b"seed_seq")
ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]+")
CHANGING: Final = re.compile(r"[-+0-9.e,\\[\]\s]+|nan|inf|True|False")


def form(value: object) -> object:
    """What of a value can be compared with another load's."""
    try:
        data = pickle.dumps(value, 4)
    except Exception:
        return text_of(value)
    return text_of(value) if any(name in data for name in DRAWN) else data


def text_of(value: object) -> object:
    """The same where that is another each time: a tensor may be longer than its file, and end in what was in memory."""
    try:
        return CHANGING.sub("#", ADDRESS.sub("", repr(value))[:2000])
    except Exception as error:  # an object that its state left unfinished
        return type(value), type(error)
