"""Which faults in the guard no test notices: ``python compat/mutation/run.py --seed 1 --count 100``.

Takes as many faults at random from the modules below, writes each into a copy of the tree, and runs the
tests that reach its line, quick ones first, until one fails. What no test notices is printed. Needs
``coverage``, by which it finds out first which tests reach which lines, and that they pass.
"""

from __future__ import annotations

import argparse
import json
import os
import py_compile
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from explained import explained
from mutants import Fault, Spoiler
from reach import Chosen, Reach, Watcher, environment
from suites import CHILDREN, FIRST, MODULES, ROWS

ROOT: Final = Path(__file__).resolve().parents[2]
WARM: Final = ("numpy", "scipy.sparse", "pandas", "joblib", "sklearn.ensemble", "torch", "pytest", "hypothesis")
SLOWER: Final = 5  # times what the same tests take without a fault, and then the fault has hung them
SPARE_S: Final = 30


def copied(folder: Path) -> Path:
    """The tree as it stands, to be spoilt."""
    tree = folder / "tree"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    built = [str(path.relative_to(ROOT)) for path in (ROOT / "safeload").glob("*.so")]
    for name in (*filter(None, names.split("\0")), *built):
        if name.startswith(("safeload", "tests", "pyproject", "compat/search", "compat/fuzz", "docs", "README")):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    return tree


class Ended(Exception):  # noqa: N818 - no error: the tests of a child are over
    """How a child's tests ended.

    Attributes:
        code: pytest's, or less than nothing where the child was ended.
        told: what it wrote.
    """

    def __init__(self, code: int, told: str) -> None:
        super().__init__(code)
        self.code, self.told = code, told


def in_fork(tree: Path, suite: tuple[str, ...], patience_s: float, plugin: Any, found: Path | None = None) -> Ended:
    """Tests in a fork, so that big libraries are imported once."""
    told, tells = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            environment(tree, found)
            if patience_s:
                resource.setrlimit(resource.RLIMIT_CPU, (int(patience_s), int(patience_s)))
            import pytest

            made = plugin(tells)
            options = ("-q", "-p", "no:cacheprovider") if found else ("-q", "-x", "-p", "no:cacheprovider")
            code = int(pytest.main([*options, *suite], plugins=[made]))
            if found is not None:
                made.told().write(found / "reach")
        finally:
            os._exit(locals().get("code", 3))
    os.close(tells)
    code = waited(pid, 3 * patience_s or 3600)
    with open(told, "rb", closefd=True) as file:
        os.set_blocking(told, False)
        return Ended(code, (file.read() or b"").decode())


def waited(pid: int, patience_s: float) -> int:
    """The exit code of a child, negative where it was ended."""
    until = time.monotonic() + patience_s
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.02)
        done, status = os.waitpid(pid, os.WNOHANG)
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # it, or what it left
    if not done:
        os.waitpid(pid, 0)
        return -1
    return os.waitstatus_to_exitcode(status)


def reach_of(tree: Path, folder: Path) -> Reach:
    """What is to be known of the tests; ends the program if any fails without a fault."""
    total = Reach()
    others = tuple(dict.fromkeys(path for paths in CHILDREN.values() for path in paths))
    for suite in (FIRST, ROWS, others):
        found = folder / "found"
        found.mkdir()
        ended = in_fork(tree, suite, 0, lambda _, found=found: Watcher(tree, found), found)
        if ended.code:
            sys.exit(f"without a fault, {' '.join(suite)} ends with {ended.code}: run it by itself")
        reach = Reach.read(found / "reach")
        total.seconds |= reach.seconds
        for name, lines in reach.lines.items():
            for line, ran in lines.items():
                total.lines.setdefault(name, {}).setdefault(line, []).extend(ran)
        shutil.rmtree(found)
    return total


def tested(tree: Path, fault: Fault, module: str, reach: Reach) -> dict[str, Any]:
    """``survived``, or how it was killed."""
    wanted = reach.wanted(f"safeload/{module}.py", fault.lines)
    others = CHILDREN.get(module, ())
    of_others = {name for name in reach.seconds if name.startswith(others or "-")}
    ran = 0
    for suite, names in ((FIRST, wanted), (ROWS, wanted), (others, of_others)):
        if not suite:
            continue
        chosen = reach.seconds if names is None else names
        patience = SLOWER * sum(reach.seconds.get(name, 0.0) for name in chosen) + SPARE_S
        ended = in_fork(tree, suite, patience, lambda out, names=names: Chosen(names, reach, out))
        if ended.code not in (0, 5):  # 5: none of them is to be run
            how = ended.told or ("no end" if ended.code < 0 else f"pytest ended with {ended.code}")
            return {"end": "killed", "by": how}
        ran += len(chosen)
    return {"end": "survived", "tests": ran}


def chosen(told: argparse.Namespace) -> Iterator[tuple[str, Fault]]:
    """As many faults, in the same order for a seed; or those that survived an earlier run."""
    names = MODULES if not told.module else (told.module,)
    files = {name: Spoiler((ROOT / "safeload" / f"{name}.py").read_text()) for name in names}
    print(json.dumps({"faults": {name: len(file) for name, file in files.items()}}), flush=True)
    places = [(name, place) for name, file in files.items() for place in range(len(file))]
    if told.again is not None:
        known = map(json.loads, told.again.read_text().splitlines())
        left = {(one["module"], one["where"], one["what"]) for one in known if one.get("end") == "survived"}
        faults = ((name, files[name].fault(place)) for name, place in places if name in {module for module, *_ in left})
        yield from ((name, fault) for name, fault in faults if (name, fault.where, fault.what) in left)
        return
    random.Random(told.seed).shuffle(places)
    for name, place in places[told.first : told.first + told.count]:
        yield name, files[name].fault(place)


@contextmanager
def spoilt(path: Path, fault: Fault) -> Iterator[None]:
    """A file with the fault in it, and no bytecode of it without, which might look as new."""
    original = path.read_text()
    Path(cache_from_source(str(path))).unlink(missing_ok=True)
    path.write_text(fault.source)
    try:
        yield
    finally:
        path.write_text(original)
        py_compile.compile(str(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="leave out those before it")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--module", default="", help="only this one")
    parser.add_argument("--again", type=Path, help="only what survived in this record of an earlier run")
    parser.add_argument("--reach", type=Path, help="where to keep what is known of the tests, for the next run")
    told = parser.parse_args()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, check=True)
    print(json.dumps({"seed": told.seed, "commit": commit.stdout.decode().strip()}), flush=True)
    for name in WARM:
        __import__(name)
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        tree = copied(Path(name))
        if told.reach is not None and told.reach.exists():
            reach = Reach.read(told.reach)
        else:
            reach = reach_of(tree, Path(name))
            if told.reach is not None:
                reach.write(told.reach)
        until = time.monotonic() + told.seconds
        for number, (module, fault) in enumerate(chosen(told), told.first):
            if time.monotonic() > until:
                break
            began = time.monotonic()
            with spoilt(tree / "safeload" / f"{module}.py", fault):
                end = tested(tree, fault, module, reach)
            if end["end"] == "survived" and explained(module, fault):
                end["end"] = "explained"
            ends[end["end"]] += 1
            facts = {"module": module, "where": fault.where, "line": fault.line, "what": fault.what}
            print(json.dumps({**end, "number": number, **facts, "s": round(time.monotonic() - began, 1)}), flush=True)
    print(json.dumps({"ends": dict(sorted(ends.items()))}), flush=True)


if __name__ == "__main__":
    main()
