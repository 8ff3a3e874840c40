"""The rules of scikit-learn: native classes, and the few that act when they are loaded."""

from __future__ import annotations

import re
from typing import Any, Final

from safeload.allowlists.rules import may_be_stored
from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    is_array,
    is_int,
    is_plain,
    is_ref_in,
    own_attributes,
    refs,
)
from safeload.scan.inert import made_by, ref_of

_METRICS: Final = (
    "BrayCurtis Canberra Chebyshev Dice Euclidean Hamming Haversine Jaccard Kulsinski Mahalanobis "
    "Manhattan Matching Minkowski RogersTanimoto RussellRao SEuclidean SokalMichener SokalSneath "
    "WMinkowski"
)
METRIC_NAMES: Final = " ".join(f"{name}Distance{width}" for name in _METRICS.split() for width in ("", "32", "64"))
TREES: Final = refs(
    """
    sklearn.neighbors._kd_tree: KDTree KDTree32 KDTree64
    sklearn.neighbors._ball_tree: BallTree BallTree32 BallTree64
    sklearn.neighbors.kd_tree: KDTree
    sklearn.neighbors.ball_tree: BallTree
    """
)
CALLING: Final = refs("sklearn.metrics._dist_metrics: PyFuncDistance PyFuncDistance32 PyFuncDistance64")
METRICS: Final = CALLING | refs(
    f"""
    sklearn.metrics._dist_metrics: {METRIC_NAMES}
    sklearn.neighbors._dist_metrics: {METRIC_NAMES}
    sklearn.neighbors.dist_metrics: {METRIC_NAMES}
    """
)
_LOSSES: Final = (
    "AbsoluteError ExponentialLoss HalfBinomialLoss HalfGammaLoss HalfMultinomialLoss "
    "HalfPoissonLoss HalfSquaredError HalfTweedieLoss HalfTweedieLossIdentity HuberLoss PinballLoss"
)
LOSS_NAMES: Final = " ".join(f"Cy{name}" for name in _LOSSES.split())
LOSSES: Final = refs(f"sklearn._loss._loss: {LOSS_NAMES}\n_loss: {LOSS_NAMES}")
_MAKERS: Final = refs(
    """
    sklearn.metrics._dist_metrics: newObj
    sklearn.neighbors._dist_metrics: newObj
    sklearn.neighbors.dist_metrics: newObj
    """
)
# joblib before 1.2 evaluates the text; the numbers and the one name are all its language.
_DISPATCH: Final = re.compile(r"[0-9.*+\- ]*(n_jobs)?[0-9.*+\- ]*|all")


def estimator_state(_: Any, state: Any) -> str | None:
    """Attributes of its own, and no text in ``pre_dispatch`` that an older joblib would run."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    if type(state.get("_sklearn_version", "")) is not str:
        return "is of a version that is no text, and compared as whatever it is"
    dispatch = state.get("pre_dispatch")
    if type(dispatch) is str and not _DISPATCH.fullmatch(dispatch):
        return "holds an expression for a later fit to evaluate"
    return None


def isotonic_state(made: Any, state: Any) -> str | None:
    """Builds its function from two arrays when loaded, through a method of its own."""
    if type(state) is dict and "_build_f" in state:
        return "puts something in the place of a method that is called at load"
    thresholds = [v for k, v in state.items() if k in ("X_thresholds_", "y_thresholds_")]
    if not all(map(is_array, thresholds)):
        return "its thresholds must be arrays"
    return estimator_state(made, state)


def predictor_state(made: Any, state: Any) -> str | None:
    """Converts its nodes when loaded: they must be an array."""
    fits = type(state) is dict and is_array(state["nodes"])
    return estimator_state(made, state) if fits else "its nodes must be an array"


def tree_args(args: Args, kwargs: Kwargs) -> str | None:
    """``Tree(features, array of class counts, outputs)``."""
    fits = not kwargs and len(args) == 3 and is_int(args[0]) and is_array(args[1])
    return None if fits and is_int(args[2]) else "takes two numbers and an array"


def tree_state(_: Any, state: Any) -> str | None:
    """Counts and two arrays, whose types and lengths scikit-learn checks."""
    keys = {"max_depth", "node_count", "nodes", "values"}
    fits = type(state) is dict and state.keys() == keys and is_int(state["node_count"])
    fits = fits and is_array(state["nodes"]) and is_array(state["values"])
    return None if fits else "its state must be counts and arrays"


def new_tree(args: Args, kwargs: Kwargs) -> str | None:
    """``newObj(class)`` makes an object of the class without its constructor."""
    fits = not kwargs and len(args) == 1 and is_ref_in(args[0], TREES)
    return None if fits else "makes something other than a search tree"


def new_tree_state(_: Any, state: Any) -> str | None:
    """Four arrays, numbers, a metric and weights, by type; the arrays' numbers are on trust.

    scikit-learn reads all thirteen unchecked, whether they are there or not.
    """
    arrays, numbers, rest = state[:4], state[4:11], state[11:]
    fits = type(state) is tuple and len(state) == 13 and all(map(is_array, arrays))
    fits = fits and all(map(is_plain, numbers)) and made_by(rest[0]) in _MAKERS
    weights = rest[1:]
    if not fits or any(w is not None and not is_array(w) for w in weights):
        return "its state must be arrays, numbers and a metric"
    return None


def new_metric(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and len(args) == 1 and is_ref_in(args[0], METRICS)
    return None if fits else "makes something other than a metric of scikit-learn's own"


def metric_state(_: Any, state: Any) -> str | None:
    """A power and two arrays; a metric that calls a function has it behind them, with its keywords."""
    fits = type(state) is tuple and len(state) in (3, 5) and is_plain(state[0])
    if not fits or not all(map(is_array, state[1:3])):
        return "its state must be two arrays"
    if len(state) == 3:
        return None
    kept = ref_of(state[3]) is not None and may_be_stored(state[3])
    return None if kept and type(state[4]) is dict else "wraps something that may not be stored for a later call"


def new_loss(args: Args, kwargs: Kwargs) -> str | None:
    """``__pyx_unpickle_X(class, checksum, state)`` of a class with at most one number."""
    cls, checksum, state = args
    numbers = state is None or type(state) is tuple and all(map(is_plain, state))
    fits = not kwargs and is_ref_in(cls, LOSSES) and is_int(checksum) and numbers
    return None if fits else "makes something other than a loss of scikit-learn's own"


def loss_state(_: Any, state: Any) -> str | None:
    fits = type(state) is tuple and all(map(is_plain, state))
    return None if fits else "its state must be numbers"


def fields(args: Args, kwargs: Kwargs) -> str | None:
    """A named tuple's fields."""
    return None if not kwargs and len(args) == 3 else "takes three fields by position"


def boundary(args: Args, kwargs: Kwargs) -> str | None:
    return None if not kwargs and all(map(is_plain, args)) else "takes numbers"
