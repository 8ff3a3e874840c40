"""A pinned estimator of a library that no list has: from the refusal, by what the pages say, to a prediction."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn")

ROOT = Path(__file__).parents[2]
LIBRARY = """
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression
class Step:
    def __init__(self, power): self.power = power
    def __call__(self, table): return table ** self.power
class PowerRegressor(RegressorMixin, BaseEstimator):
    def __init__(self, powers=(1, 2)): self.powers = powers
    def _table(self, table): return np.hstack([step(table) for step in self.steps_])
    def fit(self, table, target):
        self.steps_ = [Step(power) for power in self.powers]
        self.model_ = LinearRegression().fit(self._table(table), target)
        return self
    def predict(self, table): return self.model_.predict(self._table(table))
"""
WRITE = """
import joblib, numpy as np, pickle, unlisted
table = np.arange(9.0)[:, None]
fitted = unlisted.PowerRegressor().fit(table, table[:, 0] ** 2)
joblib.dump(fitted, "m.joblib", compress=3)
pickle.dump(fitted, open("m.pkl", "wb"))
"""
LOAD = "import joblib, numpy as np, pandas, pickle; print(round({}.predict(np.array([[3.0]]))[0]))"
LOADS = {
    "joblib": ("m.joblib", "joblib.load('m.joblib')"),
    "pickle": ("m.pkl", "pickle.load(open('m.pkl', 'rb'))"),
    "pandas": ("m.pkl", "pandas.read_pickle('m.pkl')"),
}


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": os.pathsep.join((str(folder), str(ROOT))), "SAFELOAD_LOG": "off", **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("estimator")
    (place / "unlisted.py").write_text(LIBRARY)
    assert run(place, "-c", WRITE).returncode == 0
    return place


@pytest.mark.parametrize(("file", "load"), LOADS.values(), ids=LOADS)
def test_a_pinned_estimator_of_an_unlisted_library_loads_with_no_other_grant(
    file: str, load: str, folder: Path, tmp_path: Path
) -> None:
    lock = str(tmp_path / "safeload.lock")
    guarded = f"import safeload; {LOAD.format(load)}"
    refused = run(folder, "-c", guarded)
    assert "BlockedGlobalError" in refused.stderr
    assert "unlisted:PowerRegressor" in refused.stderr
    pinned = run(folder, "-m", "safeload", "pin", file, "--reason", "trained here", "--lock", lock)
    assert (pinned.returncode, " names sha256:" in pinned.stdout) == (0, True), pinned.stderr
    loaded = run(folder, "-c", guarded, SAFELOAD_LOCK=lock)
    assert (loaded.stdout, loaded.stderr) == ("9\n", "")
    assert run(folder, "-c", LOAD.format(load)).stdout == "9\n"


def test_another_file_of_the_same_library_has_no_part_in_it(folder: Path, tmp_path: Path) -> None:
    lock = str(tmp_path / "safeload.lock")
    assert run(folder, "-m", "safeload", "pin", "m.joblib", "--reason", "trained here", "--lock", lock).returncode == 0
    other = run(folder, "-c", f"import safeload; {LOAD.format(LOADS['pickle'][1])}", SAFELOAD_LOCK=lock)
    assert "BlockedGlobalError" in other.stderr
