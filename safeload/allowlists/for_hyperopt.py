"""hyperopt: the trials of a search. Left out: search spaces, which name functions to call."""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "hyperopt"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    "hyperopt.base: Trials",
    uses="ns",
    reason="a list of dicts, one for each trial; no code of its own at load",
    call=no_args,
    state=dict_state,
)
