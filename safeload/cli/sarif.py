"""Findings as SARIF 2.1.0, which code scanning takes."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import safeload
from safeload.cli.findings import Finding
from safeload.policy import Ground

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"

ATTEMPTED: Final = "attempted"
"""What ``safeload detonate`` saw."""

HELP: Final = "`safeload check FILE` says what it asks for and why it is refused, `safeload explain` what a name is."

# A rule for each ground of a refusal, and for what nobody could read.
RULES: Final = {ground.name.lower(): ground.value for ground in Ground} | {
    ATTEMPTED: "tried what no file has to do",
    "unpinned": "may not load whatever it asks for",
    "unreadable": "cannot be read to its end",
    "error": "cannot be opened",
}

# Code scanning shows nothing that has no line. What lies in a binary file lies in its first one.
WHOLE: Final = {"startLine": 1}


def as_sarif(findings: Iterable[Finding]) -> dict[str, Any]:
    """One run of the tool, with a result for each name refused and each file that could not be read."""
    driver = {"name": "safeload", "version": safeload.__version__, "rules": [_rule(*rule) for rule in RULES.items()]}
    results = [result for finding in findings for result in _results(finding)]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(name: str, text: str) -> dict[str, Any]:
    """With the texts that GitHub wants of each rule."""
    words = {"text": text}
    return {"id": name, "shortDescription": words, "fullDescription": words, "help": {"text": f"{text}. {HELP}"}}


def _results(finding: Finding) -> Iterable[dict[str, Any]]:
    for name, ground, text in finding.refused:
        yield _result(finding, ground, f"{name}: {text}", name)
    if finding.unpinned:
        yield _result(finding, "unpinned", finding.unpinned)
    if finding.error:
        yield _result(finding, "error", finding.error)
    elif finding.problem:
        yield _result(finding, "unreadable", finding.problem)


def _result(finding: Finding, rule: str, text: str, name: str = "") -> dict[str, Any]:
    place = finding.target.place
    return {
        "ruleId": rule,
        "ruleIndex": list(RULES).index(rule),
        "level": "error",
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(place)}, "region": WHOLE}}],
        "partialFingerprints": {"primaryLocationLineHash": _told_apart(rule, name)},
        "properties": {"format": finding.format, "source": finding.target.source},
    }


def _told_apart(rule: str, name: str) -> str:
    """Two names in one file are two alerts, though they have one line; and each stays one from run to run."""
    return f"{sha256(f'{rule}:{name}'.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}:1"


def _uri(place: str) -> str:
    if "://" in place:
        return quote(place, safe=":/%?=&")
    path = Path(place)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
