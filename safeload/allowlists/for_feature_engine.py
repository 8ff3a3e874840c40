"""feature_engine: every transformer, selector and its pipeline.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else (1.9).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "feature-engine"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
