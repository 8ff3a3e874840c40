"""Which tests run which lines of the guard, found once in a tree without a fault.

A fault in a line is no matter to a test that never comes there, so only the others are run for it. The
same run shows that the tests pass before anything is spoilt, and how long each takes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

WATCHED: Final = Path(__file__).parent / "watched"


@dataclass(slots=True)
class Reach:
    """What is known of the tests.

    Attributes:
        seconds: what each test took.
        lines: for every file and line, the tests that ran it.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, list[str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Reach:
        return cls(**json.loads(path.read_text()))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)))

    def wanted(self, file: str, lines: tuple[int, ...]) -> set[str] | None:
        """The tests that a fault in these lines may matter to; None if it may to all of them."""
        if not lines:
            return None
        ran = [set(self.lines.get(file, {}).get(str(line), ())) for line in lines]
        return set.union(*ran)


class Watcher:
    """A plugin of pytest's that notes it all."""

    def __init__(self, tree: Path, found: Path) -> None:
        import coverage

        self.tree, self.found, self.reach = tree, found, Reach()
        self.watching = coverage.Coverage(include=[f"{tree}/safeload/*"], data_file=None, config_file=False)
        self.watching.start()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.watching.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.watching.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reach.seconds[report.nodeid] = self.reach.seconds.get(report.nodeid, 0.0) + report.duration

    def told(self) -> Reach:
        self.watching.stop()
        data = self.watching.get_data()
        for name in data.measured_files():
            here = {str(line): ran for line, ran in data.contexts_by_lineno(name).items()}
            self.reach.lines[str(Path(name).relative_to(self.tree))] = here
        self._add_rows()
        return self.reach

    def _add_rows(self) -> None:
        """What the forks of the evasion table told."""
        for path in self.found.glob("*.json"):
            key, arm, kind, _ = path.stem.rsplit("-", 3)
            test = "is_refused_under_the_guard" if kind == "armed" else "loads_under_the_guard_without_the_deed"
            row = f"tests/evasions/test_evasions.py::test_{test}[{key}-{arm}]"
            for name, lines in json.loads(path.read_text()).items():
                here = self.reach.lines.setdefault(str(Path(name).relative_to(self.tree)), {})
                for line in lines:
                    here.setdefault(str(line), []).append(row)


class Chosen:
    """A plugin that runs the tests that are wanted, quick ones first, and remembers the first that fails."""

    def __init__(self, wanted: set[str] | None, reach: Reach, out: Any) -> None:
        self.wanted, self.reach, self.out = wanted, reach, out

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        seconds = self.reach.seconds
        if self.wanted is not None:  # a test that was not there when the lines were found is always run
            items[:] = [item for item in items if item.nodeid in self.wanted or item.nodeid not in seconds]
        items.sort(key=lambda item: seconds.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os.write(self.out, report.nodeid.encode())


def environment(tree: Path, found: Path | None = None) -> None:
    """What a process of a tree's tests stands in."""
    os.setsid()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(tree)
    sys.path[:0] = [str(tree), str(tree / "tests")]
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.environ["PYTHONPATH"] = str(tree)
    if found is not None:
        os.environ["PYTHONPATH"] = f"{tree}{os.pathsep}{WATCHED}"
        os.environ["MUTATION_TREE"], os.environ["MUTATION_FOUND"] = str(tree), str(found)
