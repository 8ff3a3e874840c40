"""What a pin costs: ``python tests/bench/trust.py [MEGABYTES]`` prints the table of docs/explanation/bench.md.

Each load has a process of its own and is made three times; the best is shown. The ways take turns, round after round,
and a ratio is the median of those of neighbours: each against the plain load of its own round.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHILD = """
import json, os, sys, time
if sys.argv[1] != "plain":
    import safeload
import torch
if sys.argv[1] != "plain":
    from safeload.pins import held, known
    if sys.argv[1] == "in place":
        held.COPY_LIMIT = 0
    if sys.argv[1] != "digest remembered":
        known.WORTH = 1 << 62
best = (1e9, 1e9)
for _ in range(3 + (sys.argv[1] == "digest remembered")):
    wall, cpu = time.perf_counter(), time.process_time()
    torch.load("m.pt", weights_only=True, mmap=sys.argv[2] == "mapped")
    best = min(best, (time.perf_counter() - wall, time.process_time() - cpu))
print(json.dumps(best))
"""
WAYS = {
    "plain": "torch.load without safeload",
    "not pinned": "with a lock file, whose sizes are others",
    "sealed copy": "pinned: `sealed copy`",
    "in place": "pinned: `in place`",
    "digest remembered": "pinned: `in place, digest remembered`",
}
HOWS = ("read", "mapped")
ROUNDS = 5


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make = f"import torch; torch.save({{'w': torch.zeros({megabytes} << 18)}}, 'm.pt')"
        subprocess.run([sys.executable, "-c", make], cwd=folder, check=True)
        os.utime(Path(folder, "m.pt"), (1, 1))
        pin = [sys.executable, "-m", "safeload", "pin", "m.pt", "--reason", "a bench"]
        environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", "SAFELOAD_CACHE": f"{folder}/cache"}
        subprocess.run(pin, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        Path(folder, "other.lock").write_text("version = 1\n")
        times: dict[tuple[str, str], list[tuple[float, float]]] = {(way, how): [] for way in WAYS for how in HOWS}
        for _ in range(ROUNDS):
            for (way, how), found in times.items():
                lock = "other.lock" if way == "not pinned" else "safeload.lock"
                found.append(_load(way, how, folder, environment | {"SAFELOAD_LOCK": lock}))
    print(f"| {megabytes} MiB, `weights_only=True` | read: ms | CPU, ms | CPU over plain | mapped: ms |")
    print("|---|---:|---:|---:|---:|")
    for way, words in WAYS.items():
        read, mapped, plain = times[way, "read"], times[way, "mapped"], times["plain", "read"]
        ratio = statistics.median(mine[1] / other[1] for mine, other in zip(read, plain, strict=True))
        cells = (min(read)[0] * 1000, min(cpu for _, cpu in read) * 1000, min(mapped)[0] * 1000)
        print(f"| {words} | {cells[0]:.0f} | {cells[1]:.0f} | {ratio:.2f} | {cells[2]:.0f} |")


def _load(way: str, how: str, folder: str, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of the best of three."""
    command = [sys.executable, "-c", CHILD, way, how]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    wall, cpu = json.loads(done.stdout)
    return wall, cpu


main(int(sys.argv[1]) if sys.argv[1:] else 256)
