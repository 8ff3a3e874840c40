"""What the laboratory found is explained, and the tables are made from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SUITES = Path(__file__).parents[1] / "compat" / "suites"


def test_every_difference_of_a_suite_is_explained() -> None:
    child = subprocess.run(
        [sys.executable, SUITES / "report.py", "--check"], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stdout + child.stderr
