"""Files of scikit-learn before 0.22 name its classes under modules that have since gone private."""

from __future__ import annotations

import pytest
from evasions.builders import calling, given, named, new, pickled, text

from safeload.allowlists import profile_entries

from .hostile import attributes
from .libraries import refusals


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.ensemble.forest:RandomForestClassifier",
        "sklearn.ensemble.gradient_boosting:GradientBoostingClassifier",
        "sklearn.impute:SimpleImputer",
        "sklearn.linear_model.logistic:LogisticRegression",
        "sklearn.neighbors.classification:KNeighborsClassifier",
        "sklearn.preprocessing.data:OneHotEncoder",
        "sklearn.preprocessing.data:StandardScaler",
        "sklearn.preprocessing.label:LabelEncoder",
        "sklearn.svm.classes:LinearSVC",
        "sklearn.tree.tree:DecisionTreeClassifier",
    ],
)
def test_an_old_name_is_the_class_it_was(name: str) -> None:
    assert refusals(pickled(given(new(named(name)), attributes(C=text("x"))))) == []


@pytest.mark.parametrize(
    "fragment",
    [
        given(new(named("sklearn.linear_model.logistic:LogisticRegression")), attributes(pre_dispatch=text("print()"))),
        new(named("sklearn.svm.classes:np")),
        new(named("sklearn.preprocessing.data:sparse")),
        calling("sklearn.linear_model.base:make_dataset"),
        calling("sklearn.metrics.scorer:get_scorer", text("accuracy")),
        calling("sklearn.neighbors.kd_tree:newObj", named("builtins:dict")),
        calling("sklearn.neighbors.dist_metrics:newObj", named("sklearn.neighbors.dist_metrics:PyFuncDistance")),
    ],
)
def test_the_rules_came_along(fragment: bytes) -> None:
    assert refusals(pickled(fragment))


def test_an_old_module_has_no_name_that_the_new_one_lacks() -> None:
    names = {ref.qualname for ref in profile_entries("sklearn") if "._" in ref.module}
    old = {ref.qualname for ref in profile_entries("sklearn") if ref.module.startswith("sklearn.svm.classes")}
    assert old
    assert old <= names
