"""What a child costs: the first use, the one that starts the helper, and those that it serves.

python tests/bench/sandbox.py
"""

from __future__ import annotations

import io
import os
import statistics
import time
from pathlib import Path

import torch

import safeload
from safeload import state
from safeload.policy import Inert, Policy
from safeload.sandbox import warm

ROUNDS = 20


def timed(content: bytes, sandbox: str) -> float:
    before = time.perf_counter()
    safeload.load_tensors(content, sandbox=sandbox)  # type: ignore[arg-type]
    return (time.perf_counter() - before) * 1000


def row(name: str, content: bytes, sandbox: str = "always") -> None:
    warm.end_helpers()
    first, second = timed(content, sandbox), timed(content, sandbox)
    rest = sorted(timed(content, sandbox) for _ in range(ROUNDS))
    print(f"| {name} | {first:.0f} | {second:.0f} | {statistics.median(rest):.0f} | {rest[0]:.0f} |")


def main() -> None:
    file = io.BytesIO()
    torch.save(torch.nn.Linear(64, 64).state_dict(), file)
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| file | first, ms | second, ms | later, ms (median) | least |\n|---|---|---|---|---|")
    row("a small state dict of torch's, run", file.getvalue())
    row("a pickle of the standard library's, run", b"cmath\nsqrt\n(I9\ntR.")
    state.STATE.policy = Policy(inert=Inert.CHILD)
    row('the small state dict, read with `inert = "child"`', file.getvalue(), "never")
    helper = next(iter(state.STATE.helpers.values()))
    print(f"a helper's memory: {Path(f'/proc/{helper.pid}/statm').read_text().split()[1]} pages")


if __name__ == "__main__":
    main()
