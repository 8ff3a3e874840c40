"""The command line: ``safeload scan | check | convert | twin | status | demo``. The only importer of click and rich."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

import safeload
from safeload.files import judged
from safeload.policy import Verdict
from safeload.scan.readers import UNKNOWN
from safeload.scan.report import Report, printable

OUT: Final = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 200)

# Names by which people keep pickles. In a folder, what has another name and is no pickle is passed by.
SUFFIXES: Final = frozenset(
    """
    .pkl .pickle .p .pk .joblib .jl .sav .model .pt .pth .ckpt .bin .dill .cloudpickle
    .npy .npz .pt2 .ptc .gz .bz2 .xz .lz4 .z
    """.split()
)
REFUSED: Final = 1

_COLOURS: Final = {"admitted": "green", "refused": "red", "unreadable": "yellow", "error": "yellow"}


@click.group()
@click.version_option(safeload.__version__, prog_name="safeload")
def main() -> None:
    """Refuse what no allowlist names, before anything of a file runs."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One file, looked at."""

    path: Path
    report: Report = dataclasses.field(default_factory=Report)
    verdict: Verdict = dataclasses.field(default_factory=Verdict)
    error: str = ""

    @property
    def outcome(self) -> str:
        if self.error:
            return "error"
        if self.verdict.refused:
            return "refused"
        return "unreadable" if self.verdict.unread else "admitted"

    def as_json(self) -> dict[str, Any]:
        grounds = {item.ref: item.text for item in self.verdict.refused}
        return {
            "path": str(self.path),
            "verdict": self.outcome,
            "format": self.report.format,
            "names": [
                {"name": str(ref), "uses": str(self.report.uses[ref]), "refused": grounds.get(ref)}
                for ref in self.report.globals
            ],
            "refused": {str(ref): text for ref, text in grounds.items()},
            "allowed_by": list(self.verdict.profiles),
            "problem": self.error or self.verdict.unread,
        }


@main.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file.")
def scan(paths: tuple[Path, ...], as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say what files ask for and whether they would be let through.

    Folders are searched; what is no pickle by name nor by content is passed by there. Exits with 1
    if a file would be refused.
    """
    passed_by = 0
    outcomes = set()
    table = _table("file", "verdict", "format", "asks for")
    for path, was_named in _files(paths):
        finding = _look(path)
        if not was_named and _is_no_pickle(finding):
            passed_by += 1
            continue
        outcomes.add(finding.outcome)
        if as_json:
            click.echo(json.dumps(finding.as_json()))
        else:
            table.add_row(_shown(path), _coloured(finding.outcome), finding.report.format, _names(finding))
    if not as_json:
        OUT.print(table if table.row_count else "No pickles here.")
        if passed_by:
            OUT.print(f"{passed_by} of the files are no pickles.", style="dim")
    sys.exit(REFUSED if outcomes - {"admitted"} else 0)


@main.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def check(files: tuple[Path, ...]) -> None:
    """Say why files would be let through or not: every name, what is done with it, and the judgement.

    Exits with 1 if a file would be refused.
    """
    findings = [_look(path) for path in files]
    for finding in findings:
        OUT.print(Text.assemble(_shown(finding.path), " ", _coloured(finding.outcome)))
        OUT.print(f"  format: {finding.report.format}")
        if finding.error or finding.verdict.unread:
            OUT.print(Text(f"  {printable(finding.error or finding.verdict.unread, 2000)}"))
        _explain(finding)
    sys.exit(REFUSED if any(finding.outcome != "admitted" for finding in findings) else 0)


@main.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("out", required=False, type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that was not made by this.")
@click.option("--cache", "into_cache", is_flag=True, help="Into the cache folder, under the digest.")
def convert(source: Path, out: Path | None, overwrite: bool, into_cache: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Write the tensors of a checkpoint as safetensors; none of its code is run.

    SOURCE is a file, an index of shards, or a folder. Without OUT, the files stand beside what they
    were made from, under the names that libraries look for. Exits with 1 if something cannot be converted.
    """
    with _progress() as bar:
        try:
            done = safeload.convert(
                source, out, overwrite=overwrite, into_cache=into_cache, watch=lambda path: _watched(bar, path)
            )
        except (safeload.SafeloadError, OSError) as error:
            bar.stop()
            click.echo(f"safeload: {error}", err=True)
            sys.exit(REFUSED)
    for one in done:
        OUT.print(Text.assemble(_shown(one.source), " -> ", _shown(one.out), "" if one.fresh else " (there already)"))
        for name, reason in one.left_out.items():
            OUT.print(Text(f"  left out: {printable(name)}: {printable(reason)}"), style="yellow")
        if one.sidecar is not None:
            OUT.print(Text.assemble("  numbers, texts and what was left out: ", _shown(one.sidecar)), style="dim")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bytes", "whole", is_flag=True, help="Compare every number too.")
def twin(file: Path, whole: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say which safetensors file is opened in place of a pickle, or why none is (and exit with 1)."""
    try:
        OUT.print(_shown(safeload.find_twin(file, verify="bytes" if whole else "header")))
    except safeload.TensorsError as error:
        OUT.print(Text(f"none: {error}"), style="yellow")
        sys.exit(REFUSED)


def _progress() -> Progress:
    """A bar on stderr, if somebody sees it there."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def _watched(bar: Progress, path: Path) -> Callable[[int, int], None]:
    task = bar.add_task(printable(path.name, 60), total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(as_json: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say what is in force here, and from where.

    This process has few libraries loaded; in a notebook, ``safeload.status()`` knows its own doors.
    """
    found = safeload.status()
    policy = found.policy
    facts = {
        "version": safeload.__version__,
        "active": found.active,
        "doors": found.doors,
        "mode": policy.mode.value,
        "profiles": list(policy.profiles),
        "allow": sorted(map(str, policy.allow)),
        "tensors": policy.tensors.value,
        "locked": policy.locked,
        "policy": policy.origin,
        "problem": found.problem,
        "vulnerable": list(found.vulnerable),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for key, value in facts.items():
        table.add_row(key, Text(_in_words(value)))
    OUT.print(table)


@main.command()
def demo() -> None:
    """Load real models that packages ship, then meet a hostile file with and without safeload."""
    from safeload import demo as shown

    sys.exit(shown.run(OUT))


# --- looking ------------------------------------------------------------------------------------


def _files(paths: tuple[Path, ...]) -> Iterator[tuple[Path, bool]]:
    """Every file, with whether it was named itself."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if name != ".git")
            for name in sorted(names):
                file = Path(folder, name)
                if file.is_file():
                    yield file, file.suffix.lower() in SUFFIXES


def _look(path: Path) -> Finding:
    try:
        return Finding(path, *judged(path))
    except OSError as error:
        return Finding(path, error=f"{error.strerror or error}")


def _is_no_pickle(finding: Finding) -> bool:
    """Nothing that an unpickler would take."""
    return finding.report.format == UNKNOWN and not finding.verdict.refused


# --- showing ------------------------------------------------------------------------------------


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _shown(path: Path) -> Text:
    return Text(printable(str(path), 1000))


def _coloured(outcome: str) -> Text:
    return Text(outcome, style=_COLOURS[outcome])


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
    table = _table("name", "what is done with it", "judgement")
    for ref in sorted({*finding.report.uses, *grounds}):
        judgement = Text("the file is trusted by its digest")
        if ref in grounds:
            judgement = Text(f"refused: {grounds[ref]}", style="red")
        elif ref in rulebook:
            judgement = Text(f"allowed by {rulebook[ref].profile}: {rulebook[ref].reason}")
        table.add_row(Text(str(ref)), str(finding.report.uses.get(ref, "")), judgement)
    if table.row_count:
        OUT.print(table)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {item}" for key, item in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return str(value) or "none"
