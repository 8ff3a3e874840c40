"""``safeload convert`` and ``twin``: checkpoints as safetensors, and what stands for a pickle."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.text import Text

import safeload
from safeload.cli.screen import OUT, place_text
from safeload.policy import Running
from safeload.scan.report import printable
from safeload.tensors.contents import Sandbox

NOT_DONE: Final = 1


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.argument("out", required=False, type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace a file that was not made by this.")
@click.option("--cache", "into_cache", is_flag=True, help="Into the cache folder, under the digest.")
@click.option(
    "--sandbox",
    type=click.Choice([way.value for way in Running]),
    help="auto: run the file in a child that can do nothing, where a value is to be had in no other way; "
    "always: take all of it from there. Without it, what the policy says: never.",
)
def convert(source: Path, out: Path | None, overwrite: bool, into_cache: bool, sandbox: Sandbox | None) -> None:  # noqa: FBT001 - click's flags
    """Write the tensors of a checkpoint as safetensors; none of its code is run unless --sandbox says so.

    SOURCE is a file, an index of shards, or a folder. Without OUT, the files stand beside what they
    were made from, under the names that libraries look for. Exits with 1 if something cannot be converted.
    """
    with _progress() as bar:
        try:
            done = safeload.convert(
                source,
                out,
                overwrite=overwrite,
                into_cache=into_cache,
                watch=lambda path: _watched(bar, path),
                sandbox=sandbox,
            )
        except (safeload.SafeloadError, OSError) as error:
            bar.stop()
            click.echo(f"safeload: {error}", err=True)
            sys.exit(NOT_DONE)
    for one in done:
        there = "" if one.fresh else " (there already)"
        OUT.print(Text.assemble(place_text(str(one.source)), " -> ", place_text(str(one.out)), there))
        for name, reason in one.left_out.items():
            OUT.print(Text(f"  left out: {printable(name)}: {printable(reason)}"), style="yellow")
        if one.sidecar is not None:
            shown = place_text(str(one.sidecar))
            OUT.print(Text.assemble("  numbers, texts and what was left out: ", shown), style="dim")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--bytes", "whole", is_flag=True, help="Compare every number too.")
def twin(file: Path, whole: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Say which safetensors file is opened in place of a pickle, or why none is (and exit with 1)."""
    try:
        OUT.print(place_text(str(safeload.find_twin(file, verify="bytes" if whole else "header"))))
    except safeload.TensorsError as error:
        OUT.print(Text(f"none: {error}"), style="yellow")
        sys.exit(NOT_DONE)


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
