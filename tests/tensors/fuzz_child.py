"""Mutates files and takes their tensors out, in a process of little memory: ``fuzz_child.py SEED ROUNDS``."""

from __future__ import annotations

import io
import pickle
import random
import resource
import sys

import joblib
import numpy as np
import torch
from kit_of_tensors import Head, saved
from safetensors.torch import save

import safeload

resource.setrlimit(resource.RLIMIT_CPU, (200, 200))  # of its own time: machines are busy
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))  # torch alone takes some
ROOM = 600_000  # kB of memory beyond what it took before


def dumped(value: object, **options: object) -> bytes:
    out = io.BytesIO()
    joblib.dump(value, out, **options)
    return out.getvalue()


def arrays(*_: object) -> bytes:
    out = io.BytesIO()
    np.savez(out, a=np.ones(3), b=np.zeros((2, 2)))
    return out.getvalue()


STATE = {"w": torch.arange(40.0).view(5, 8).t(), "p": torch.nn.Parameter(torch.ones(2)), "n": 3}
TABLE = {"a": np.arange(6.0).reshape(2, 3), "r": np.array([(1, 2.0)], dtype="i4,f8"), "o": np.array([1, "x"], object)}
SEEDS = [
    saved(STATE),
    saved(STATE, _use_new_zipfile_serialization=False),
    saved(Head()),
    saved(Head(), _use_new_zipfile_serialization=False),
    pickle.dumps({"t": torch.ones(3)}),
    *(pickle.dumps(TABLE, protocol) for protocol in (0, 2, 5)),
    dumped(TABLE),
    dumped(TABLE, compress=3),
    arrays(),
    save({"w": torch.ones(3), "i": torch.arange(4)}),
]


def mutated(data: bytes, chance: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        at = chance.randrange(len(out))
        what = chance.randrange(6)
        if what == 0:
            out[at] = chance.randrange(256)
        elif what == 1:
            out[at] ^= 1 << chance.randrange(8)
        elif what == 2:
            out[at : at + chance.randrange(1, 9)] = chance.randbytes(chance.randrange(9))
        elif what == 3:
            other = chance.randrange(len(out))
            out[at : at + 8] = out[other : other + 8]
        elif what == 4:
            out[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"))
        elif len(out) > 30:
            del out[at : at + chance.randrange(1, 20)]
    return bytes(out)


def used(tensors: object) -> int:
    """Read every number: what lies outside its storage would crash here."""
    count = 0
    for tensor in (*tensors.values(), *tensors.beside.values()):  # type: ignore[attr-defined]
        if isinstance(tensor, torch.Tensor):
            if tensor.numel() < 1 << 20:
                count += len(tensor.detach().contiguous().flatten().view(torch.uint8).tolist()) if tensor.numel() else 0
        else:
            count += len(tensor.tobytes())
    return count


def main(seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    outcomes = {"taken": 0, "refused": 0}
    for data in SEEDS:
        assert used(safeload.load_tensors(data)) > 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(rounds):
        data = mutated(chance.choice(SEEDS), chance)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            for framework in (None, "np"):
                used(safeload.load_tensors(data, framework=framework))
            outcomes["taken"] += 1
        except safeload.TensorsError:
            outcomes["refused"] += 1
        except BaseException:
            print(f"round {number}: {data!r}", file=sys.stderr)
            raise
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        if grown > ROOM // 4:
            print(f"round {number}: {grown} kB for {data!r}", file=sys.stderr)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < ROOM, f"{grown} kB"
    print(outcomes)


main(int(sys.argv[1]), int(sys.argv[2]))
