"""xgboost: boosters and its scikit-learn estimators.

Not in force by default. A booster is bytes that xgboost's native parser reads at load: as safe as
that parser, no safer. The format is not meant to last: across versions, xgboost's own
``save_model`` is.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_boosters import xgboost_state
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "xgboost"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "xgboost.core: Booster",
        uses="ns",
        reason="bytes for a native parser; no address of the file's is ever freed",
        call=no_args,
        state=xgboost_state,
    ),
    **rows(
        PROFILE,
        """
        xgboost.sklearn: XGBClassifier XGBModel XGBRanker XGBRFClassifier XGBRFRegressor
        xgboost.sklearn: XGBRegressor
        xgboost.callback: EarlyStopping
        """,
        uses="ns",
        reason="parameters and a booster in its attributes",
        call=no_args,
        state=estimator_state,
    ),
}
