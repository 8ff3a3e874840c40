"""The loaders that a child knows: what each has to have done before the lock, and how it reads the file.

All that a library imports late it has to import before: after the lock no file can be opened.
"""

from __future__ import annotations

import io
import os
import pickle
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from safeload.sandbox import emit, planning
from safeload.sandbox.live import LiveWalk
from safeload.scan.sniff import HEAD, sniff
from safeload.scan.unpack import ENGINES, Unpacked

MOST: Final = 10_000  # pickles in one file


@dataclass(frozen=True, slots=True)
class Reader:
    """One way to read a file.

    Attributes:
        prepare: is given the modules that the file names.
        load: is given the descriptors of the file and of the output; what it returns is told to the parent.
    """

    prepare: Callable[[tuple[str, ...]], None]
    load: Callable[[int, int], Any]


class Bytes(io.RawIOBase):
    """The file by its bytes alone: what has a descriptor, libraries duplicate and map."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.at = descriptor, 0
        self.size = os.lseek(descriptor, 0, os.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, room: Any) -> int:
        count = os.preadv(self.descriptor, [room], self.at)
        self.at += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            msg = "before the beginning of the file"
            raise ValueError(msg)
        self.at = start + offset
        return self.at

    def tell(self) -> int:
        return self.at


def opened(descriptor: int) -> io.BufferedReader[Any]:
    """The file as loaders take it."""
    return io.BufferedReader(Bytes(descriptor), 1 << 16)


def _run(load: Callable[[Any], Any]) -> Callable[[int, int], None]:
    """A loader, and then the numbers of what it made."""

    def loaded(file: int, output: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value, walk = load(opened(file)), LiveWalk()
            emit.write(output, walk.run(value))

    return loaded


# --- torch --------------------------------------------------------------------------------------


def _prepare_torch(modules: tuple[str, ...]) -> None:
    """Save and load a little in both formats, and pack a little where the file is quantized."""
    import torch

    for new in (True, False):
        file = io.BytesIO()
        torch.save({"a": torch.ones(2)}, file, _use_new_zipfile_serialization=new)
        file.seek(0)
        torch.load(file, map_location="cpu", weights_only=False)
    module = torch.nn.Linear(2, 2)
    module.state_dict()
    if any(name == "torch" or "quantized" in name for name in modules):
        _prepare_quantized(torch)


def _prepare_quantized(torch: Any) -> None:
    """Its engine asks for the processor's features at its first use; the one that writes machine code may not."""
    if "fbgemm" in torch.backends.quantized.supported_engines:
        torch.backends.quantized.engine = "fbgemm"
    weight = torch.quantize_per_tensor(torch.ones(2, 2), 0.1, 0, torch.qint8)
    try:
        packed = torch.ops.quantized.linear_prepack(weight, None)
        torch.ops.quantized.linear_unpack(packed)
    except RuntimeError:
        return  # this torch was built without


def _load_torch(file: Any) -> Any:
    import torch

    return torch.load(file, map_location="cpu", weights_only=False)


# --- the others ---------------------------------------------------------------------------------


def _prepare_joblib(_modules: tuple[str, ...]) -> None:
    import joblib

    file = io.BytesIO()
    joblib.dump([1], file, compress=1)
    file.seek(0)
    joblib.load(file)


def _load_joblib(file: Any) -> Any:
    import joblib

    return joblib.load(file)


def _prepare_numpy(_modules: tuple[str, ...]) -> None:
    import numpy as np

    file = io.BytesIO()
    np.save(file, np.array([None]), allow_pickle=True)
    file.seek(0)
    np.load(file, allow_pickle=True)


def _load_numpy(file: Any) -> Any:
    import numpy as np

    found = np.load(file, allow_pickle=True)
    return dict(found) if hasattr(found, "files") else found


def _load_pickles(file: Any) -> Any:
    """One after another, as the inert reader takes them."""
    kind = sniff(file.peek(HEAD)[:HEAD])
    if kind in ENGINES:
        file = io.BufferedReader(Unpacked(file, kind, file.raw.size), 1 << 16)
    try:
        values = [pickle.load(file)]  # noqa: S301 - what this process is for
    except UnicodeDecodeError:  # Python 2 wrote it
        file.seek(0)
        values = [pickle.load(file, encoding="latin1")]  # noqa: S301 - the same
    while file.peek(1) and len(values) < MOST:
        try:
            values.append(pickle.load(file))  # noqa: S301 - the same
        except Exception:  # noqa: BLE001 - something else follows
            break
    return values[0] if len(values) == 1 else values


def _nothing(_modules: tuple[str, ...]) -> None:
    """Nothing is needed."""


READERS: Final = {
    "torch": Reader(_prepare_torch, _run(_load_torch)),
    "joblib": Reader(_prepare_joblib, _run(_load_joblib)),
    "numpy": Reader(_prepare_numpy, _run(_load_numpy)),
    "pickle": Reader(_nothing, _run(_load_pickles)),
    "plan": Reader(planning.prepare, planning.load),
}
