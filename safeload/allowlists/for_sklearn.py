"""scikit-learn: every estimator and what fitted ones hold, from 1.0 to 1.9.

The estimators, kernels, splitters, losses and metric functions stand in ``sklearn.txt``, which
``compat/make_sklearn_list.py`` makes from the installed versions: all pure Python, each loaded by
setting attributes and nothing else. Here are the native classes and those that do more than that.

What no rule can check: the numbers in arrays. A tree whose nodes point outside it, or a search tree
with forged bounds, crashes the process at ``predict``.

Left out, and why:

- ``sklearn.callback``: opens a listener when it is loaded.
- ``sklearn.datasets``: reads and fetches files.
- ``_tree`` builders and splitters, ``_QuadTree``: never part of a fitted model.
"""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Final

from safeload.allowlists import rules_sklearn as rule
from safeload.allowlists.names_sklearn import BEFORE_0_22
from safeload.allowlists.rules import attributes_of, only_later
from safeload.allowlists.rules_forms import no_args, pairs_args, plain_args
from safeload.allowlists.table import Entries, alias, rows

PROFILE: Final = "sklearn"


def _listed() -> Entries:
    """The generated names: ``ns module: Class Class`` and ``r module: function function``."""
    classes: list[str] = []
    functions: list[str] = []
    text = Path(__file__).with_name("sklearn.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        uses, _, row = line.partition(" ")
        (classes if uses == "ns" else functions).append(row)
    found = rows(
        PROFILE,
        "\n".join(classes),
        uses="ns",
        reason="parameters and fitted numbers in its attributes; no code of its own at load",
        call=no_args,
        state=rule.estimator_state,
    )
    return found | rows(
        PROFILE,
        "\n".join(functions),
        uses="r",
        reason="computes from the arrays it is given",
        call=only_later,
    )


def _special() -> Entries:
    found = rows(
        PROFILE,
        "sklearn.isotonic: IsotonicRegression",
        uses="ns",
        reason="builds its interpolation at load, through a method that no attribute may replace",
        call=no_args,
        state=rule.isotonic_state,
    )
    found |= rows(
        PROFILE,
        "sklearn.ensemble._hist_gradient_boosting.predictor: TreePredictor",
        uses="ns",
        reason="converts its nodes, an array, at load",
        call=no_args,
        state=rule.predictor_state,
    )
    found |= rows(
        PROFILE,
        """
        sklearn.feature_extraction.text: strip_accents_ascii strip_accents_unicode strip_tags
        sklearn.utils: check_array
        sklearn.utils.validation: check_array
        """,
        uses="r",
        reason="changes or checks the data it is given, as a parameter of a transformer",
        call=only_later,
    )
    found |= rows(
        PROFILE,
        """
        sklearn.neural_network._stochastic_optimizers: SGDOptimizer
        sklearn.calibration: CalibrationDisplay
        sklearn.metrics._plot.confusion_matrix: ConfusionMatrixDisplay
        sklearn.metrics._plot.det_curve: DetCurveDisplay
        sklearn.metrics._plot.precision_recall_curve: PrecisionRecallDisplay
        sklearn.metrics._plot.regression: PredictionErrorDisplay
        sklearn.metrics._plot.roc_curve: RocCurveDisplay
        sklearn.model_selection._plot: LearningCurveDisplay ValidationCurveDisplay
        """,
        uses="ns",
        reason="numbers and arrays in its attributes; no code of its own at load",
        call=no_args,
        state=rule.estimator_state,
    )
    found |= rows(
        PROFILE,
        "sklearn.compose._column_transformer: _RemainderColsList",
        uses="ns",
        reason="a list of columns, from 1.5 to 1.7, that warns when it is read",
        call=no_args,
        state=attributes_of(collections.UserList),
    )
    found |= rows(
        PROFILE,
        """
        sklearn.utils: Bunch
        sklearn.utils._bunch: Bunch
        sklearn.covariance._graph_lasso: _DictWithDeprecatedKeys
        """,
        uses="nsi",
        reason="a dict; a state is ignored, or set",
        call=pairs_args,
        state=rule.estimator_state,
    )
    found |= rows(
        PROFILE,
        """
        sklearn.linear_model._passive_aggressive: PassiveAggressiveClassifier
        sklearn.linear_model._passive_aggressive: PassiveAggressiveRegressor
        sklearn.frozen._frozen: FrozenEstimator
        sklearn.utils._metadata_requests: MetadataRequest
        """,
        uses="ns",
        reason="attributes alone; looks up missing ones in what it holds, after the load",
        call=no_args,
        state=rule.estimator_state,
    )
    found |= rows(
        PROFILE,
        "sklearn.impute._iterative: _ImputerTriplet",
        uses="n",
        reason="a named tuple",
        call=rule.fields,
    )
    return found | rows(
        PROFILE,
        "sklearn._loss.glm_distribution: DistributionBoundary",
        uses="n",
        reason="a named tuple of two numbers",
        call=rule.boundary,
    )


def _trees() -> Entries:
    found = rows(
        PROFILE,
        "sklearn.tree._tree: Tree\nsklearn.tree.tree: Tree",
        uses="cs",
        reason="copies its nodes; their type and number are checked, where they lead is not",
        call=rule.tree_args,
        state=rule.tree_state,
    )
    for ref in rule.TREES | rule.METRICS:
        found |= rows(
            PROFILE,
            f"{ref.module}: {ref.qualname}",
            uses="r",
            reason="names a native class for its maker",
        )
    found |= rows(
        PROFILE,
        "sklearn.neighbors._kd_tree: newObj\nsklearn.neighbors._ball_tree: newObj",
        uses="cs",
        reason="an empty object of the class it is given, which must be a search tree",
        call=rule.new_tree,
        state=rule.new_tree_state,
    )
    return found | rows(
        PROFILE,
        "sklearn.metrics._dist_metrics: newObj\nsklearn.neighbors._dist_metrics: newObj",
        uses="cs",
        reason="an empty object of the class it is given, which must be a metric",
        call=rule.new_metric,
        state=rule.metric_state,
    )


def _losses() -> Entries:
    makers = " ".join(f"__pyx_unpickle_{name}" for name in rule.LOSS_NAMES.split())
    found = rows(
        PROFILE,
        f"""
        sklearn._loss._loss: {rule.LOSS_NAMES}
        _loss: {rule.LOSS_NAMES}
        sklearn.linear_model._sgd_fast: EpsilonInsensitive Hinge Huber Log ModifiedHuber
        sklearn.linear_model._sgd_fast: SquaredEpsilonInsensitive SquaredHinge SquaredLoss
        """,
        uses="c",
        reason="a native loss function of at most one number",
        call=plain_args,
    )
    return found | rows(
        PROFILE,
        f"sklearn._loss._loss: {makers}\n_loss: {makers}",
        uses="cs",
        reason="an object of the class it is given, which must be a loss",
        call=rule.new_loss,
        state=rule.loss_state,
    )


_NOW: Final[Entries] = _listed() | _special() | _trees() | _losses()

ENTRIES: Final[Entries] = alias(_NOW, BEFORE_0_22) | _NOW
