"""What the verbs share: the terminal, and how values are shown on it."""

from __future__ import annotations

import sys
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from safeload.activation import in_words
from safeload.scan.report import printable

OUT: Final = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 200)

_COLOURS: Final = {"admitted": "green", "refused": "red", "unreadable": "yellow", "error": "yellow"}


def columns(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def facts_table(facts: dict[str, Any]) -> Table:
    """A line for each fact."""
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in facts.items():
        table.add_row(key, Text(in_words(value)))
    return table


def place_text(place: str) -> Text:
    return Text(printable(place, 1000))


def coloured(outcome: str) -> Text:
    return Text(outcome, style=_COLOURS[outcome])
