"""Test suites that others wrote, with safeload in every process, against the same without.

    python compat/suites/run.py [--python PY] [--checkouts DIR] [--modes enforce,audit] [SUITE ...]

Each suite runs plain, enforcing and auditing; what passed plain and does not pass with safeload is run again
in both, alone, and a difference that stays is told. PY is a Python in whose environment the libraries and
what safeload needs are installed; DIR holds checkouts of what ships no tests (suites.toml says which). The
results go to results/, from which report.py makes RESULTS.md and says what is not explained.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

from outcomes import Outcome, Outcomes, counts, worse
from overlay import HERE, MODES, Overlay, VoidError
from runners import Suite

RESULTS: Final = HERE / "results"
FACTS: Final = """
import importlib.metadata as m, json, sys
found = {d.metadata["Name"].lower(): d.version for d in m.distributions()}
print(json.dumps(["%d.%d.%d" % sys.version_info[:3], found]))
"""


def table() -> dict[str, Suite]:
    rows = tomllib.loads((HERE / "suites.toml").read_text("utf-8"))
    return {name: Suite.of(name, row) for name, row in rows.items()}


def told_name(name: str, checkouts: Path) -> str:
    """A test's name without where it lies on this machine."""
    for before in ("-packages/", f"{str(checkouts).lstrip('/')}/"):
        name = name.rpartition(before)[2] if before in name else name
    return name


class Laboratory:
    """One Python, in the three environments."""

    def __init__(self, folder: Path, python: Path, modes: list[str], checkouts: Path) -> None:
        self.overlays = {mode: Overlay(folder / mode, python, mode) for mode in ("plain", *modes)}
        self.checkouts = checkouts
        self.version, self.found = json.loads(self.plain.run([self.plain.executable, "-c", FACTS]).out)

    @property
    def plain(self) -> Overlay:
        return self.overlays["plain"]

    def fits(self, suite: Suite) -> str:
        """Why a suite cannot run here, or nothing."""
        if self.version.rpartition(".")[0] not in suite.pythons:
            return f"not for {self.version}"
        absent = [name for name in suite.needs if name not in self.found]
        if absent:
            return f"needs {', '.join(absent)}"
        if suite.checkout and not (self.checkouts / suite.checkout).is_dir():
            return f"needs a checkout named {suite.checkout}"
        return ""

    def compare(self, suite: Suite) -> dict[str, Any]:
        before = suite.run(self.plain, self.checkouts)
        result: dict[str, Any] = {"python": self.version, "plain": counts(before), "note": suite.note}
        result["versions"] = {name: self.found[name] for name in suite.needs}
        for mode, overlay in self.overlays.items():
            if mode == "plain":
                continue
            if mode == "enforce":
                search = [str(self.checkouts / suite.checkout)] if suite.checkout else []
                overlay.allow_names(overlay.own_names(suite.own, search) + suite.allow)
                overlay.prove()
            after = suite.run(overlay, self.checkouts)
            differing = self.confirmed(suite, overlay, worse(before, after))
            result[mode] = counts(after) | {
                "differences": {told_name(n, self.checkouts): self.short(o) for n, o in sorted(differing.items())}
            }
        return result

    def confirmed(self, suite: Suite, overlay: Overlay, suspects: Outcomes) -> Outcomes:
        """Those of the suspects that fail again with safeload and pass again without."""
        if not suspects:
            return {}
        again = suite.run(overlay, self.checkouts, suspects)
        without = suite.run(self.plain, self.checkouts, suspects)
        unseen = suspects.keys() - without.keys() - again.keys()
        if unseen:
            msg = f"{suite.name}: {len(unseen)} tests were run neither with safeload nor again without it"
            raise VoidError(msg)
        return {name: outcome for name, outcome in worse(without, again).items() if name in suspects}

    def short(self, outcome: Outcome) -> str:
        line = f"{'refused' if outcome.is_refusal else outcome.status}: {outcome.line}"
        for overlay in self.overlays.values():
            line = line.replace(str(overlay.folder), "…")
        return re.sub(r"\S*-packages/", "", line)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("suites", nargs="*")
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    parser.add_argument("--checkouts", type=Path, default=Path("/nowhere"))
    parser.add_argument("--modes", default=",".join(MODES[1:]))
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    void = 0
    with tempfile.TemporaryDirectory(prefix="suites-") as folder:
        here = Laboratory(Path(folder), options.python, options.modes.split(","), options.checkouts.resolve())
        for name, suite in table().items():
            if options.suites and name not in options.suites:
                continue
            if reason := here.fits(suite):
                print(f"{name}: left out, {reason}")
                continue
            try:
                result = here.compare(suite)
            except VoidError as error:
                print(f"{name}: void: {error}", flush=True)
                void += 1
                continue
            place = options.results / here.version.rpartition(".")[0]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n", "utf-8")
            print(name, json.dumps(result, indent=1), flush=True)
    return 2 if void else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except VoidError as error:
        print(f"void: {error}", file=sys.stderr)
        sys.exit(2)
