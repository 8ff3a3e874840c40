"""hdbscan: fitted clusterings.

Not in force by default. A later fit obeys the cache that it may hold: only one without a place is let
through. umap is not on any list: its pickles hold functions that numba rebuilds from code.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import HDBSCAN_METRICS, memory_state, new_hdbscan_metric
from safeload.allowlists.rules_sklearn import metric_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "hdbscan"

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, ESTIMATORS),
    **rows(
        PROFILE,
        "\n".join(f"{ref.module}: {ref.qualname}" for ref in sorted(HDBSCAN_METRICS)),
        uses="r",
        reason="names a native class for its maker",
    ),
    **rows(
        PROFILE,
        "hdbscan.dist_metrics: newObj",
        uses="cs",
        reason="an empty object of the class it is given, which must be a metric",
        call=new_hdbscan_metric,
        state=metric_state,
    ),
    **rows(
        PROFILE,
        "joblib.memory: Memory",
        uses="ns",
        reason="a cache that is nowhere; one with a place would write there at the next fit",
        call=no_args,
        state=memory_state,
    ),
}
