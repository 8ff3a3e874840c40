"""CPython's own pickle tests with safeload in every process, against the same tests without.

    python compat/suites/cpython.py [--python PY] [--mode audit|enforce] [--json FILE] [TEST ...]

Mode ``audit`` asks whether anything shows where nothing is refused: a test that passes without safeload
and not with it is a regression, and the exit status is 1. Mode ``enforce`` allows the classes of the test
modules by name and lists what the shipped policy refuses all the same; a difference that is no refusal is
a regression there too.

Both runs happen in one throw-away environment made from PY's base interpreter, which sees PY's packages;
the only difference is one line in a ``.pth`` file. A run in which that line did not take effect is void
(exit status 2): a hook that was not there looks perfect.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
TESTS: Final = "test_pickle test_pickletools test_shelve test_copy test_copyreg test_picklebuffer".split()
STATUSES: Final = ("passed", "skipped", "failed", "error")
LIMIT: Final = 300  # seconds for one test
REFUSALS: Final = ("BlockedGlobalError", "UnreadableError", "safeload.errors")

# Prints every class and function of the test modules, as pairs that SAFELOAD_ALLOW takes.
OWN_NAMES: Final = """
import importlib, sys, types
found = {"locking_import:ToBeUnpickled"}  # written by a test, whose threads wait for it for ever
def walk(space, module):
    for thing in vars(space).values():
        name = f"{module}:{thing.__qualname__}" if isinstance(thing, (type, types.FunctionType)) else ""
        own = name and thing.__module__ == module and name not in found
        if own and "<" not in name and "__" not in name and (isinstance(thing, type) or space.__name__ == module):
            found.add(name)
            if isinstance(thing, type):
                walk(thing, module)
for name in sys.argv[1:]:
    walk(importlib.import_module(name), name)
print(",".join(sorted(found)))
"""
OWN_MODULES: Final = ("test.pickletester", *(f"test.{name}" for name in TESTS))

HOSTILE: Final = r"b'cposix\nsystem\n(V:\ntR.'"
PROOF: Final = f"""
import sys
if "safeload" not in sys.modules:
    sys.exit("not imported")
import safeload, pickle
if not safeload.status().active or safeload.status().problem:
    sys.exit(safeload.status().problem or "not active")
try:
    pickle.loads({HOSTILE})
except pickle.UnpicklingError:
    print("refused")
else:
    print("loaded")
"""


class VoidError(Exception):
    """The run proves nothing."""


@dataclass(frozen=True)
class Outcome:
    """How one test ended: ``passed``, ``skipped``, ``failed`` or ``error``, and its traceback."""

    status: str
    text: str = ""


Outcomes = dict[str, Outcome]


@dataclass
class Overlay:
    """An environment with the packages of another one, with or without safeload at its start."""

    folder: Path
    python: Path
    hooked: bool
    mode: str
    log: Path = field(init=False)
    allow: str = ""

    def __post_init__(self) -> None:
        self.log = self.folder / "events.jsonl"
        facts = "import sys, site; print(sys._base_executable); print(*site.getsitepackages(), sep='\\n')"
        base, *packages = self._run([str(self.python), "-c", facts]).stdout.split("\n")
        self._run([base, "-m", "venv", "--without-pip", str(self.folder / "venv")])
        own = next((self.folder / "venv" / "lib").glob("python*/site-packages"))
        (own / "packages.pth").write_text("\n".join([*packages, str(ROOT)]), "utf-8")
        if self.hooked:
            (own / "zz_safeload.pth").write_text("import safeload\n", "utf-8")
        self.prove()
        if self.hooked and self.mode == "enforce":
            self.allow = self._run([self.executable, "-c", OWN_NAMES, *OWN_MODULES]).stdout.strip()
            self.prove()

    @property
    def executable(self) -> str:
        return str(self.folder / "venv" / "bin" / "python")

    def environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SAFELOAD", "PYTHON"))}
        return env | {"SAFELOAD_MODE": self.mode, "SAFELOAD_LOG": str(self.log), "SAFELOAD_ALLOW": self.allow}

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, env=self.environment(), check=True)

    def prove(self) -> None:
        """Say in a fresh child whether the hook is there, which site would never tell."""
        command = [self.executable, "-c", PROOF]
        child = subprocess.run(command, capture_output=True, text=True, env=self.environment(), check=False)
        expected = {"enforce": "refused", "audit": "loaded"}[self.mode] if self.hooked else ""
        if child.stdout.strip() != expected or bool(child.returncode) == self.hooked:
            msg = f"hooked={self.hooked}, and the child says {child.stdout!r} {child.stderr[-2000:]!r}"
            raise VoidError(msg)

    def test(self, name: str) -> Outcomes:
        """Run one module of CPython's tests."""
        report = self.folder / f"{name}.xml"
        report.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory() as place:
            told = subprocess.run(
                [self.executable, "-m", "test", "-v", "--timeout", str(LIMIT), "--junit-xml", str(report), name],
                cwd=place,
                env=self.environment(),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=2 * LIMIT,
                check=False,
                # A parent that ignores SIGINT would hand that to the tests of interrupts.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            )
        outcomes = (read(report) if report.exists() else {}) | failures(told.stdout + told.stderr)
        if not any(outcome.status == "passed" for outcome in outcomes.values()):
            msg = f"{name} passed no test (hooked={self.hooked}): {told.stderr[-2000:]}"
            raise VoidError(msg)
        return outcomes


def read(report: Path) -> Outcomes:
    """What passed or was skipped, by a JUnit file: of subtests that fail it keeps not even the name."""
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):
        status = "skipped" if case.find("skipped") is not None else "passed"
        if case.find("failure") is None and case.find("error") is None:
            outcomes[case.get("name", "").partition(" ")[0]] = Outcome(status)
    return outcomes


def failures(told: str) -> Outcomes:
    """What failed, by the tracebacks that the tests printed; all subtests of one test together."""
    outcomes: Outcomes = {}
    for part in re.split(r"^={70}$", told, flags=re.MULTILINE)[1:]:
        head = re.match(r"\n(ERROR|FAIL): \S+ \(([\w.]+)\)", part)
        if head:
            status = "error" if head[1] == "ERROR" else "failed"
            earlier = outcomes.get(head[2], Outcome("")).text
            outcomes[head[2]] = Outcome(status, earlier + part.partition("-" * 70)[2])
    return outcomes


def worse(before: Outcomes, after: Outcomes) -> dict[str, Outcome]:
    """What passed and does not any more; a test that vanished is no pass."""
    passed = (name for name, outcome in before.items() if outcome.status == "passed")
    gone = Outcome("gone")
    return {name: after.get(name, gone) for name in passed if after.get(name, gone).status != "passed"}


def confirmed(name: str, plain: Overlay, hooked: Overlay, suspects: dict[str, Outcome]) -> dict[str, Outcome]:
    """Those of the suspects that fail again with the hook and pass again without."""
    if not suspects:
        return {}
    again, once_more = worse(plain.test(name), hooked.test(name)), suspects.keys()
    return {test: outcome for test, outcome in again.items() if test in once_more}


def compare(name: str, plain: Overlay, hooked: Overlay) -> tuple[dict[str, int], dict[str, Outcome]]:
    """Run one module both ways: the counts without, and what is worse with."""
    before = plain.test(name)
    suspects = worse(before, hooked.test(name))
    counts = {status: sum(o.status == status for o in before.values()) for status in STATUSES}
    return counts, confirmed(name, plain, hooked, suspects)


def is_refusal(outcome: Outcome) -> bool:
    return any(word in outcome.text for word in REFUSALS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("tests", nargs="*", default=TESTS)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--mode", choices=["audit", "enforce"], default="audit")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results, regressions = {}, 0
    with tempfile.TemporaryDirectory(prefix="suites-") as folder:
        plain = Overlay(make(folder, "plain"), options.python, hooked=False, mode=options.mode)
        hooked = Overlay(make(folder, "hooked"), options.python, hooked=True, mode=options.mode)
        for name in options.tests:
            counts, differing = compare(name, plain, hooked)
            refused = {test: o for test, o in differing.items() if options.mode == "enforce" and is_refusal(o)}
            others = {test: o for test, o in differing.items() if test not in refused}
            regressions += len(others)
            print(f"{name}: {counts}; refused {len(refused)}, regressions {len(others)}", flush=True)
            for test, outcome in others.items():
                print(f"  {outcome.status}: {test}\n    {last_line(outcome.text)}")
            for test, outcome in refused.items():
                print(f"  refused: {test}\n    {asked_for(outcome.text)}")
            results[name] = {"baseline": counts, "refused": sorted(refused), "regressions": sorted(others)}
        if options.mode == "audit" and "test_pickle" in options.tests and not hooked.log.exists():
            msg = "the tests of pickle left no event: they ran unguarded"
            raise VoidError(msg)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1), "utf-8")
    return 1 if regressions else 0


def make(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line and not line.startswith(" ")]
    return lines[-1][:200] if lines else ""


def asked_for(text: str) -> str:
    """What the last refusal in a traceback is about: its first name, or why it could not be read."""
    refusal = text.rpartition("safeload.errors.")[2]
    found = re.search(r"does not allow:\n\s*(.*)|(could not be read to its end: .*)", refusal)
    return re.sub(" +", " ", found[1] or found[2])[:120] if found else last_line(refusal)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VoidError as error:
        print(f"void: {error}", file=sys.stderr)
        sys.exit(2)
