"""tslearn: its estimators over time series.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else (0.10).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "tslearn"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
