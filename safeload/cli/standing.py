"""``safeload status`` and ``doctor``: what is in force here, and whether every process is guarded."""

from __future__ import annotations

import json
import sys
from typing import Final

import click
from rich.text import Text

import safeload
from safeload import doctor as questions
from safeload.cli.screen import OUT, columns, facts_table

NOT_WELL: Final = 1
_COLOURS: Final = {questions.WELL: "green", questions.NOTE: "yellow", questions.WRONG: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say what is in force here, and from where.

    This process has few libraries loaded; in a notebook, ``safeload.status()`` knows its own doors. Exits
    with 1 if the configured policy could not be used.
    """
    found = safeload.status()
    facts = {"version": safeload.__version__, **found.facts()}
    if as_json:
        click.echo(json.dumps(facts))
    else:
        OUT.print(facts_table(facts))
    sys.exit(0 if found.active and not found.problem else NOT_WELL)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """See whether new processes of this Python are guarded, by which policy, and what is amiss.

    Starts some. Exits with 1 if something is wrong, so that it serves as a readiness probe.
    """
    found = list(questions.checks())
    wrong = any(check.state == questions.WRONG for check in found)
    if as_json:
        rows = [{"check": check.name, "state": check.state, "text": check.text} for check in found]
        click.echo(json.dumps({"well": not wrong, "checks": rows}))
    else:
        table = columns("", "", "")
        for check in found:
            table.add_row(check.name, Text(check.state, style=_COLOURS[check.state]), Text(check.text))
        OUT.print(table)
    sys.exit(NOT_WELL if wrong else 0)
