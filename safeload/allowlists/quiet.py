"""Generated lists: classes of a package that are made empty and given attributes, and no more.

``compat/make_quiet_list.py`` writes them, ``<profile>.txt`` beside the list's module: it judges each
class as the profile ``plain`` does, so none of them has code of its own that runs at load.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

ESTIMATORS: Final = "parameters and fitted numbers in its attributes; no code of its own at load"
MODULES: Final = "parameters, buffers and settings in its attributes; no code of its own at load"


def quiet(profile: str, reason: str, layers: Collection[str] = ()) -> Entries:
    """The classes that the generated file of a profile names.

    Those of the modules named ``layers`` may stand in a partial, too: called, they make a layer of numbers.
    """
    found = _named_in(profile, reason)
    return {
        ref: replace(entry, call=only_later, new=no_args) if ref.module in layers else entry
        for ref, entry in found.items()
    }


def _named_in(profile: str, reason: str) -> Entries:
    file = Path(__file__).with_name(f"{profile.replace('-', '_')}.txt")
    return rows(
        profile,
        file.read_text("utf-8"),
        uses="ns",
        reason=reason,
        call=no_args,
        state=estimator_state,
    )
