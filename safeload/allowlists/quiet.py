"""Generated lists: classes of a package that are made empty and given attributes, and no more.

``compat/make_quiet_list.py`` writes them, ``<profile>.txt`` beside the list's module: it judges each
class as the profile ``plain`` does, so none of them has code of its own that runs at load.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

ESTIMATORS: Final = "parameters and fitted numbers in its attributes; no code of its own at load"
MODULES: Final = "parameters, buffers and settings in its attributes; no code of its own at load"


def quiet(profile: str, reason: str) -> Entries:
    """The classes that the generated file of a profile names."""
    file = Path(__file__).with_name(f"{profile.replace('-', '_')}.txt")
    return rows(
        profile,
        file.read_text("utf-8"),
        uses="ns",
        reason=reason,
        call=no_args,
        state=estimator_state,
    )
