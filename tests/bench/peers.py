"""Loads and scans of the peers beside ours: ``python tests/bench/peers.py`` (``--venvs FOLDER`` keeps the venvs).

Each peer has a throw-away venv of its own, which sees the libraries of this one. The arms of a case are
processes that live side by side and take turns; a figure is the least processor time of an arm over the
least of the plain one, so that a busy machine counts little. "refuses" means that an arm does not load this
honest file, and "-" that it has no way to load it. Whether an arm guards that load at all is another matter.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]

DUMPS: Final = {
    "250,000 nodes, pickle.load": (
        "pickle.dump([[i,{'a':i,'b':[i]},(i,str(i))] for i in range(31_000)],open(path,'wb'))"
    ),
    "100 MB in one array, pickle.load": "pickle.dump(np.zeros(100_000_000//8),open(path,'wb'),4)",
    "300 arrays of 100 kB, joblib": "joblib.dump([np.full(12_500,float(i)) for i in range(300)],path)",
    "forest of 100 trees, joblib": "joblib.dump(RandomForestClassifier(100).fit(X,X[:,0]>.5),path)",
    "forest of 100 trees, joblib compressed": (
        "joblib.dump(RandomForestClassifier(100).fit(X,X[:,0]>.5),path,compress=3)"
    ),
    "state dict of 40 MB, torch.load": "torch.save({f'l{i}':torch.zeros(166_666) for i in range(60)},path)",
    "state dict of 200 kB, torch.load": "torch.save({f'l{i}':torch.zeros(666) for i in range(75)},path)",
    "state dict of 200 kB, torch.load of the old form": (
        "torch.save({f'l{i}':torch.zeros(666) for i in range(75)},path,_use_new_zipfile_serialization=False)"
    ),
    "5,000 tiny loads": "pickle.dump({'lr':0.1,'steps':[1,2,3],'name':'x'},open(path,'wb'))",
}
TINY: Final = "5,000 tiny loads"


def loads_of(case: str) -> str:
    """The plain load of a case."""
    if "torch" in case:
        return "torch.load(path, weights_only=False)"
    if "joblib" in case:
        return "joblib.load(path)"
    return "[pickle.loads(data) for _ in range(5_000)]" if case == TINY else "pickle.load(open(path,'rb'))"


class Arm(NamedTuple):
    """One way to guard.

    Attributes:
        package: what its venv has; empty for this one's.
        setup: runs before the first load.
        load: what loads; ``LOAD`` stands for the plain load.
    """

    package: str = ""
    setup: str = ""
    load: str = "LOAD"


ARMS: Final = {
    "plain": Arm(),
    "safeload": Arm(setup="import safeload"),
    "torch weights_only": Arm(load="torch.load(path, weights_only=True) if 'torch' in case else NONE"),
    "fickling hook": Arm("fickling", "import fickling; fickling.always_check_safety()"),
    "fickling ML": Arm("fickling", "import fickling.hook; fickling.hook.activate_safe_ml_environment()"),
    "hayward": Arm("hayward", "import hayward.guard; hayward.guard.install()"),
    "hayward strict": Arm("hayward", "import hayward.guard; hayward.guard.install(strict=True)"),
    "picklescan": Arm(
        "picklescan",
        "from picklescan.scanner import scan_file_path, scan_pickle_bytes\n"
        "def seen(found):\n    assert not found.infected_files; return True",
        "[seen(scan_pickle_bytes(io.BytesIO(data), 'x')) and pickle.loads(data) for _ in range(5_000)] if TINY"
        " else (seen(scan_file_path(path)) and LOAD)",
    ),
    "modelscan": Arm(
        "modelscan",
        "from modelscan.modelscan import ModelScan\n"
        "def seen(path):\n    assert not ModelScan().scan(path)['issues']; return True",
        "NONE if TINY else (seen(path) and LOAD)",
    ),
    "skops": Arm(
        "skops",
        "import skops.io",
        "skops.io.load(path+'.skops', trusted=TRUSTED) if 'forest' in case else NONE",
    ),
}

WORKER: Final = """
import io, json, os, resource, sys, time, warnings
warnings.simplefilter('ignore')
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
case, path, setup, load = sys.argv[1:5]
os.environ['SAFELOAD_LOG'] = 'off'
if 'safeload' in setup: sys.path.insert(0, sys.argv[5])
exec(setup) if 'safeload' in setup else None
import pickle
if 'array' in case or 'forest' in case: import numpy as np
if 'joblib' in case: import joblib
if 'forest' in case: from sklearn.ensemble import RandomForestClassifier
if 'torch' in case: import torch
TINY = 'tiny' in case
data = open(path, 'rb').read() if TINY else b''
NONE = 'no way'
exec(setup) if 'safeload' not in setup else None
if 'skops' in setup and 'forest' in case:
    from sklearn.ensemble import RandomForestClassifier
    skops.io.dump(joblib.load(path), path + '.skops')
    TRUSTED = skops.io.get_untrusted_types(file=path + '.skops')
call = compile(load, 'case', 'eval')
def told(what):
    print('\\n::' + json.dumps(what), flush=True)
try:
    result = eval(call)
    told('no way' if result == 'no way' else 'ready')
except BaseException as error:
    told(f'refuses: {type(error).__name__}: {error}'[:200])
result = None
for line in sys.stdin:
    start = time.process_time(); result = eval(call); took = time.process_time() - start
    result = None
    told(took)
"""

def python_of(arm: Arm, venvs: Path) -> str:
    """The arm's interpreter; its venv is made when it is first asked for."""
    if not arm.package:
        return sys.executable
    folder = venvs / arm.package
    if not folder.exists():
        venv.create(folder, with_pip=True)
        (packages,) = (folder / "lib").glob("python*/site-packages")
        mine = {sysconfig.get_paths()["purelib"], *(p for p in sys.path if p.endswith("site-packages"))}
        (packages / "libraries.pth").write_text("\n".join(mine))
        subprocess.run([folder / "bin" / "pip", "install", "-q", arm.package], check=True)
    return str(folder / "bin" / "python")


def spoken(process: subprocess.Popen[str]) -> object:
    """The worker's next line; peers print too."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("::"):
            return json.loads(line[2:])
    process.wait()
    return "over a minute" if process.returncode == -signal.SIGKILL else f"refuses: it ended with {process.returncode}"


def measured(case: str, path: Path, venvs: Path, rounds: int) -> dict[str, str]:
    """Each arm's least processor time over the plain one's."""
    processes, said = {}, {}
    for name, arm in ARMS.items():
        load = arm.load.replace("LOAD", loads_of(case))
        arguments = [case, str(path), arm.setup, load, str(ROOT)]
        processes[name] = subprocess.Popen(
            [python_of(arm, venvs), "-c", WORKER, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        said[name] = spoken(processes[name])
    times: dict[str, list[float]] = {name: [] for name in ARMS if said[name] == "ready"}
    for _ in range(rounds):
        for name, taken in times.items():
            stdin = processes[name].stdin
            assert stdin is not None
            stdin.write("\n")
            stdin.flush()
            taken.append(float(str(spoken(processes[name]))))
    for process in processes.values():
        process.kill()
        process.communicate()
    plain = min(times["plain"])
    found = {name: f"{min(taken) / plain:.2f}" for name, taken in times.items()}
    for name, what in said.items():
        found.setdefault(name, "-" if what == "no way" else str(what).partition(":")[0])
        if str(what).startswith("refuses"):
            print(f"{case}, {name}: {what}", file=sys.stderr)
    found["plain"] = f"{plain * 1000:.1f} ms"
    return found


LIBRARIES: Final = """
import pickle, joblib, numpy as np, sys, torch
from sklearn.ensemble import RandomForestClassifier
path = sys.argv[1]
X = np.random.default_rng(0).random((500, 8))
"""
SCANS: Final = {
    "safeload": ("", [sys.executable, "-m", "safeload", "scan"]),
    "picklescan": ("picklescan", ["picklescan", "-p"]),
    "modelscan": ("modelscan", ["modelscan", "-p"]),
    "hayward": ("hayward", ["hayward", "scan"]),
}
SMALL: Final = """
import pathlib, pickle, sys
import joblib, numpy as np, torch
folder = pathlib.Path(sys.argv[1]); count = int(sys.argv[2])
for i in range(count):
    if i % 4 == 0: joblib.dump({'a': np.arange(i % 50)}, folder / f'{i}.joblib')
    elif i % 4 == 1: torch.save({'w': torch.zeros(8)}, folder / f'{i}.pt')
    else: pickle.dump({'step': i, 'names': ['a', 'b'], 'x': np.float64(i)}, open(folder / f'{i}.pkl', 'wb'))
"""
BIG: Final = """
import torch, sys
torch.save({f'l{i}': torch.zeros(1 << 20) for i in range(int(sys.argv[2]))}, sys.argv[1] + '/big.pt')
"""


def scanned(make: str, count: int, venvs: Path) -> dict[str, str]:
    """Processor seconds of each scanner's command over one folder, and what it exited with."""
    import resource

    found = {}
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", make, folder, str(count)], check=True)
        for name, (package, command) in SCANS.items():
            python = Path(python_of(Arm(package), venvs))
            line = [str(python.parent / command[0]) if package else command[0], *command[1:], folder]
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            started = time.monotonic()
            done = subprocess.run(line, capture_output=True, cwd=ROOT, check=False)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            found[name] = f"{used:.1f} s (exit {done.returncode}, {time.monotonic() - started:.0f} s by the clock)"
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", help="only cases whose name holds this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--venvs", type=Path)
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venvs = told.venvs or folder / "venvs"
        print("| case | " + " | ".join(ARMS) + " |\n|---|" + "---:|" * len(ARMS), flush=True)
        for case, dump in DUMPS.items():
            if told.k not in case:
                continue
            path = folder / "file"
            subprocess.run([sys.executable, "-W", "ignore", "-c", LIBRARIES + dump, str(path)], check=True)
            found = measured(case, path, venvs, told.rounds)
            print(f"| {case} | " + " | ".join(found[arm] for arm in ARMS) + " |", flush=True)
        for what, (make, count) in {
            f"{told.files} small files scanned": (SMALL, told.files),
            "a torch zip of 1 GB scanned": (BIG, 256),
        }.items():
            if told.k in what:
                for scanner, cost in scanned(make, count, venvs).items():
                    print(f"| {what} | {scanner} | {cost} |", flush=True)


if __name__ == "__main__":
    main()
