"""The search over the lists, as short as it is still one: docs/explanation/the-lists-searched.md."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

for library in ("numpy", "pandas", "scipy", "sklearn", "torch", "joblib"):
    pytest.importorskip(library)

SEARCH = Path(__file__).parents[2] / "compat" / "search"


def test_a_short_search_admits_programs_and_finds_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [
            sys.executable,
            str(SEARCH),
            *("--seed", "1", "--programs", "300", "--batch", "150", "--workers", "1"),
            *("--hits", str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^1: 300 admitted of \d+, \d+ distinct, \d+ slow, 0 hits", run.stdout, re.MULTILINE)
