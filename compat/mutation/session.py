"""A process that has imported and collected everything, and forks for each fault.

The function with the fault is exchanged in the fork, so no fault costs an import. Which tests run which
lines is found once, without a fault: a fault in a line is no matter to a test that never comes there.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import importlib
import itertools
import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final

import pytest
from mutants import Fault
from suites import FIRST, MODULES, ROWS

SLOWER: Final = 5  # times what the same tests take without a fault, and then the fault has hung them
SPARE_S: Final = 15
ROW_S: Final = 20
Place = tuple[str, int, int]


class Session:
    """The tests of one tree, as a plugin of pytest's.

    Attributes:
        seconds: what each test took.
        reach: for every file and line, the tests that ran it.
    """

    def __init__(self, tree: Path, work: Callable[[Session], None]) -> None:
        self.tree, self.work = tree, work
        self.items: dict[str, pytest.Item] = {}
        self.seconds: dict[str, float] = {}
        self.reach: dict[str, dict[str, list[str]]] = {}
        self.functions: dict[str, list[FunctionType]] = {}
        self.caches: list[Any] = []

    def run(self) -> None:
        """Import, collect, and do the work."""
        os.chdir(self.tree)
        sys.path[:0] = [str(self.tree), str(self.tree / "tests")]
        os.environ["PYTHONPATH"] = str(self.tree)
        os.environ |= {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        sys.argv = ["arm", "late"]
        arm = importlib.import_module("evasions.arm")
        arm.LIMIT_S = ROW_S  # type: ignore[attr-defined]
        for row in arm.ROWS.values():
            with contextlib.suppress(Exception):
                arm.prepare(row)
        code = pytest.main(["-q", "-s", "-p", "no:cacheprovider", "-W", "ignore", *FIRST, ROWS], plugins=[self])
        if code:
            sys.exit(f"pytest ended with {code}")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if not self._is_of_another_arm(item)]
        self.items = {item.nodeid: item for item in items}

    @staticmethod
    def _is_of_another_arm(item: pytest.Item) -> bool:
        return item.nodeid.startswith(ROWS) and not ("under_the_guard" in item.name and item.name.endswith("-late]"))

    def pytest_runtestloop(self) -> bool:
        sys.modules["evasions.conftest"].Arm = Here  # type: ignore[attr-defined]
        for one in gc.get_objects():
            if type(one) is FunctionType and one.__code__.co_filename.startswith(f"{self.tree}/safeload/"):
                self.functions.setdefault(one.__code__.co_filename, []).append(one)
            elif type(one) is functools._lru_cache_wrapper and one.__module__.startswith("safeload"):
                self.caches.append(one)
        self.work(self)
        return True

    def watched(self, kept: Path | None) -> list[str]:
        """Find out what runs what; what an earlier run kept is not run again. Leaves out what fails without a fault."""
        files = [self.tree / "safeload" / f"{name}.py" for name in MODULES]
        source = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
        left_out: list[str] = []
        if kept is not None and kept.exists():
            of, seconds, reach, failed = json.loads(kept.read_text())
            if of == source:
                self.seconds, self.reach, left_out = seconds, reach, failed
        with (self.tree.parent / "reach").open("w+") as file:
            new = [name for name in self.items if name not in self.seconds]
            in_fork(lambda _: self._watch(new, file.fileno()), 3600)
            file.seek(0)
            self.seconds, reach, failed = json.load(file)
        for name, lines in reach.items():
            here = self.reach.setdefault(name, {})
            for line, ran in lines.items():
                here[line] = [*here.get(line, ()), *ran]
        left_out += failed
        if kept is not None:
            kept.write_text(json.dumps((source, self.seconds, self.reach, left_out)))
        self.items = {name: item for name, item in self.items.items() if name not in left_out}
        return left_out

    def _watch(self, names: list[str], out: int) -> int:
        watcher, failed = Watcher(self.tree), []
        for item in self._ordered(names):
            watcher.turn_to(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._next.get(item.nodeid))
            if self.failed:
                failed.append(self.failed)
                self.failed = ""
        with os.fdopen(out, "w", closefd=False) as file:
            json.dump((self.seconds, watcher.told(), failed), file)
        return 0

    def _ordered(self, names: list[str]) -> list[pytest.Item]:
        """By file, for what the tests of a file share: the quick files first, the quick tests first."""
        takes: defaultdict[str, float] = defaultdict(float)
        for name in names:
            takes[file_of(name)] += self.seconds.get(name, 0)
        names.sort(key=lambda name: (takes[file_of(name)], file_of(name), self.seconds.get(name, 0)))
        ordered = [self.items[name] for name in names]
        self._next = {item.nodeid: after for item, after in itertools.pairwise(ordered)}
        return ordered

    def tests_for(self, module: str, fault: Fault) -> list[str]:
        here = self.reach.get(f"safeload/{module}.py", {})
        names = {name for line in fault.lines for name in here.get(str(line), ())}
        return [name for name in names if name in self.items]

    def tested(self, module: str, fault: Fault) -> dict[str, Any]:
        """``survived``, or how it was killed."""
        names = self.tests_for(module, fault)
        patience = SLOWER * sum(self.seconds[name] for name in names) + SPARE_S
        code, told = in_fork(lambda tells: self._try(fault, names, tells), patience)
        if not code:
            return {"end": "survived", "tests": len(names)}
        return {"end": "killed", "by": told or f"the end of the process ({code})"}

    def _try(self, fault: Fault, names: list[str], tells: int) -> int:
        self._put_in(fault)
        for item in self._ordered(names):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self._next.get(item.nodeid))
            if self.failed:
                os.write(tells, self.failed.encode())
                return 1
        return 0

    failed = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0) + report.duration
        if report.failed:
            self.failed = report.nodeid

    def _put_in(self, fault: Fault) -> None:
        spoilt = dict(places(fault.code))
        there = self.functions.get(fault.code.co_filename, [])
        known: dict[CodeType, Place] = {}
        seen: Counter[tuple[str, int]] = Counter()
        for one in there:
            code = one.__code__
            if code not in known:
                where = (code.co_qualname, code.co_firstlineno)
                known[code] = (*where, seen[where])
                seen[where] += 1
            if known[code] in spoilt:
                one.__code__ = spoilt[known[code]]
        for cache in self.caches:
            cache.cache_clear()


def file_of(test: str) -> str:
    return test.partition("::")[0]


def places(code: CodeType, seen: Counter[tuple[str, int]] | None = None) -> Iterator[tuple[Place, CodeType]]:
    """The code of every function in a module's."""
    seen = Counter() if seen is None else seen
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            where = (inner.co_qualname, inner.co_firstlineno)
            yield (*where, seen[where]), inner
            seen[where] += 1
            yield from places(inner, seen)


class Here:
    """In the place of a loading process of the evasion table's: this one, which is all that it would be."""

    def __init__(self, name: str) -> None:
        self.arm = sys.modules["evasions.arm"]

    def ask(self, key: str, at: Path) -> Any:
        row = self.arm.ROWS[key]
        try:
            self.arm.prepare(row)
        except (ImportError, AssertionError) as missing:
            return {"missing": str(missing)}
        return self.arm.run(row, str(at))

    def close(self) -> None:
        """It ends with this one."""


class Watcher:
    """Notes which test runs which lines, here and in the forks of the evasion table."""

    def __init__(self, tree: Path) -> None:
        import coverage

        self.tree = tree
        self.found = tree.parent / "found"
        self.found.mkdir()
        self.kind = functools.partial(
            coverage.Coverage, include=[f"{tree}/safeload/*"], data_file=None, config_file=False
        )
        self.here, self.name = self.kind(), ""
        os.register_at_fork(after_in_child=self._in_child)
        self.here.start()

    def turn_to(self, name: str) -> None:
        self.name = name
        self.here.switch_context(name)

    def _in_child(self) -> None:
        watching, leave = self.kind(), os._exit

        def and_tell(code: int) -> None:
            watching.stop()
            data = watching.get_data()
            lines = {name: data.lines(name) for name in data.measured_files()}
            (self.found / f"{os.getpid()}-{time.monotonic_ns()}").write_text(json.dumps((self.name, lines)))
            leave(code)

        os._exit = and_tell  # type: ignore[assignment]
        watching.start()

    def told(self) -> dict[str, dict[str, list[str]]]:
        self.here.stop()
        data = self.here.get_data()
        reach: dict[str, dict[str, list[str]]] = {}
        for name in data.measured_files():
            here = data.contexts_by_lineno(name).items()
            reach[str(Path(name).relative_to(self.tree))] = {str(line): ran for line, ran in here}
        for path in self.found.iterdir():
            test, told = json.loads(path.read_text())
            for name, lines in told.items():
                file = reach.setdefault(str(Path(name).relative_to(self.tree)), {})
                for line in lines:
                    file.setdefault(str(line), []).append(test)
        return reach


def in_fork(do: Callable[[int], int], patience_s: float) -> tuple[int, str]:
    """The exit code of a child that does something, less than nothing where it was ended, and what it told."""
    told, tells = os.pipe()
    pid = os.fork()
    if not pid:
        code = 3
        try:
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (int(patience_s), int(patience_s)))
            code = do(tells)
        finally:
            os._exit(code)
    os.close(tells)
    until = time.monotonic() + 4 * patience_s
    done, status = os.waitpid(pid, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.02)
        done, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # it, or what it left
    if not done:
        os.waitpid(pid, 0)
    os.set_blocking(told, False)
    with os.fdopen(told, "rb") as file:
        return os.waitstatus_to_exitcode(status) if done else -signal.SIGKILL, (file.read() or b"").decode()
