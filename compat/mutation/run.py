"""Which faults in the guard no test notices: ``python compat/mutation/run.py --seed 1 --count 100``.

Takes as many faults at random from the modules of ``suites.py``, puts each into a process of its own, and runs
there the tests that reach its line, the quick ones first, until one fails. What no test notices is printed.
Needs ``coverage``, by which it finds out first which tests reach which lines, and that they pass.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from explained import explained
from mutants import Fault, Spoiler
from suites import ALSO, MODULES

ROOT: Final = Path(__file__).resolve().parents[2]


def copied(folder: Path) -> Path:
    """The tree as it stands, to be spoilt."""
    tree = folder / "tree"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    built = [str(path.relative_to(ROOT)) for path in (ROOT / "safeload").glob("*.so")]
    for name in (*filter(None, names.split("\0")), *built):
        if name.startswith(("safeload", "tests", "pyproject", "compat", "docs", "README")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


def chosen(tree: Path, told: argparse.Namespace, tell: Any) -> Iterator[tuple[str, Fault]]:
    """As many faults, in the same order for a seed; or those that survived an earlier run."""
    names = MODULES if not told.module else (told.module,)
    files = {name: Spoiler(tree / "safeload" / f"{name}.py") for name in names}
    tell({"faults": {name: len(file) for name, file in files.items()}})
    places = [(name, place) for name, file in files.items() for place in range(len(file))]
    if told.again:
        known = {}
        for line in (line for path in told.again for line in path.read_text().splitlines()):
            one = json.loads(line)
            if "end" in one:
                known[one["module"], one["where"], one["what"]] = one["end"]
        left = {key for key, end in known.items() if end == "survived"}
        faults = ((name, files[name].fault(place)) for name, place in places if name in {module for module, *_ in left})
        yield from ((name, fault) for name, fault in faults if (name, fault.where, fault.what) in left)
        return
    random.Random(told.seed).shuffle(places)
    for name, place in places[told.first : told.first + told.count]:
        yield name, files[name].fault(place)


def noticed_by(tree: Path, paths: tuple[str, ...]) -> str:
    """The first test that fails in processes of their own, of those that start some themselves."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-rf", "--tb=no", "-p", "no:cacheprovider", *paths]
    env = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, timeout=900, check=False)
    except subprocess.TimeoutExpired:
        return "no end"
    return next((line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))), "")


@contextmanager
def spoilt(path: Path, fault: Fault) -> Iterator[None]:
    """A file with the fault in it, for the processes that tests start, and no bytecode that might look as new."""
    original = path.read_text()
    Path(cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(fault.source)
    try:
        yield
    finally:
        path.write_text(original)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="leave out those before it")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--module", default="", help="only this one")
    parser.add_argument("--again", type=Path, nargs="*", help="only what survived, by these records of earlier runs")
    parser.add_argument("--also", action="store_true", help="run the slow tests too, for what survives the rest")
    parser.add_argument("--reach", type=Path, help="where to keep what is known of the tests, for a next run")
    return parser.parse_args()


def main() -> None:
    told = arguments()
    out = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

    def tell(facts: dict[str, Any]) -> None:
        print(json.dumps(facts), file=out, flush=True)

    def work(session: Any) -> None:
        began = time.monotonic()
        left_out = session.watched(told.reach)
        tell({"tests": len(session.items), "fail without a fault": left_out, "s": round(time.monotonic() - began)})
        until = time.monotonic() + told.seconds
        ends: Counter[str] = Counter()
        for number, (module, fault) in enumerate(chosen(tree, told, tell), told.first):
            began = time.monotonic()
            if began > until:
                break
            with spoilt(tree / "safeload" / f"{module}.py", fault):
                end = session.tested(module, fault)
                slow = ALSO.get(module, ()) if told.also and end["end"] == "survived" else ()
                if slow and (by := noticed_by(tree, slow)):
                    end = {"end": "killed", "by": by}
            if end["end"] == "survived" and explained(module, fault):
                end["end"] = "explained"
            ends[end["end"]] += 1
            facts = {"module": module, "where": fault.where, "line": fault.line, "what": fault.what}
            tell({"number": number, **facts, **end, "s": round(time.monotonic() - began, 1)})
        tell({"ends": dict(sorted(ends.items()))})

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        tree = copied(Path(folder))
        tell({"seed": told.seed, "commit": commit.stdout.decode().strip()})
        from session import Session

        Session(tree, work).run()


if __name__ == "__main__":
    main()
