"""``safeload learn`` and ``explain``: from a log to a policy, and what one name is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final, TextIO

import click
from rich.text import Text

import safeload
from safeload import learning, naming
from safeload.cli.screen import OUT
from safeload.scan.report import GlobalRef

NOT_ALLOWED: Final = 1


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.File("r", encoding="utf-8", errors="backslashreplace"))
@click.option("--output", "-o", type=click.Path(path_type=Path), help="Write the draft here; it must not exist.")
def learn(logs: tuple[TextIO, ...], output: Path | None) -> None:
    """Propose the smallest policy file that would have let through what logs of audit mode say was refused.

    A draft for a person to review: names that no policy may allow are left out and explained, and what
    looks like a function is marked. `-` reads from standard input. Exits with 1 if a log holds no events.
    """
    lesson = learning.read(line for log in logs for line in log)
    draft = learning.draft(lesson)
    text = learning.as_toml(lesson, draft)
    if output is None:
        click.echo(text, nl=False)
    else:
        _write(output, text)
    found = f"{lesson.events} events; {len(lesson.names)} names refused, {len(draft.refused)} of them not proposed"
    strange = f"; {lesson.strange} lines are none of safeload's" if lesson.strange else ""
    click.echo(found + strange, err=True)
    sys.exit(0 if lesson.events else NOT_ALLOWED)


def _write(output: Path, text: str) -> None:
    """A new file, whole or not at all."""
    try:
        file = output.open("x", encoding="utf-8")
    except FileExistsError:
        msg = f"{output} exists: a policy is not written over"
        raise click.UsageError(msg) from None
    except OSError as error:
        raise click.FileError(str(output), error.strerror) from None
    try:
        with file:
            file.write(text)
    except OSError as error:
        output.unlink()
        raise click.FileError(str(output), error.strerror) from None


@click.command()
@click.argument("name", metavar="MODULE:NAME")
def explain(name: str) -> None:
    """Say what a name is, which lists hold it and why, and what the policy in force makes of it.

    Nothing is imported for it. Exits with 1 if the policy in force refuses the name.
    """
    try:
        ref = GlobalRef.parse(name)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    policy = safeload.current_policy()
    found = naming.explain(ref, policy)
    OUT.print(Text(f"{found.ref}, from {found.comes_from}"))
    for sentence in found.lists or ("no shipped list",):
        OUT.print(Text(f"  listed by {sentence}"))
    OUT.print(Text(f"  {policy.origin}: {found.in_force}"))
    if found.may_be_allowed and not policy.locked:
        OUT.print(Text(f"  to allow it for one load: with safeload.allow({str(found.ref)!r}): ..."))
    sys.exit(0 if found.in_force.startswith("allowed") else NOT_ALLOWED)
