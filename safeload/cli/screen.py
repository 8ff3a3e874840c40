"""What the verbs share: the terminal, and how values are shown on it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from safeload.activation import in_words
from safeload.scan.report import printable

OUT: Final = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 200)

_WIDEST: Final = 120  # letters: what has more stands out of its column

_COLOURS: Final = {"admitted": "green", "refused": "red", "unreadable": "yellow", "error": "yellow"}


def columns(*names: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    return table


def print_rows(names: tuple[str, ...], rows: Sequence[tuple[Text, ...]]) -> None:
    """A table; where no terminal folds it, plain lines: grep wants them whole, and rich takes seconds for thousands."""
    if OUT.is_terminal:
        table = columns(*names)
        for row in rows:
            table.add_row(*row)
        OUT.print(table)
        return
    cells = [[[name] for name in names]] + [[cell.plain.split("\n") for cell in row] for row in rows]
    widths = [min(_WIDEST, max(len(line) for lines in cells for line in lines[column])) for column in range(len(names))]
    for folded in cells:
        for line in zip_longest(*folded, fillvalue=""):
            click.echo("  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip())


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
