"""scikit-surprise: its prediction algorithms.

Not in force by default. Each is loaded by setting attributes and nothing else (1.1).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "surprise"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
