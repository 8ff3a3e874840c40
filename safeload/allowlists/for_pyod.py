"""pyod: its outlier detectors.

Not in force by default. All pure Python, each loaded by setting attributes and nothing else (3.6).
Detectors that hold a network need ``torch-modules`` too. Left out: those over graphs, and those that
fetch another model when they are used (``audio_ae``, ``embedding``).
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "pyod"

ENTRIES: Final[Entries] = quiet(PROFILE, ESTIMATORS)
