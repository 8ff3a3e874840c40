"""Guarded time over plain time, in one run: ``python tests/bench/guarded_over_plain.py``.

Each case runs in two fresh processes that live side by side, one guarded and one plain, and take
turns; the figure is the median of the ratios of neighbours, so that a machine whose speed drifts
still gives an honest one. Peak memory is that of processes that run the case once. A case "once in
a process" has two new processes for each pair, in which a small file was loaded before.

Compile first, as an installation does: ``python -m compileall safeload``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CASES = {
    # case: (set-up that writes `path`, the load, rounds)
    "1e6-node nested data": (
        "d=[[i,{'a':i,'b':[i]},(i,str(i))] for i in range(125_000)];pickle.dump(d,open(path,'wb'))",
        "pickle.load(open(path,'rb'))",
        7,
    ),
    "1e6-node nested data, loads": (
        "d=[[i,{'a':i,'b':[i]},(i,str(i))] for i in range(125_000)];pickle.dump(d,open(path,'wb'))",
        "pickle.loads(open(path,'rb').read())",
        7,
    ),
    "3e5 instances": (
        "pickle.dump([thing(i) for i in range(300_000)],open(path,'wb'))",
        "pickle.load(open(path,'rb'))",
        5,
    ),
    "500 MB in one array": (
        "pickle.dump(np.zeros(500_000_000//8),open(path,'wb'),4)",
        "pickle.load(open(path,'rb'))",
        5,
    ),
    "500 MB in one array, joblib": (
        "joblib.dump(np.zeros(500_000_000//8),path)",
        "joblib.load(path)",
        5,
    ),
    "1000 arrays of 100 kB": (
        "pickle.dump([np.full(12_500,float(i)) for i in range(1000)],open(path,'wb'))",
        "pickle.load(open(path,'rb'))",
        11,
    ),
    "1000 arrays of 100 kB, joblib": (
        "joblib.dump([np.full(12_500,float(i)) for i in range(1000)],path)",
        "joblib.load(path)",
        11,
    ),
    "joblib forest of 300 trees": (
        "X=np.random.default_rng(0).random((500,8));joblib.dump(RandomForestClassifier(300).fit(X,X[:,0]>.5),path)",
        "joblib.load(path)",
        11,
    ),
    "torch state dict of 200 MB": (
        "torch.save({f'l{i}':torch.zeros(166_666) for i in range(300)},path)",
        "torch.load(path,weights_only=GUARDED_FALSE)",
        7,
    ),
    "torch state dict of 200 kB": (
        "torch.save({f'l{i}':torch.zeros(666) for i in range(75)},path)",
        "torch.load(path,weights_only=GUARDED_FALSE)",
        41,
    ),
    "10,000 tiny loads": (
        "pickle.dump({'lr':0.1,'steps':[1,2,3],'name':'x'},open(path,'wb'))",
        "[L(B) for _ in range(10_000)]",
        15,
    ),
    "copy.deepcopy": ("path.write_bytes(b'')", "copy.deepcopy(D)", 41),
    "id() in a loop": ("path.write_bytes(b'')", "[id(D) for _ in range(100_000)]", 41),
}

ONCE = {
    # case: (set-up that also writes `small`, the load before, the load, pairs of processes)
    "torch state dict of 200 MB, once in a process": (
        "torch.save({f'l{i}':torch.zeros(166_666) for i in range(300)},path);torch.save({'l':torch.zeros(6)},small)",
        "torch.load(small,weights_only=GUARDED_FALSE)",
        "torch.load(path,weights_only=GUARDED_FALSE)",
        11,
    ),
    "10,000 tiny loads after another load": (
        "pickle.dump({'lr':0.1,'steps':[1,2,3],'name':'x'},open(path,'wb'));pickle.dump(collections.OrderedDict(a=1),open(small,'wb'))",
        "pickle.load(open(small,'rb'))",
        "[L(B) for _ in range(10_000)]",
        15,
    ),
    "1000 arrays of 100 kB, joblib, once in a process": (
        "joblib.dump([np.full(12_500,float(i)) for i in range(1000)],path);joblib.dump([np.zeros(20_000)],small)",
        "joblib.load(small)",
        "joblib.load(path)",
        11,
    ),
}

PRELUDE = """
import sys, json, time, os, pathlib, resource, copy, gc, collections
path = pathlib.Path(sys.argv[1]); small = path.with_suffix('.small')
guarded = sys.argv[2] == 'guarded'; rounds = int(sys.argv[3])
if guarded:
    import safeload
import pickle
sys.path.insert(0, str(path.parent))
source = sys.argv[4] + sys.argv[5]
if 'np.' in source or 'joblib' in source:
    import numpy as np
if 'joblib' in source: import joblib
if 'RandomForest' in source or 'forest' in path.name:
    from sklearn.ensemble import RandomForestClassifier
if 'torch' in source: import torch
if 'thing' in source:
    import bench_things; thing = bench_things.Thing
    if guarded: safeload.allow('bench_things:Thing')
"""

WORKER = (
    PRELUDE
    + """
if sys.argv[4]:
    exec(sys.argv[4]); sys.exit()
GUARDED_FALSE = not guarded  # the plain arm is torch's own weights_only=True, the guarded is False
L = pickle.loads
B = path.read_bytes() if 'tiny' in path.name else b''
D = [[i, {'a': i}] for i in range(300)]
call = compile(sys.argv[5], 'case', 'eval')
if rounds > 1: eval(sys.argv[-1])
print('ready', flush=True)
for line in sys.stdin:
    start = time.perf_counter(); result = eval(call); took = time.perf_counter() - start
    del result
    print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]), flush=True)
"""
)

THINGS = "class Thing:\n    def __init__(s, i): s.a = i; s.b = [i]\n"


def start(path: Path, arm: str, rounds: int, setup: str, *calls: str) -> subprocess.Popen[str]:
    """The load is the first of the calls; the second is made before the first round, in its place."""
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path), arm, str(rounds), setup, *calls],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def once(process: subprocess.Popen[str]) -> tuple[float, int]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    took, peak = json.loads(process.stdout.readline())
    return took, peak


def measure(name: str, folder: Path, setup: str, call: str, rounds: int) -> tuple[float, float, float]:
    """The median ratio guarded/plain, the plain seconds, and the ratio of peak memories."""
    path = written(name, folder, setup, call)
    if "thing" in setup:
        call += " if thing else None"
    peaks = {}
    for arm in ("plain", "guarded"):
        with start(path, arm, 1, "", call) as process:
            assert process.stdout is not None
            process.stdout.readline()
            peaks[arm] = once(process)[1]
            process.communicate()
    with start(path, "guarded", rounds, "", call) as guarded, start(path, "plain", rounds, "", call) as plain:
        for process in (guarded, plain):
            assert process.stdout is not None
            process.stdout.readline()
        pairs = [(once(guarded)[0], once(plain)[0]) for _ in range(rounds)]
        guarded.communicate()
        plain.communicate()
    path.unlink()
    ratio = statistics.median(a / b for a, b in pairs)
    return ratio, statistics.median(b for _, b in pairs), peaks["guarded"] / peaks["plain"]


def written(name: str, folder: Path, setup: str, call: str) -> Path:
    path = folder / (name.replace(" ", "_").replace(",", ""))
    writer = start(path, "plain", 1, setup, call)
    writer.communicate()
    if writer.returncode:
        sys.exit(f"{name}: the set-up failed")
    return path


def measure_once(name: str, folder: Path, case: tuple[str, str, str, int]) -> tuple[float, float, float]:
    """The same of the first load of a file in its process."""
    setup, before, call, rounds = case
    path = written(name, folder, setup, call)
    pairs = []
    for _ in range(rounds):
        pair = []
        for arm in ("guarded", "plain"):
            with start(path, arm, 2, "", call, before) as process:
                assert process.stdout is not None
                process.stdout.readline()
                pair.append(once(process))
                process.communicate()
        pairs.append(pair)
    path.unlink()
    ratio, memory = (statistics.median(a[kind] / b[kind] for a, b in pairs) for kind in (0, 1))
    return ratio, statistics.median(b[0] for _, b in pairs), memory


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-k", default="", help="only cases whose name holds this")
    only = parser.parse_args().k
    print("| case | plain, ms | guarded / plain | peak memory |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bench_things.py").write_text(THINGS)
        for case, (setup, call, rounds) in CASES.items():
            if only in case:
                tell(case, *measure(case, folder, setup, call, rounds))
        for case, told in ONCE.items():
            if only in case:
                tell(case, *measure_once(case, folder, told))


def tell(case: str, ratio: float, seconds: float, memory: float) -> None:
    print(f"| {case} | {seconds * 1000:.1f} | {ratio:.2f} | {memory:.2f} |", flush=True)


if __name__ == "__main__":
    main()
