"""catboost: its estimators.

Not in force by default. A model is bytes that catboost's native parser reads at load: as safe as
that parser, no safer. Its parameters come from the file, too: a later ``fit`` writes to the
``train_dir`` that they name.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_boosters import catboost_state
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "catboost"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    "catboost.core: CatBoost CatBoostClassifier CatBoostRanker CatBoostRegressor",
    uses="ns",
    reason="bytes for a native parser, and parameters",
    call=no_args,
    state=catboost_state,
)
