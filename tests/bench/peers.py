"""Loads and scans of the peers beside ours: ``python tests/bench/peers.py`` makes their venvs where there are none.

Each peer has a venv of its own, which sees the libraries of this one. The arms of a case are processes that
live side by side and take turns; a figure is the least processor time of an arm over the least of the plain
one, so that a busy machine counts little. "refuses" means that an arm does not load this honest file, and "-"
that it has no way to load it. A star: a file of the same form that calls ``os.system`` is run under it.

Of a scan, the least processor time and the most memory of its whole command are told, and the ratio to the
fastest; the commands take turns, too.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterable
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


def suffix_of(case: str) -> str:
    """Some peers pass by what has another name."""
    return next((f".{end}" for word, end in (("torch", "pt"), ("joblib", "joblib")) if word in case), ".pkl")


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

# Whether glibc gives memory back to the system after a round, and takes it page by page in the next, is a matter of
# how the heap lies: it may make any arm half as slow again as the others.
KEEPING: Final = {"MALLOC_TRIM_THRESHOLD_": str(1 << 33), "MALLOC_MMAP_THRESHOLD_": str(1 << 25)}
LIMIT: Final = 60  # seconds of an arm, as below
OVER: Final = "over a minute"

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
ENOUGH = 0.3  # seconds of one round, for the clock may count in ticks: the first round tells how often
NONE = object()
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
    told('no way' if result is NONE else 'ready')
except BaseException as error:
    told(f'refuses: {type(error).__name__}: {error}'[:200])
result = None
again = 1
for line in sys.stdin:
    since, start = time.perf_counter(), time.process_time()
    for _ in range(again):
        result = eval(call)
        result = None
    told((time.process_time() - start) / again)
    again = max(again, min(1000, int(ENOUGH / (time.perf_counter() - since))))
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
    return OVER if process.returncode == -signal.SIGKILL else f"refuses: it ended with {process.returncode}"


def command_of(case: str, arm: Arm, path: Path, venvs: Path) -> list[str]:
    """What starts the arm's process, which loads once and then whenever it is told a line."""
    load = arm.load.replace("LOAD", loads_of(case))
    return [python_of(arm, venvs), "-c", WORKER, case, str(path), arm.setup, load, str(ROOT)]


def runs_a_hostile_one(case: str, arm: Arm, folder: Path, venvs: Path) -> bool:
    """Whether a file of this form that runs a command gets through."""
    path, mark = folder / f"hostile{suffix_of(case)}", folder / "ran"
    mark.unlink(missing_ok=True)
    dump = next(end for word, end in HOSTILE.items() if word in case)
    subprocess.run([sys.executable, "-W", "ignore", "-c", DEED + dump, path, mark], check=True)
    once = arm._replace(load=arm.load.replace("LOAD", loads_of(case)).replace("5_000", "1"))
    subprocess.run(command_of(case, once, path, venvs), stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return mark.exists()


LONG: Final = 3.0  # seconds: what takes longer is measured once


def measured(case: str, path: Path, venvs: Path, rounds: int) -> dict[str, str]:
    """Each arm's least processor time over the plain one's."""
    processes, said = {}, {}
    for name, arm in ARMS.items():
        processes[name] = subprocess.Popen(
            command_of(case, arm, path, venvs),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | KEEPING,
        )  # fmt: skip
        said[name] = spoken(processes[name])
    times: dict[str, list[float]] = {name: [] for name in ARMS if said[name] == "ready"}
    for _ in range(1 + rounds):
        for name, taken in times.items():
            stdin = processes[name].stdin
            assert stdin is not None
            if taken and taken[0] > LONG:
                continue  # once is enough
            stdin.write("\n")
            stdin.flush()
            answer = spoken(processes[name])
            taken.append(answer if isinstance(answer, float) else float("inf"))  # it was killed: over a minute
    for process in processes.values():
        process.kill()
        process.communicate()
    least = {name: min(taken[1:] or taken) for name, taken in times.items()}
    plain = least["plain"]
    found = {name: f"{taken / plain:.2f}" if taken < LIMIT else OVER for name, taken in least.items()}
    for name, what in said.items():
        found.setdefault(name, "-" if what == "no way" else str(what).partition(":")[0])
        if str(what).startswith("refuses"):
            print(f"{case}, {name}: {what}", file=sys.stderr)
    for name in least.keys() - {"plain", "skops"}:  # which reads files of its own alone
        found[name] += "*" if runs_a_hostile_one(case, ARMS[name], path.parent, venvs) else ""
    found["plain"] = f"{plain * 1000:.1f} ms"
    return found


LIBRARIES: Final = """
import pickle, joblib, numpy as np, sys, torch
from sklearn.ensemble import RandomForestClassifier
path = sys.argv[1]
X = np.random.default_rng(0).random((500, 8))
"""
DEED: Final = """
import joblib, os, pickle, sys, torch
path = sys.argv[1]
class Deed:
    def __reduce__(self):
        return os.system, (f'touch {sys.argv[2]}',)
"""
HOSTILE: Final = {
    "old form": "torch.save({'a': Deed()}, path, _use_new_zipfile_serialization=False)",
    "torch": "torch.save({'a': Deed()}, path)",
    "compressed": "joblib.dump([Deed()], path, compress=3)",
    "joblib": "joblib.dump([Deed()], path)",
    "": "pickle.dump(Deed(), open(path, 'wb'))",
}
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


class Cost(NamedTuple):
    """What one command took.

    Attributes:
        seconds: of processors.
        memory: at most, in MB.
        code: what it exited with.
    """

    seconds: float
    memory: float
    code: int


def cost_of(line: list[str], output: Path) -> Cost:
    with output.open("wb") as file:
        process = subprocess.Popen(line, stdout=file, stderr=file, cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, process.returncode)


def scanned(make: str, count: int, venvs: Path, rounds: int) -> dict[str, str]:
    """What each scanner's command costs over one folder."""
    costs: dict[str, list[Cost]] = {name: [] for name in SCANS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "files")
        folder.mkdir()
        subprocess.run([sys.executable, "-c", make, folder, str(count)], check=True)
        for _ in range(rounds):
            for scanner, (package, command) in SCANS.items():
                python = Path(python_of(Arm(package), venvs))
                if costs[scanner] and costs[scanner][0].seconds > LONG * 5:
                    continue
                line = [str(python.parent / command[0]) if package else command[0], *command[1:], str(folder)]
                costs[scanner].append(cost_of(line, Path(name, "output")))
    least = min(cost.seconds for taken in costs.values() for cost in taken)
    found = {}
    for scanner, taken in costs.items():
        best = min(taken)
        memory = max(cost.memory for cost in taken)
        found[scanner] = f"{best.seconds:.2f} s ({best.seconds / least:.1f}), {memory:.0f} MB, exit {best.code}"
    return found


def versions(venvs: Path) -> str:
    """Which peers these are."""
    told = []
    for package in dict.fromkeys(arm.package for arm in ARMS.values() if arm.package):
        ask = f"from importlib.metadata import version; print(version({package!r}))"
        done = subprocess.run([python_of(Arm(package), venvs), "-c", ask], capture_output=True, text=True, check=True)
        told.append(f"{package} {done.stdout.strip()}")
    return ", ".join(told)


def header(names: Iterable[str]) -> str:
    columns = list(names)
    return f"| {' | '.join(columns)} |\n|---|" + "---:|" * (len(columns) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", help="only cases whose name holds this")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir(), "safeload-peers"))
    parser.add_argument("--without", action="append", default=[], help="leave out an arm that takes too long here")
    told = parser.parse_args()
    for arm in told.without:
        ARMS.pop(arm, None)
        SCANS.pop(arm, None)
    print(versions(told.venvs), end="\n\n", flush=True)
    print(header(["case", *ARMS]), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for case, dump in DUMPS.items():
            if told.k in case:
                path = Path(folder, f"file{suffix_of(case)}")
                subprocess.run([sys.executable, "-W", "ignore", "-c", LIBRARIES + dump, path], check=True)
                found = measured(case, path, told.venvs, told.rounds)
                print(f"| {case} | " + " | ".join(found[arm] for arm in ARMS) + " |", flush=True)
    print("\n" + header(["scanned", *SCANS]), flush=True)
    for what, (make, count) in {
        f"{told.files:,} small files": (SMALL, told.files),
        "a torch zip of 1 GB": (BIG, 256),
    }.items():
        if told.k in what:
            costs = scanned(make, count, told.venvs, told.rounds)
            print(f"| {what} | " + " | ".join(costs[scanner] for scanner in SCANS) + " |", flush=True)


if __name__ == "__main__":
    main()
