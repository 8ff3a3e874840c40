"""A plugin of pytest: how each test ended, written down as it ends, so that a run cut short tells too."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def pytest_runtest_logreport(report: Any) -> None:
    if report.when == "call" or not report.passed:
        line = json.dumps([report.nodeid, report.outcome, report.longreprtext if report.failed else ""])
        with Path(os.environ["SUITES_TOLD"]).open("a", encoding="utf-8") as file:
            file.write(line + "\n")
