"""scikit-learn's models pass; states that act at load, or crash, do not."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import calling, given, group, named, new, number, pickled, text

from safeload.allowlists import for_sklearn
from safeload.files import check
from safeload.policy import Policy
from safeload.scan.report import GlobalRef

from .hostile import Hostile, attributes
from .libraries import BOOK, refusals
from .test_rules import has_effect

pytest.importorskip("sklearn")
pytestmark = pytest.mark.filterwarnings("ignore")

COMPAT = Path(__file__).parents[2] / "compat"


def models() -> dict[str, Callable[[], Any]]:
    """Unfitted models that between them hold every native class and most helpers."""
    import numpy as np
    from sklearn import (
        calibration,
        compose,
        ensemble,
        feature_selection,
        gaussian_process,
        isotonic,
        linear_model,
        metrics,
        model_selection,
        naive_bayes,
        neighbors,
        pipeline,
        preprocessing,
        svm,
    )

    logistic = linear_model.LogisticRegression
    scaler = preprocessing.StandardScaler
    return {
        "forest": lambda: ensemble.RandomForestClassifier(3),
        "boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=3),
        "histogram": lambda: ensemble.HistGradientBoostingClassifier(max_iter=3),
        "kd tree": lambda: neighbors.KNeighborsClassifier(algorithm="kd_tree"),
        "ball tree": lambda: neighbors.KNeighborsClassifier(algorithm="ball_tree", metric="manhattan"),
        "density": lambda: neighbors.KernelDensity(),
        "vectors": lambda: svm.SVC(probability=True),
        "gradient": lambda: linear_model.SGDClassifier(),
        "isotonic": lambda: calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), method="isotonic", cv=2),
        "isotonic alone": lambda: isotonic.IsotonicRegression(),
        "gaussian": lambda: gaussian_process.GaussianProcessClassifier(),
        "pipeline": lambda: pipeline.make_pipeline(
            scaler(),
            preprocessing.FunctionTransformer(np.exp),
            feature_selection.SelectKBest(k=2),
            logistic(),
        ),
        "columns": lambda: pipeline.make_pipeline(compose.make_column_transformer((scaler(), [0, 1])), logistic()),
        "search": lambda: model_selection.GridSearchCV(
            logistic(),
            {"C": [0.1, 1.0]},
            scoring=metrics.make_scorer(metrics.fbeta_score, beta=2),
            cv=model_selection.StratifiedKFold(2),
        ),
        "voting": lambda: ensemble.VotingClassifier([("a", logistic()), ("b", svm.SVC())]),
    }


def fitted(kind: str) -> Any:
    import numpy as np

    x = np.abs(np.random.default_rng(0).normal(size=(60, 3))) + 0.1
    y = (x[:, 0] > x[:, 1]).astype(int)
    return models()[kind]().fit(x[:, 0] if "alone" in kind else x, y)


@pytest.mark.parametrize("kind", sorted(models()))
def test_fitted_models_pass(kind: str) -> None:
    model = fitted(kind)
    for protocol in (0, 2, 4, 5):
        assert refusals(pickle.dumps(model, protocol)) == []


"""Hold a generator whose seed sequence has an array: numpy's rule knows none of joblib's yet."""


@pytest.mark.parametrize("kind", sorted(models()))
def test_fitted_models_pass_in_joblibs_files(
    kind: str, tmp_path: Path
) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump(fitted(kind), tmp_path / "model")
    verdict = check(tmp_path / "model", Policy())
    assert verdict.admitted, verdict


def test_every_estimator_of_the_installed_version_is_listed() -> None:
    from sklearn.utils import all_estimators

    missing = [
        cls.__qualname__
        for _, cls in all_estimators()
        if GlobalRef(cls.__module__, cls.__qualname__) not in for_sklearn.ENTRIES
    ]
    assert missing == []


def test_generated_names_are_what_their_uses_say() -> None:
    """A class that would act at load, or a native one, must not be among the plain ones."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import make_sklearn_list as m\n"
        "for line in open(sys.argv[2]):\n"
        "    uses, _, row = line.strip().partition(' ')\n"
        "    module, _, names = row.partition(':')\n"
        "    for name in names.split():\n"
        "        try:\n"
        "            said = m.described(module, name)\n"
        "        except (ImportError, AttributeError):\n"
        "            continue\n"
        "        if said != f'{uses} {module}:{name}': print(module, name, said)\n"
        "print('done')\n"
    )
    listed = Path(for_sklearn.__file__).with_name("sklearn.txt")
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", code, str(COMPAT), str(listed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.split("\n")[:-1] == ["done"], done.stdout + done.stderr[-2000:]


def test_older_versions_are_listed_beside_the_installed_one() -> None:
    for name in (
        "sklearn.ensemble._gb_losses:BinomialDeviance",  # 1.0
        "sklearn.linear_model._base:LinearRegression",
        "_loss:__pyx_unpickle_CyHalfBinomialLoss",  # 1.6, whose module forgot its package
        "sklearn.metrics._dist_metrics:EuclideanDistance64",  # 1.3
        "sklearn.metrics._dist_metrics:EuclideanDistance",  # 1.2
    ):
        assert GlobalRef.parse(name) in BOOK


ISOTONIC = new(named("sklearn.isotonic:IsotonicRegression"))
LINEAR = new(named("sklearn.linear_model._base:LinearRegression"))
BY_NAME = [
    Hostile(
        "a method called at load",
        given(
            ISOTONIC,
            attributes(
                _build_f=named("builtins:print"),
                X_thresholds_=text("EFFECT"),
                y_thresholds_=text(""),
            ),
        ),
        "",
    ),
    Hostile(
        "an address that numpy reads",
        given(
            LINEAR,
            attributes(
                __array_interface__=b"}("
                + text("data") + group(number(4096), b"\x89")
                + text("shape") + group(number(9))
                + text("typestr") + text("<f8")
                + text("version") + number(3) + b"u"
            ),
        ),
        "import numpy; numpy.asarray(loaded).sum()",
    ),
    Hostile(
        "another class by slots",
        given(
            new(named("sklearn.model_selection._split:KFold")),
            group(b"N", attributes(__class__=named("sklearn.isotonic:IsotonicRegression"))),
        ),
        "print('EFFECT') if type(loaded).__name__ == 'IsotonicRegression' else None",
    ),
]  # fmt: skip


@pytest.mark.parametrize("row", BY_NAME, ids=[row.name for row in BY_NAME])
def test_states_that_act_are_refused(row: Hostile, tmp_path: Path) -> None:
    assert has_effect(row, tmp_path)
    assert any("sklearn" in found for found in refusals(row.stream))


@pytest.mark.parametrize("text_", ["2*n_jobs", "all", "n_jobs"])
def test_an_expression_of_numbers_passes(text_: str) -> None:
    search = new(named("sklearn.model_selection._search:GridSearchCV"))
    assert refusals(pickled(given(search, attributes(pre_dispatch=text(text_))))) == []


@pytest.mark.parametrize("text_", ["__import__('os').system('x')", "n_jobs and exit()", "n_jobs\n"])
def test_an_expression_that_an_older_joblib_would_run_is_refused(text_: str) -> None:
    search = new(named("sklearn.model_selection._search:GridSearchCV"))
    assert refusals(pickled(given(search, attributes(pre_dispatch=text(text_)))))


@pytest.mark.parametrize(
    "fragment",
    [
        calling("sklearn.neighbors._kd_tree:newObj", named("builtins:dict")),
        calling("sklearn.metrics._dist_metrics:newObj", LINEAR),
        calling(
            "sklearn._loss._loss:__pyx_unpickle_CyPinballLoss",
            named("sklearn.tree._tree:Tree"), number(1), group(),
        ),
        calling("sklearn.linear_model._base:LinearRegression"),
        new(named("sklearn.linear_model._base:LinearRegression"), number(1)),
        new(named("sklearn.metrics._dist_metrics:PyFuncDistance64")),
        calling("sklearn.datasets._base:load_files", text("/")),
        new(named("sklearn.callback._scoring_monitor:ScoringMonitor")),
    ],
)  # fmt: skip
def test_what_models_never_hold_is_refused(fragment: bytes) -> None:
    assert refusals(pickled(fragment))


def test_every_name_resolves_to_its_version_or_not_at_all() -> None:
    """No generated name is a misspelling: the installed version has most of them, but for old aliases."""
    here = 0
    for ref in for_sklearn._NOW:
        try:
            here += hasattr(importlib.import_module(ref.module), ref.qualname)
        except ImportError:
            continue
    assert here / len(for_sklearn._NOW) > 0.6
