"""What a pin costs: ``python tests/bench/trust.py [MEGABYTES]`` prints the table of docs/explanation/why-bytes.md.

Each load has a process of its own and is made three times; the best is shown.
"""

from __future__ import annotations

import json
import os
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


def main(megabytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        make = f"import torch; torch.save({{'w': torch.zeros({megabytes} << 18)}}, 'm.pt')"
        subprocess.run([sys.executable, "-c", make], cwd=folder, check=True)
        os.utime(Path(folder, "m.pt"), (1, 1))
        pin = [sys.executable, "-m", "safeload", "pin", "m.pt", "--reason", "a bench"]
        environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", "SAFELOAD_CACHE": f"{folder}/cache"}
        subprocess.run(pin, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        Path(folder, "other.lock").write_text("version = 1\n")
        print(f"| {megabytes} MiB, `weights_only=True` | read: ms (CPU) | mapped: ms (CPU) |\n|---|---|---|")
        for way, words in WAYS.items():
            lock = "other.lock" if way == "not pinned" else "safeload.lock"
            cells = []
            for how in ("read", "mapped"):
                done = subprocess.run(
                    [sys.executable, "-c", CHILD, way, how],
                    cwd=folder, env=environment | {"SAFELOAD_LOCK": lock}, capture_output=True, text=True, check=True,
                )  # fmt: skip
                wall, cpu = json.loads(done.stdout)
                cells.append(f"{wall * 1000:.0f} ({cpu * 1000:.0f})")
            print(f"| {words} | {' | '.join(cells)} |")


main(int(sys.argv[1]) if sys.argv[1:] else 256)
