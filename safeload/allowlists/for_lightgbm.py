"""lightgbm: boosters and its scikit-learn estimators.

Not in force by default. A booster is text that lightgbm's native parser reads at load: as safe as
that parser, no safer. ``Dataset`` is left out: its deletion frees whatever address its state holds.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_boosters import lightgbm_state
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "lightgbm"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "lightgbm.basic: Booster",
        uses="ns",
        reason="text for a native parser; no address of the file's is ever freed",
        call=no_args,
        state=lightgbm_state,
    ),
    **rows(
        PROFILE,
        """
        lightgbm.sklearn: LGBMClassifier LGBMModel LGBMRanker LGBMRegressor
        """,
        uses="ns",
        reason="parameters and a booster in its attributes",
        call=no_args,
        state=estimator_state,
    ),
}
