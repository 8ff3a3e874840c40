"""The rules of statsmodels' state space models: filters in C over matrices.

They are called with a model of their own kind and numbers, and then given the arrays they had computed.
Their makers count the matrices against each other; the memory of ``None`` they read as a model's.
What the arrays hold is on trust: a filter that is run over forged ones crashes the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules_forms import Args, Kwargs, is_array, is_plain, own_attributes
from safeload.scan.entry import CallRule
from safeload.scan.inert import made_by
from safeload.scan.report import GlobalRef

_PLACE: Final = "statsmodels.tsa.statespace"
PREFIXES: Final = "sdcz"
_ARRAYS: Final[Mapping[str, int]] = {"Initialization": 2, "Statespace": 8}
_MODELS: Final[Mapping[str, tuple[str, ...]]] = {
    "KalmanFilter": ("Statespace",),
    "KalmanSmoother": ("Statespace", "KalmanFilter"),
}
_MODULES: Final = {
    "Initialization": f"{_PLACE}._initialization",
    "Statespace": f"{_PLACE}._representation",
    "KalmanFilter": f"{_PLACE}._kalman_filter",
    "KalmanSmoother": f"{_PLACE}._kalman_smoother",
}
NATIVE: Final = tuple(GlobalRef(module, f"{prefix}{name}") for name, module in _MODULES.items() for prefix in PREFIXES)


def maker(ref: GlobalRef) -> CallRule:
    """The arguments of one native class: matrices, or models of the same kind, and numbers."""
    prefix, name = ref.qualname[0], ref.qualname[1:]
    models = tuple(GlobalRef(_MODULES[part], f"{prefix}{part}") for part in _MODELS.get(name, ()))
    arrays = _ARRAYS.get(name, 0)

    def rule(args: Args, kwargs: Kwargs) -> str | None:
        given = tuple(map(made_by, args[: len(models)]))
        rest = [arg for arg in args[len(models) :] if not is_plain(arg)]
        fits = not kwargs and given == models and len(rest) == arrays and all(map(is_array, rest))
        return None if fits else "is made from something else than matrices, its own models and numbers"

    return rule


def native_state(_: Any, state: Any) -> str | None:
    """Numbers and arrays, each under its name."""
    if not own_attributes(state) or not all(is_plain(value) or is_array(value) for value in state.values()):
        return "its state must be numbers and arrays"
    return None


def bunch_state(made: Any, state: Any) -> str | None:
    """A dict that is its own attributes: its state is itself, or a dict."""
    return None if state is made or own_attributes(state) else "its state must be a dict of its own attributes"


def initialized_state(_: Any, state: Any) -> str | None:
    """Loading calls a method of the class's own, which an attribute of that name would replace."""
    if not own_attributes(state) or "_initialize" in state:
        return "its state must be a dict of its own attributes, with nothing in the place of a method"
    return None
