"""pytorch-tabnet: its estimators, networks and callbacks.

Not in force by default. They hold torch's modules: that list comes along.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import MODULES, quiet
from safeload.allowlists.table import Entries

PROFILE: Final = "pytorch-tabnet"
WITH: Final = ("torch-modules",)

ENTRIES: Final[Entries] = quiet(PROFILE, MODULES)
