"""Every row of :mod:`trust.rows`, with safeload and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trust import checks, rows

TESTS = Path(__file__).parents[1]

pytest.importorskip("torch")
pytest.importorskip("cryptography")

Told = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    # What is there already makes it a run as if the C part had not been built.
    path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(TESTS), str(TESTS.parent))))
    environment = {"PYTHONPATH": path, "SAFELOAD_LOG": "off", "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    arms = {
        arm: subprocess.Popen(
            [sys.executable, "-m", "trust.child", arm, str(tmp_path_factory.mktemp(arm))],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
        for arm in ("guarded", "bare")
    }  # fmt: skip
    return {arm: json.loads(process.communicate()[0]) for arm, process in arms.items()}


def assert_is(said: str, expected: str) -> None:
    kind, _, words = expected.partition(": ")
    assert said.partition(":")[0] == kind, said
    assert words in said


@pytest.mark.parametrize("door", rows.DOORS)
def test_pinned_bytes_load_through_every_door_and_others_through_none(door: str, told: Told) -> None:
    assert_is(told["guarded"][f"pinned: {door}"], "ran")
    assert_is(told["guarded"][f"not pinned: {door}"], "BlockedGlobalError")
    assert_is(told["bare"][f"not pinned: {door}"], "ran")


@pytest.mark.parametrize("row", rows.ATTACKS | rows.ALLOWS)
def test_what_a_lock_file_opens_and_what_not(row: str, told: Told) -> None:
    expected = (rows.ATTACKS | rows.ALLOWS)[row]
    assert_is(told["guarded"][row], expected.guarded)
    assert_is(told["bare"][row], expected.bare)


@pytest.mark.parametrize("row", rows.REQUIRED)
def test_where_pins_are_required_nothing_else_loads(row: str, told: Told) -> None:
    assert_is(told["guarded"][f"required: {row}"], rows.NEEDS)
    assert_is(told["guarded"][f"required and pinned: {row}"], "loaded")
    assert_is(told["guarded"][f"not required: {row}"], "loaded")
    # Only what is named as something else than it is, is no pickle for what is called.
    assert_is(told["bare"][f"required: {row}"], "UnpicklingError" if row == "safetensors" else "loaded")


@pytest.mark.parametrize("name", checks.CHECKS)
def test_every_tampering_goes_through_without_its_check(name: str, told: Told) -> None:
    check = checks.CHECKS[name]
    assert told["guarded"][check.row].partition(":")[0] not in ("ran", check.outcome)
    assert_is(told["guarded"][f"without: {name}"], check.outcome)


def test_every_kind_of_tampering_has_a_check() -> None:
    assert {check.kind for check in checks.CHECKS.values()} == set(checks.KINDS)
    page = (TESTS.parent / "docs" / "explanation" / "why-bytes.md").read_text("utf-8")
    for kind in checks.KINDS:
        names = "; ".join(name for name, check in checks.CHECKS.items() if check.kind == kind)
        assert f"| {kind} | {names} |" in page


@pytest.mark.parametrize("row", rows.SIGNED)
def test_what_the_signature_of_a_pinned_key_opens(row: str, told: Told) -> None:
    expected = rows.SIGNED[row]
    assert_is(told["guarded"][f"signed: {row}"], expected.guarded)
    assert_is(told["bare"][f"signed: {row}"], expected.bare)


@pytest.mark.parametrize("row", rows.GOES_ON)
def test_where_pins_are_required_what_needs_none_goes_on(row: str, told: Told) -> None:
    assert_is(told["guarded"][f"goes on: {row}"], "loaded")
