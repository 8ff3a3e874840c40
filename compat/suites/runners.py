"""The two ways to run tests: CPython's own, and pytest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from outcomes import Outcomes, of_junit, of_pytest, of_unittest
from overlay import Overlay, VoidError

ONE_FILE: Final = 1500  # seconds, after which CPython ends a file of tests
PYTEST: Final = """
-q -p told -p no:cacheprovider -p no:xdist --rootdir=/ --tb=short --continue-on-collection-errors
""".split()


@dataclass(frozen=True)
class Suite:
    """One row of suites.toml."""

    name: str
    runner: str
    args: list[str]
    own: list[str] = field(default_factory=list)
    allow: list[str] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    checkout: str = ""
    pythons: list[str] = field(default_factory=lambda: ["3.11", "3.12", "3.13"])
    limit: int = 1200
    note: str = ""

    @classmethod
    def of(cls, name: str, row: dict[str, Any]) -> Suite:
        return cls(name=name, **row)

    def run(self, overlay: Overlay, checkouts: Path, only: Iterable[str] = ()) -> Outcomes:
        """How each test of it ended, or each of ``only``."""
        with tempfile.TemporaryDirectory() as place:
            run = run_cpython if self.runner == "cpython" else run_pytest
            outcomes = run(self, overlay, checkouts, list(only), Path(place))
        if not only and not any(outcome.status == "passed" for outcome in outcomes.values()):
            msg = f"{self.name} passed no test ({overlay.mode})"
            raise VoidError(msg)
        return outcomes


def run_cpython(suite: Suite, overlay: Overlay, _checkouts: Path, only: list[str], place: Path) -> Outcomes:
    report = overlay.folder / "report.xml"
    report.unlink(missing_ok=True)
    command = [overlay.executable, "-m", "test", "-v", "--timeout", str(ONE_FILE), "--junit-xml", str(report)]
    args = suite.args
    if only:
        args = [suite.args[0], *(word for name in only for word in ("-m", name))]
    ended = overlay.run([*command, *args], suite.limit, place)
    if ended.code is None:
        msg = f"{suite.name} did not end in {suite.limit} s ({overlay.mode})"
        raise VoidError(msg)
    return (of_junit(report) if report.exists() else {}) | of_unittest(ended.told)


def run_pytest(suite: Suite, overlay: Overlay, checkouts: Path, only: list[str], place: Path) -> Outcomes:
    told = overlay.folder / "told"
    told.unlink(missing_ok=True)
    (place / "pytest.ini").write_text("[pytest]\n", "utf-8")
    source = checkouts / suite.checkout if suite.checkout else None
    args = [word.replace("CHECKOUT", str(source)) for word in suite.args]
    if only:
        args = ["/" + name for name in only]
    command = [overlay.executable, "-m", "pytest", "-c", str(place / "pytest.ini"), *PYTEST, *args]
    ended = overlay.run(command, suite.limit, place)
    known = of_pytest(told)
    if ended.code is None or not known:
        msg = f"{suite.name}: {'too slow' if known else ended.told[-3000:]} ({overlay.mode})"
        raise VoidError(msg)
    return known
