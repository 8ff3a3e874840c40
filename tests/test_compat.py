"""What the laboratory found is explained, and the tables are made from it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

COMPAT = Path(__file__).parents[1] / "compat"
SUITES = COMPAT / "suites"


def test_every_difference_of_a_suite_is_explained() -> None:
    child = subprocess.run(
        [sys.executable, SUITES / "report.py", "--check"], capture_output=True, text=True, check=False
    )
    assert child.returncode == 0, child.stdout + child.stderr


def test_no_tensor_came_out_otherwise() -> None:
    results = json.loads((COMPAT / "tensors" / "results.json").read_text("utf-8"))
    assert {library: result["imported"] for library, result in results.items() if result["imported"]} == {}
    otherwise = {
        f"{library}: {name}": file
        for library, result in results.items()
        for name, file in result["files"].items()
        if file["outcome"] not in ("equal", "not loadable")
    }
    assert otherwise == {}


TOLD = {"kind": "Tensor", "type": "torch.float32", "shape": [2], "numbers": "ab", "stride": [1], "storage": "w"}


@pytest.mark.parametrize(
    ("ours", "left_out", "wrong"),
    [
        ({"w": TOLD}, {}, {}),
        ({}, {"w": "a reason"}, {}),
        ({}, {}, {"w": "is missing"}),
        ({"w": {**TOLD, "numbers": "ac"}}, {}, {"w": "differs"}),
        ({"w": {**TOLD, "storage": "v"}}, {}, {"w": "differs"}),
        ({"w": TOLD, "v": TOLD}, {}, {"v": "is not in the file"}),
    ],
)
def test_the_comparison_of_tensors_sees_every_difference(ours, left_out, wrong, monkeypatch) -> None:
    monkeypatch.syspath_prepend(str(COMPAT / "tensors"))
    monkeypatch.delitem(sys.modules, "run", raising=False)
    compared = importlib.import_module("run").compared
    found = compared({"leaves": {"w": TOLD}}, {"leaves": ours, "left_out": left_out})
    monkeypatch.delitem(sys.modules, "run", raising=False)
    assert found["wrong"] == wrong
