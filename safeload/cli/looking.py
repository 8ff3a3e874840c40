"""``safeload scan`` and ``check``: what files ask for, and what the policy says of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NoReturn

import click
from rich.text import Text

import safeload
from safeload.cli import many
from safeload.cli.findings import Finding, Target, find, targets_of
from safeload.cli.screen import OUT, coloured, columns, place_text, print_rows
from safeload.scan.report import printable

REFUSED: Final = 1
EPOCH: Final = "SOURCE_DATE_EPOCH"
FORMATS: Final = ("table", "json", "sarif", "cyclonedx")


class _Place(click.Path):
    """A path that is there, or an address."""

    name = "path or address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # type: ignore[override]  # click's own type is wider
        return value if "://" in value else str(super().convert(value, param, ctx))


@click.command()
@click.argument("places", metavar="PATH…", nargs=-1, required=True, type=_Place(exists=True))
@click.option(
    "--format",
    "output",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="json: one object a line for each file. sarif: SARIF 2.1.0, for code scanning. "
    "cyclonedx: CycloneDX 1.6, a bill of materials with the sha256 of each file.",
)
@click.option("--json", "short", flag_value="json", help="The same as --format json.")
@click.option("--sarif", "short", flag_value="sarif", help="The same as --format sarif.")
@click.option("--date", envvar=EPOCH, metavar="SECONDS", help="The time that cyclonedx says, since 1970.")
@click.option("--jobs", "-j", default=1, show_default=True, help="How many files at once; -1: one for each core.")
@click.option(
    "--backend",
    type=click.Choice(many.BACKENDS),
    default="loky",
    show_default=True,
    help="Which of joblib's backends does it: dask and ray take the cluster that their own settings name.",
)
def scan(  # noqa: PLR0913 - click passes each option so
    *, places: tuple[str, ...], output: str, short: str | None, date: str | None, jobs: int, backend: str
) -> None:
    """Say what files ask for and whether they would be let through.

    Folders and addresses (s3://…) are searched; what is no pickle by name nor by content is passed by
    there. Exits with 1 if a file would be refused or cannot be read, or if the configured policy cannot be
    used, with 2 if it was asked wrongly.
    """
    if short and output not in ("table", short):
        msg = f"--{short} and --format {output} are two formats"
        raise click.UsageError(msg)
    output = short or output
    targets = list(targets_of(places))
    looked = many.look_at(targets, jobs, backend, _look_for(output))
    findings = list(_watched(looked, len(targets)))
    kept = [finding for finding in findings if not finding.is_passed_by]
    if output == "table":
        _show(kept, passed_by=len(findings) - len(kept))
    else:
        _print(kept, output, date)
    _end(kept)


def _look_for(output: str) -> Callable[[Target], Finding]:
    """How to look at one file for an output; what one of them needs alone is imported for it alone."""
    if output != "cyclonedx":
        return find
    from safeload.cli import hashing

    return hashing.find_hashed


def _print(findings: list[Finding], output: str, date: str | None) -> None:
    """For machines."""
    if output == "json":
        for finding in findings:
            click.echo(json.dumps(finding.as_json()))
        return
    from safeload.cli import cyclonedx, sarif

    try:
        document = sarif.as_sarif(findings) if output == "sarif" else cyclonedx.as_cyclonedx(findings, date)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo(json.dumps(document, indent=1))


def _end(findings: list[Finding]) -> NoReturn:
    """Whoever configured a policy wants its judgement: that of another is none, whatever it says."""
    problem = safeload.status().problem
    if problem:
        click.echo(f"The configured policy was not used: {problem}", err=True)
    sys.exit(REFUSED if problem or any(finding.outcome != "admitted" for finding in findings) else 0)


def _watched(findings: Iterable[Finding], total: int) -> Iterator[Finding]:
    """With a bar on a terminal's stderr, and none elsewhere."""
    if not sys.stderr.isatty():
        return iter(findings)
    from rich.console import Console
    from rich.progress import track

    return iter(track(findings, "looking", total=total, console=Console(stderr=True), transient=True))


def _show(findings: list[Finding], passed_by: int) -> None:
    rows = []
    for finding in findings:
        place = place_text(finding.target.place)
        if finding.target.source:
            place.append(f"\n{printable(finding.target.source)}", style="dim")
        rows.append((place, coloured(finding.outcome), Text(finding.format), _names(finding)))
    if rows:
        print_rows(("file", "verdict", "format", "asks for"), rows)
    else:
        OUT.print("No pickles here.")
    if passed_by:
        OUT.print(f"{passed_by} of the files are no pickles.", style="dim")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
def check(files: tuple[str, ...]) -> None:
    """Say why files would be let through or not: every name, what is done with it, and the judgement.

    Exits with 1 if a file would be refused, or if the configured policy cannot be used.
    """
    findings = [find(Target(file, named=True)) for file in files]
    for finding in findings:
        OUT.print(Text.assemble(place_text(finding.target.place), " ", coloured(finding.outcome)))
        OUT.print(f"  format: {finding.format}")
        problem = finding.error or finding.unpinned or finding.problem
        if problem:
            OUT.print(Text(f"  {printable(problem, 2000)}"))
        _explain(finding)
    _end(findings)


def _names(finding: Finding) -> Text:
    """What is refused, or how much is asked for."""
    lines = [f"{name}  {text}" for name, _, text in finding.refused]
    problem = finding.error or finding.unpinned or finding.problem
    if problem:
        lines.append(printable(problem, 500))
    if not lines:
        count = len(finding.names)
        names = f"{count} name{'s' * (count > 1)}, allowed"
        lines.append(names if count else "nothing but data")
    return Text("\n".join(lines))


def _explain(finding: Finding) -> None:
    grounds = {name: text for name, _, text in finding.refused}
    uses = dict(finding.names)
    rulebook = {str(ref): entry for ref, entry in safeload.current_policy().rulebook().items()}
    table = columns("name", "what is done with it", "judgement")
    for name in sorted({*uses, *grounds}):
        judgement = Text("the file is trusted by its digest")
        if name in grounds:
            judgement = Text(f"refused: {grounds[name]}", style="red")
        elif name in rulebook:
            judgement = Text(f"allowed by {rulebook[name].profile}: {rulebook[name].reason}")
        table.add_row(Text(name), uses.get(name, ""), judgement)
    if table.row_count:
        OUT.print(table)
