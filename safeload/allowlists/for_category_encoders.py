"""category_encoders: every encoder.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else (2.11).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "category-encoders"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
