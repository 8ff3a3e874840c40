"""lifelines: fitted survival models.

Not in force by default. Kaplan-Meier's, Cox's and Aalen's pass; models that keep a formula or a bound
method of their own (Nelson-Aalen's, the parametric ones) stay refused. ``CoxPHFitter`` hands the
attributes it lacks on to the model inside it, which it does not have yet while it is loaded.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "lifelines"

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, ESTIMATORS),
    **rows(
        PROFILE,
        "lifelines.fitters.coxph_fitter: CoxPHFitter\nlifelines.utils: CovariateParameterMappings",
        uses="ns",
        reason="a model inside and settings in its attributes",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "lifelines.utils: CensoringType",
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
