"""``safeload detonate``: what a file's code tries, where it can do nothing."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import click
from rich.text import Text

import safeload
from safeload.cli import sarif
from safeload.cli.findings import Finding, Target
from safeload.cli.screen import OUT, place_text
from safeload.sandbox.detonate import Detonation
from safeload.sandbox.detonate import detonate as run
from safeload.scan.report import printable
from safeload.tensors.contents import policy_here
from safeload.tensors.source import Source

MISBEHAVED: Final = 1
_COLOURS: Final = {"behaved": "green", "no code": "green", "tried": "red"}  # what was not run is neither


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--json", "output", flag_value="json", help="One JSON object.")
@click.option("--sarif", "output", flag_value="sarif", help="SARIF 2.1.0, for code scanning.")
@click.option("--seconds", type=click.FloatRange(min=1), help="How long it may take; without it, what the policy says.")
def detonate(file: str, output: str | None, seconds: float | None) -> None:
    """Run a file's code in a child that can do nothing, and say what it tried.

    Linux alone can. Each attempt is told by the kernel and refused. Exits with 0 if the file ran to its end and
    tried nothing, or names no code; with 1 if it tried something, did not run to its end, or cannot be run here.
    """
    limits = policy_here().sandbox_limits
    limits = limits if seconds is None else limits._replace(seconds=seconds, cpu=seconds)
    done, error = None, ""
    try:
        with Source(file) as source:
            done = run(source, limits)
    except (safeload.SafeloadError, OSError) as problem:
        error = str(problem)
    if output == "json":
        click.echo(json.dumps(_as_json(file, done, error)))
    elif output == "sarif":
        click.echo(json.dumps(sarif.as_sarif([_finding(file, done, error)]), indent=1))
    else:
        _show(file, done, error)
    sys.exit(0 if done is not None and done.behaved else MISBEHAVED)


def _outcome(done: Detonation | None) -> str:
    if done is None:
        return "not run"
    if done.attempts:
        return "tried"
    if done.problem:
        return "not run to its end"
    return "behaved" if done.ran else "no code"


def _as_json(file: str, done: Detonation | None, error: str) -> dict[str, Any]:
    found: dict[str, Any] = {"path": file, "outcome": _outcome(done), "problem": error}
    if done is None:
        return found | {"format": "", "attempts": [], "missing": {}, "layers": {}}
    attempts = [{"attempt": attempt, "times": times} for attempt, times in done.attempts]
    rest = {"format": done.format, "attempts": attempts, "missing": done.missing, "layers": done.layers}
    return found | {"problem": done.problem} | rest


def _finding(file: str, done: Detonation | None, error: str) -> Finding:
    """As the other verbs' writer takes it."""
    target = Target(file, named=True)
    if done is None:
        return Finding(target, error=error)
    words = "its code tried this as it was loaded, and was refused"
    refused = tuple((attempt, sarif.ATTEMPTED, words) for attempt, _ in done.attempts)
    return Finding(target, format=done.format, refused=refused, problem=done.problem)


def _show(file: str, done: Detonation | None, error: str) -> None:
    outcome = _outcome(done)
    OUT.print(Text.assemble(place_text(file), " ", Text(outcome, style=_COLOURS.get(outcome, "yellow"))))
    if done is None:
        OUT.print(Text(f"  {printable(error, 2000)}"))
        return
    for attempt, times in done.attempts:
        OUT.print(Text(f"  {attempt}" + (f"  ({times} times)" if times > 1 else ""), style="red"))
    if done.problem:
        OUT.print(Text(f"  it did not run to its end: {done.problem}"))
    for name, text in done.missing.items():
        OUT.print(Text(f"  not here, so its code was not seen: {name}: {text}"), style="yellow")
