"""mlxtend: its classifiers, regressors, transformers and feature selectors.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else (0.25).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "mlxtend"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
