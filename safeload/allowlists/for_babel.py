"""Babel: the data of its locales, which it keeps as pickles in its own package.

In force by default: a Jupyter server, Sphinx, Flask and their like read these files in every process. All
pure Python. A plural rule becomes Python source at its first use, so its parts are ruled to the last one.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_babel import alias_state, date_state, number_state, plural_state
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "babel"

ENTRIES: Final[Entries] = (
    rows(
        PROFILE,
        "babel.plural: PluralRule",
        uses="ns",
        reason="rules of plurals as a tree of known words and numbers, compiled to Python when they are used",
        call=no_args,
        state=plural_state,
    )
    | rows(
        PROFILE,
        "babel.dates: DateTimePattern",
        uses="ns",
        reason="two texts in its attributes",
        call=no_args,
        state=date_state,
    )
    | rows(
        PROFILE,
        "babel.numbers: NumberPattern",
        uses="ns",
        reason="texts and numbers in its attributes",
        call=no_args,
        state=number_state,
    )
    | rows(
        PROFILE,
        "babel.localedata: Alias",
        uses="ns",
        reason="keys of other data in its attributes",
        call=no_args,
        state=alias_state,
    )
)
