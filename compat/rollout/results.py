"""What a proof found, as a page: which versions, which tests, what two users saw, what the log says of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

PACKAGES: Final = ("jupyterlab", "jupyterhub", "nbclassic", "ipykernel", "nbclient", "joblib", "safeload")
SHOWN: Final = ("uid", "event", "path", "never", "attempt")


def page(work: Path, python: Path) -> str:
    """The whole page; the proof's folder stands for what the page calls /opt."""
    return "\n".join([
        "# The roll-out page, followed and used",
        "",
        "`python compat/rollout/prove.py` writes this page. It runs the commands of",
        "[the page](../../docs/howto/roll-out-on-a-shared-server.md) as root, then these tests as users.",
        "",
        f"With {', '.join(_versions(python))}.",
        "",
        *_tests(ET.parse(work / "results.xml")),
        "",
        "## What two users of the JupyterHub saw",
        "",
        "The second one's kernel, start-up file and sitecustomize are their own, and try to switch the guard off.",
        "",
        *_outputs(work / "hub.json"),
        "## What the log says of them",
        "",
        "One file for both; of each line the fields that matter here.",
        "",
        "```json",
        *_log(work / "safeload.jsonl"),
        "```",
        "",
    ]).replace(str(work), "/opt")  # fmt: skip


_ASK: Final = """
import platform, sys
from importlib.metadata import version
print("Python", platform.python_version())
for name in sys.argv[1:]: print(name, version(name))
"""


def _versions(python: Path) -> list[str]:
    done = subprocess.run([python, "-c", _ASK, *PACKAGES], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def _tests(tree: ET.ElementTree[Any]) -> list[str]:
    rows = [(case.get("classname", ""), case.get("name", ""), _end_of(case)) for case in tree.iter("testcase")]
    good = sum(end == "passed" for _, _, end in rows)
    lines = [f"{good} of {len(rows)} passed.", "", "| where | what | |", "|---|---|---|"]
    for place, name, end in rows:
        where, what = place.removeprefix("test_on_a_"), name.removeprefix("test_")
        lines.append(f"| {where} | {what} | {end} |".replace("_", " "))
    return lines


def _end_of(case: ET.Element) -> str:
    return next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")


def _outputs(path: Path) -> list[str]:
    if not path.exists():
        return ["Nothing: that proof failed.", ""]
    outputs: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))
    lines = []
    for user, cells in outputs.items():
        lines += [f"**{user}**", "", "```"]
        for name, text in cells.items():
            lines += [f"[{name}]", text.strip(), ""]
        lines += ["```", ""]
    return lines


def _log(path: Path) -> list[str]:
    events = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        json.dumps({name: event[name] for name in SHOWN if name in event})
        for event in events
        if event["uid"] in (20001, 20002) and event["level"] != "info"
    ]
