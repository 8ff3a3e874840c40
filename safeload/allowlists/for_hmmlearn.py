"""hmmlearn: hidden Markov models.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "hmmlearn"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    """
    hmmlearn.base: ConvergenceMonitor
    hmmlearn.hmm: CategoricalHMM GMMHMM GaussianHMM MultinomialHMM PoissonHMM
    hmmlearn.vhmm: VariationalCategoricalHMM VariationalGaussianHMM
    """,
    uses="ns",
    reason="parameters and fitted numbers in its attributes; no code of its own at load",
    call=no_args,
    state=estimator_state,
)
