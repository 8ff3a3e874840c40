"""Everyday values come back equal through every door, under the shipped lists alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from everyday_values import ALLOW, OWN
from three_forms import GUARDED, HERE, missing, run

SOURCE = (HERE / "everyday_doors.py").read_text("utf-8")
SCIENCE = ("numpy", "pandas", "scipy", "sklearn", "joblib", "cloudpickle")
NEEDS: dict[str, tuple[str, ...]] = {"everyday": (), "science": SCIENCE, "torch": (*SCIENCE, "torch")}


def skip_without(what: str) -> None:
    if absent := missing(NEEDS[what]):
        pytest.skip(f"needs {', '.join(absent)}")


def found(what: str, form: str, folder: Path, allow: str) -> dict[str, str]:
    """What became of every value, for each door."""
    ended = run(SOURCE, form, folder, what, SAFELOAD_ALLOW=allow)
    assert ended.code == 0, ended
    results: dict[str, str] = json.loads(ended.out)
    return results


@pytest.mark.parametrize("form", ["plain", *GUARDED])
@pytest.mark.parametrize("what", NEEDS)
def test_comes_back_equal(what: str, form: str, tmp_path: Path) -> None:
    skip_without(what)
    results = found(what, form, tmp_path, ALLOW)
    other = {label: text for label, text in results.items() if text != "equal"}
    assert not other, "\n".join(f"{k}: {v}" for k, v in other.items())


@pytest.mark.parametrize("what", ["everyday", "science"])
def test_own_classes_are_refused_until_they_are_allowed(what: str, tmp_path: Path) -> None:
    """By name and at every door, with the name of the class in the message."""
    skip_without(what)
    results = found(what, "first", tmp_path, "")
    own = {label: text for label, text in results.items() if label.startswith("own: ")}
    assert len(own) >= len(OWN) * 10
    admitted = {k: v for k, v in own.items() if not v.startswith("BlockedGlobalError") or "everyday_values:" not in v}
    assert admitted == {}
