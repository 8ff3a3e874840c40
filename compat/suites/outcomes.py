"""How tests ended, and what is worse than before."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STATUSES: Final = ("passed", "skipped", "failed")
REFUSALS: Final = ("BlockedGlobalError", "UnreadableError", "safeload.errors")


@dataclass(frozen=True)
class Outcome:
    """How one test ended: ``passed``, ``skipped``, ``failed``, or ``gone``; and its traceback."""

    status: str
    text: str = ""

    @property
    def is_refusal(self) -> bool:
        return any(word in self.text for word in REFUSALS)

    @property
    def line(self) -> str:
        """The traceback in one line: what a refusal names first, or the error."""
        words = r"does not allow:\n|could not be read to its end: "
        refusal = re.split(words, self.text)[-1] if self.is_refusal else ""
        lines = [line.removeprefix("E ").strip() for line in (refusal or self.text).splitlines() if line.strip()]
        if not lines:
            return self.status
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Warning|Failed|Exit)\b", line)]
        return re.sub(" +", " ", lines[0] if refusal else (errors or lines)[-1])[:160]


Outcomes = dict[str, Outcome]


def of_junit(report: Path) -> Outcomes:
    """What passed or was skipped, by a JUnit file: of subtests that fail it keeps not even the name."""
    outcomes = {}
    for case in ET.parse(report).iter("testcase"):
        status = "skipped" if case.find("skipped") is not None else "passed"
        if case.find("failure") is None and case.find("error") is None:
            outcomes[case.get("name", "").partition(" ")[0]] = Outcome(status)
    return outcomes


def of_unittest(told: str) -> Outcomes:
    """What failed, by the tracebacks that the tests printed; all subtests of one test together."""
    outcomes: Outcomes = {}
    for part in re.split(r"^={70}$", told, flags=re.MULTILINE)[1:]:
        head = re.match(r"\n(ERROR|FAIL): \S+ \(([\w.]+)\)", part)
        if head:
            earlier = outcomes.get(head[2], Outcome("")).text
            outcomes[head[2]] = Outcome("failed", earlier + part.partition("-" * 70)[2])
    return outcomes


def of_pytest(told: Path) -> Outcomes:
    """What our plugin wrote down; a test that failed in any of its phases failed."""
    outcomes: Outcomes = {}
    for line in told.read_text("utf-8").splitlines() if told.exists() else []:
        name, status, text = json.loads(line)
        if outcomes.get(name, Outcome("")).status != "failed":
            outcomes[name] = Outcome(status, text)
    return outcomes


def worse(before: Outcomes, after: Outcomes) -> Outcomes:
    """What passed and does not any more; a test that vanished is no pass."""
    passed = (name for name, outcome in before.items() if outcome.status == "passed")
    gone = Outcome("gone")
    return {name: after.get(name, gone) for name in passed if after.get(name, gone).status != "passed"}


def counts(outcomes: Outcomes) -> dict[str, int]:
    return {status: sum(o.status == status for o in outcomes.values()) for status in STATUSES}
