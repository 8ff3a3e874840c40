"""Which faults in the guard no test notices: ``python compat/mutation/run.py --seed 1 --count 100``.

Takes as many faults at random from the modules below, writes each into a copy of the tree, and runs the
tests that concern the module, the quick ones first, until one fails. What no test notices is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent))

from mutants import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
PATIENCE_S: Final = 900
ONE: Final = "tests/doors/test_one_unpickler_for_many.py"
JOBLIB: Final = "tests/doors/test_joblib_in_c.py"
SEEN: Final = "tests/scan/test_evasions_are_seen.py"
SCANS: Final = ("tests/scan/test_two_readings.py", ONE, SEEN, "tests/scan/test_formats.py")
JUDGED: Final = "tests/doors/test_what_was_judged_is_loaded.py"
LOADS: Final = (ONE, "tests/doors/test_faults.py", JUDGED, "tests/test_allowing.py", JOBLIB)
REFUSALS: Final = ("tests/evasions", "-k", "under_the_guard and first")
TESTS: Final = {
    "guard": (LOADS, REFUSALS),
    "loads": (LOADS, REFUSALS),
    "policy": (("tests/test_allowing.py", "tests/test_errors.py", *SCANS), REFUSALS),
    "tape": (LOADS, REFUSALS),
    "replay": (LOADS, REFUSALS),
    "scan/look": (SCANS, REFUSALS),
    "scan/inert": (SCANS, REFUSALS),
    "scan/entry": (SCANS, REFUSALS),
    "scan/keeping": (SCANS, REFUSALS),
    "scan/nested": ((*SCANS, JOBLIB), REFUSALS),
    "scan/strain": ((JOBLIB,), ("tests/evasions", "-k", "under_the_guard and exhaustion and first")),
    "scan/listen": (LOADS, REFUSALS),
    "scan/standin": (SCANS, REFUSALS),
}
WARM: Final = ("numpy", "scipy.sparse", "pandas", "joblib", "sklearn.ensemble", "torch", "pytest", "hypothesis")


def copied(folder: Path) -> Path:
    """The tree as it stands, to be spoilt."""
    tree = folder / "tree"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    built = [str(path.relative_to(ROOT)) for path in (ROOT / "safeload").glob("*.so")]
    for name in (*filter(None, names.split("\0")), *built):
        if name.startswith(("safeload", "tests", "pyproject", "compat/search", "compat/fuzz")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def tested(tree: Path, suites: tuple[tuple[str, ...], ...]) -> str:
    """In a fork, so that big libraries are imported once: ``survived``, or by which suite it was killed."""
    for number, suite in enumerate(suites):
        pid = os.fork()
        if not pid:
            os.setsid()
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            os.chdir(tree)
            sys.path[:0] = [str(tree), str(tree / "tests")]
            os.environ["PYTHONPATH"] = str(tree)
            import pytest

            os._exit(int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *suite])))
        code = ended(pid)
        if code:
            return f"killed in {number}" if code > 0 else "killed by time or signal"
    return "survived"


def ended(pid: int) -> int:
    """The exit code of a child, negative where it was ended."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -1


def chosen(seed: int, count: int) -> list[tuple[str, Mutant]]:
    """As many faults, in turn of the modules."""
    dice = random.Random(seed)
    found: list[tuple[str, Mutant]] = []
    for module in TESTS:
        made = list(mutants_of((ROOT / "safeload" / f"{module}.py").read_text()))
        dice.shuffle(made)
        found += [(module, mutant) for mutant in made[: -(-count // len(TESTS))]]
    dice.shuffle(found)
    return found[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--module", default="", help="only this one")
    told = parser.parse_args()
    for name in WARM:
        __import__(name)
    until = time.monotonic() + told.seconds
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        tree = copied(Path(name))
        for module, mutant in chosen(told.seed, told.count):
            if time.monotonic() > until or told.module not in ("", module):
                continue
            path = tree / "safeload" / f"{module}.py"
            original = path.read_text()
            path.write_text(mutant.source)
            end = tested(tree, TESTS[module])
            path.write_text(original)
            ends[f"{module}: {end}"] += 1
            facts = {"end": end, "module": module, "line": mutant.line, "what": mutant.what}
            print(json.dumps(facts), flush=True)
    print(json.dumps({"seed": told.seed, "ends": dict(sorted(ends.items()))}), flush=True)


if __name__ == "__main__":
    main()
