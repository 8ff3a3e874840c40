"""optuna: studies in memory, their trials, samplers and pruners.

Not in force by default. Left out: studies that keep their trials in a database or a journal, which
connect to what their state names.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import quiet
from safeload.allowlists.rules import by_position, only_later
from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "optuna"

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, "settings, numbers and trials in its attributes; no code of its own at load"),
    **rows(
        PROFILE,
        """
        optuna.study.study: Study
        optuna.storages._in_memory: InMemoryStorage
        """,
        uses="ns",
        reason="sets its attributes, and a lock or a place for each thread anew",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        optuna.trial._frozen: FrozenTrial
        optuna.distributions: CategoricalDistribution DiscreteUniformDistribution FloatDistribution
        optuna.distributions: IntDistribution IntLogUniformDistribution IntUniformDistribution
        optuna.distributions: LogUniformDistribution UniformDistribution
        """,
        uses="ns",
        reason="numbers and words in its attributes, by which it is hashed and compared",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        optuna.trial._state: TrialState
        optuna.study._study_direction: StudyDirection
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
    **rows(
        PROFILE,
        "optuna.samplers._tpe.parzen_estimator: _ParzenEstimatorParameters",
        uses="n",
        reason="a named tuple of settings",
        call=by_position,
    ),
    **rows(
        PROFILE,
        """
        optuna.samplers._tpe.sampler: default_gamma default_weights hyperopt_default_gamma
        optuna.samplers._tpe.sampler: _default_gamma _default_weights
        """,
        uses="r",
        reason="computes a number from a number of trials",
        call=only_later,
    ),
}
