"""One thing under the names that versions gave it is one entry: the same uses and the same rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from safeload.allowlists import DEFAULT_PROFILES, PROFILES, profile_entries
from safeload.scan.entry import Entry
from safeload.scan.report import GlobalRef

BOOK: dict[GlobalRef, Entry] = {ref: entry for name in PROFILES for ref, entry in profile_entries(name).items()}

# The name of today, and those of other versions.
MOVED = """
numpy._core.multiarray:_reconstruct         numpy.core.multiarray:_reconstruct
numpy._core.multiarray:scalar               numpy.core.multiarray:scalar
numpy._core.numeric:_frombuffer             numpy.core.numeric:_frombuffer
pandas:DataFrame                            pandas.core.frame:DataFrame
pandas:Series                               pandas.core.series:Series
pandas.core.internals.managers:BlockManager pandas.core.internals:BlockManager
joblib.numpy_pickle:NumpyArrayWrapper       sklearn.externals.joblib.numpy_pickle:NumpyArrayWrapper
sklearn.svm._classes:SVC                    sklearn.svm.classes:SVC
sklearn.ensemble._forest:RandomForestClassifier sklearn.ensemble.forest:RandomForestClassifier
sklearn.linear_model._logistic:LogisticRegression sklearn.linear_model.logistic:LogisticRegression
sklearn.tree._classes:DecisionTreeClassifier sklearn.tree.tree:DecisionTreeClassifier
sklearn.tree._tree:Tree                     sklearn.tree.tree:Tree
sklearn.preprocessing._data:StandardScaler  sklearn.preprocessing.data:StandardScaler
sklearn.neighbors._kd_tree:newObj           sklearn.neighbors._ball_tree:newObj
sklearn.metrics._dist_metrics:newObj        sklearn.neighbors._dist_metrics:newObj
sklearn._loss._loss:CyHalfSquaredError      _loss:CyHalfSquaredError
lightning.pytorch.utilities.parsing:AttributeDict pytorch_lightning.utilities.parsing:AttributeDict
ultralytics.nn.modules.conv:Conv            ultralytics.nn.modules:Conv
ultralytics.utils:IterableSimpleNamespace   ultralytics.yolo.utils:IterableSimpleNamespace
torch.storage:UntypedStorage                torch.storage:_UntypedStorage
gymnasium.spaces.box:Box                    gym.spaces.box:Box
"""
PAIRS = [tuple(line.split()) for line in MOVED.strip().splitlines()]


def of(text: str) -> Entry:
    return BOOK[GlobalRef.parse(text)]


@pytest.mark.parametrize(("now", "before"), PAIRS)
def test_a_moved_name_is_the_same_entry(now: str, before: str) -> None:
    assert replace(of(now), reason="") == replace(of(before), reason="")


def test_numpy_has_each_name_of_its_core_under_both_spellings() -> None:
    numpy: dict[Any, Entry] = profile_entries("numpy")  # type: ignore[assignment]
    core = {ref: entry for ref, entry in numpy.items() if ref.module.startswith("numpy.core")}
    assert core
    for ref, entry in core.items():
        assert numpy[GlobalRef(ref.module.replace("numpy.core", "numpy._core", 1), ref.qualname)] is entry


def test_a_default_list_needs_no_other() -> None:
    assert set(DEFAULT_PROFILES) < set(PROFILES)
