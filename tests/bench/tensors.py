"""The twin, the conversion and ``load_tensors`` against what one does without: ``python tests/bench/tensors.py``.

Every figure is of a fresh process and of one state dict; those that are compared take turns, and the
ratios are medians of neighbours: of the clock's time, and of the processor's, which says more where others
work on the machine. Peak memory is what the process took beyond its imports.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

WRITE = """
import sys, torch
megabytes = int(sys.argv[2])
torch.save({f"layers.{i}.weight": torch.randn(1024, 1024) for i in range(megabytes // 4)}, sys.argv[1])
"""

# The load is timed alone, after the imports; each number of the result is read once where `read` is given.
CHILD = """
import os, resource, sys, time
path, out = sys.argv[1:3]
{setup}
def memory(what):
    return int(next(l for l in open("/proc/self/status") if l.startswith(what)).split()[1]) / 1024
before = memory("VmRSS")
def used():
    told = resource.getrusage(resource.RUSAGE_SELF)
    return told.ru_utime + told.ru_stime
cpu, start = used(), time.perf_counter()
{work}
print(time.perf_counter() - start, used() - cpu, memory("VmHWM") - before)
"""

OURS = "import torch, safeload; safeload.load_tensors; torch.set_num_threads(1)"
OTHER = "import torch; torch.set_num_threads(1)"
READ = "found = torch.load(path); sum(float(t.sum()) for t in found.values())"

CASES = {
    # case: (set-up, work) of ours and of the other
    "torch.load through the twin / torch.load without safeload": (
        (OURS, "found = torch.load(path)"),
        (OTHER, "found = torch.load(path)"),
    ),
    "the same, and every number read": (
        (OURS, READ),
        (OTHER, READ),
    ),
    "load_tensors / torch.load without safeload": (
        (OURS, "found = safeload.load_tensors(path)"),
        (OTHER, "found = torch.load(path)"),
    ),
    "convert / copying the file, both to the disk": (
        ("import safeload; safeload.convert", "safeload.convert(path, out)"),
        (
            "import shutil",
            "shutil.copyfile(path, out); f = os.open(out, os.O_RDONLY); os.fsync(f)",
        ),
    ),
}


def run(setup: str, work: str, path: Path, out: Path) -> tuple[float, float, float]:
    out.unlink(missing_ok=True)
    code = CHILD.format(setup=setup, work=work)
    done = subprocess.run([sys.executable, "-c", code, path, out], capture_output=True, text=True, check=True)
    out.unlink(missing_ok=True)
    seconds, cpu, megabytes = map(float, done.stdout.split())
    return seconds, cpu, megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    told = parser.parse_args()
    print("| case | time | processor time | s of processor time | MB at most |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "x.pt"), Path(folder, "out.safetensors")
        subprocess.run([sys.executable, "-c", WRITE, path, str(told.megabytes)], check=True)
        subprocess.run([sys.executable, "-m", "safeload", "convert", path], check=True, stdout=subprocess.DEVNULL)
        for case, (ours, other) in CASES.items():
            pairs = [(run(*ours, path, out), run(*other, path, out)) for _ in range(told.rounds)]
            ratios = [statistics.median(a[kind] / b[kind] for a, b in pairs) for kind in (0, 1)]
            times = [statistics.median(pair[i][1] for pair in pairs) for i in (0, 1)]
            peaks = [max(pair[i][2] for pair in pairs) for i in (0, 1)]
            row = f"{ratios[0]:.2f} | {ratios[1]:.2f} | {times[0]:.3f} / {times[1]:.3f}"
            print(f"| {case} | {row} | {peaks[0]:.0f} / {peaks[1]:.0f} |", flush=True)


main()
