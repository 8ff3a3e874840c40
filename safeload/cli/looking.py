"""``safeload scan`` and ``check``: what files ask for, and what the policy says of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import click
from rich.text import Text

import safeload
from safeload.cli.findings import Finding, files_of, find
from safeload.cli.screen import OUT, coloured, columns, path_text
from safeload.scan.report import printable

REFUSED: Final = 1


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file.")
def scan(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say what files ask for and whether they would be let through.

    Folders are searched; what is no pickle by name nor by content is passed by there. Exits with 1
    if a file would be refused.
    """
    passed_by = 0
    outcomes = set()
    table = columns("file", "verdict", "format", "asks for")
    for path, was_named in files_of(paths):
        finding = find(path)
        if not was_named and finding.is_no_pickle:
            passed_by += 1
            continue
        outcomes.add(finding.outcome)
        if as_json:
            click.echo(json.dumps(finding.as_json()))
        else:
            table.add_row(path_text(path), coloured(finding.outcome), finding.report.format, _names(finding))
    if not as_json:
        OUT.print(table if table.row_count else "No pickles here.")
        if passed_by:
            OUT.print(f"{passed_by} of the files are no pickles.", style="dim")
    sys.exit(REFUSED if outcomes - {"admitted"} else 0)


@click.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def check(files: tuple[Path, ...]) -> None:
    """Say why files would be let through or not: every name, what is done with it, and the judgement.

    Exits with 1 if a file would be refused.
    """
    findings = [find(path) for path in files]
    for finding in findings:
        OUT.print(Text.assemble(path_text(finding.path), " ", coloured(finding.outcome)))
        OUT.print(f"  format: {finding.report.format}")
        if finding.error or finding.verdict.unread:
            OUT.print(Text(f"  {printable(finding.error or finding.verdict.unread, 2000)}"))
        _explain(finding)
    sys.exit(REFUSED if any(finding.outcome != "admitted" for finding in findings) else 0)


def _names(finding: Finding) -> Text:
    """What is refused, or how much is asked for."""
    lines = [f"{item.ref}  {item.text}" for item in finding.verdict.refused]
    problem = finding.error or finding.verdict.unread
    if problem:
        lines.append(printable(problem, 500))
    if not lines:
        count = len(finding.report.uses)
        names = f"{count} name{'s' * (count > 1)}, allowed"
        lines.append(names if count else "nothing but data")
    return Text("\n".join(lines))


def _explain(finding: Finding) -> None:
    grounds = {item.ref: item.text for item in finding.verdict.refused}
    rulebook = safeload.current_policy().rulebook()
    table = columns("name", "what is done with it", "judgement")
    for ref in sorted({*finding.report.uses, *grounds}):
        judgement = Text("the file is trusted by its digest")
        if ref in grounds:
            judgement = Text(f"refused: {grounds[ref]}", style="red")
        elif ref in rulebook:
            judgement = Text(f"allowed by {rulebook[ref].profile}: {rulebook[ref].reason}")
        table.add_row(Text(str(ref)), str(finding.report.uses.get(ref, "")), judgement)
    if table.row_count:
        OUT.print(table)
