"""``safeload pin`` and ``verify``: bytes that were reviewed, and whether files still are those bytes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

import safeload
from safeload import pinning, settings
from safeload.cli import signing
from safeload.cli.findings import Target, find, has_a_models_name, targets_of
from safeload.cli.screen import OUT, place_text
from safeload.pins import hub, writing
from safeload.pins.bundles import BadBundleError
from safeload.pins.held import NotHeldError
from safeload.pins.keys import NotSignedError
from safeload.pins.lock import NAME, Level, Lock, Pin
from safeload.scan.report import printable

NOT_DONE: Final = 1
_COLOURS: Final = {pinning.State.SAME: "green", pinning.State.UNKNOWN: "yellow", pinning.State.MISSING: "yellow"}


def lock_option(verb: Any) -> Any:
    return click.option(
        "--lock",
        "lock_path",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"The lock file; without it, the one that is in force, or {NAME} here.",
    )(verb)


def lock_at(named: Path | None) -> Path:
    return named or Path(safeload.current_policy().lock or NAME)


class _Files(click.Path):
    """A file that is there, or a commit that a Hugging Face cache holds."""

    name = "file or commit"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> list[Target]:  # type: ignore[override]  # click's own type is wider
        if not value.startswith(hub.PREFIX):
            return [Target(str(super().convert(value, param, ctx)), named=True)]
        try:
            files = hub.files_of(value, settings.hub_cache())
        except safeload.PolicyError as error:
            self.fail(str(error), param, ctx)
        return [Target(str(file), has_a_models_name(file.name)) for file in files]


@click.command()
@click.argument("places", metavar="FILE…", nargs=-1, required=True, type=_Files(exists=True, dir_okay=False))
@click.option("--reason", required=True, help="Who reviewed these bytes, and why they are fine.")
@click.option(
    "--grant",
    type=click.Choice([level.value for level in Level]),
    help="data: what the lists allow. names: the names it asks for, too. pickle: anything. "
    "Without it, data or names, whichever is enough.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day it holds, in UTC.")
@click.option("--source", default="", help="Where it came from; information, as what a cache says is.")
@click.option("--safetensors", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Made from it.")
@click.option("--no-path", is_flag=True, help="Let the path take other bytes, too.")
@signing.signer_options
@lock_option
def pin(  # noqa: PLR0913 - click passes each option so
    *,
    places: tuple[list[Target], ...],
    reason: str,
    grant: str | None,
    expires: datetime | None,
    source: str,
    safetensors: Path | None,
    no_path: bool,
    lock_path: Path | None,
    **signed: Any,
) -> None:
    """Write into the lock file that exactly these bytes may load, and how far.

    FILE is a file, or hf:ORGANISATION/NAME@COMMIT: every file that the cache of Hugging Face
    holds of that commit.

    With --key, or --ca, or --identity, only if their signature says so too; the signer is written down.

    Nothing is loaded. Exits with 1, and writes nothing, if one of the files cannot be pinned so.
    """
    if not reason.strip():
        msg = "--reason is empty: it is what the next person reads"
        raise click.UsageError(msg)
    try:
        wish = pinning.Wish(
            reason=reason,
            level=Level(grant) if grant else None,
            bind=not no_path,
            expires=expires.date() if expires is not None else None,
            source=source,
            safetensors=f"sha256:{pinning.look_at(safetensors).sha256}" if safetensors is not None else "",
        )
        with writing.alone(lock_at(lock_path)):
            lock = pinning.open_lock(lock_at(lock_path))
            said = []
            for target in (target for files in places for target in files):
                path = Path(target.place)
                if signing.is_asked(signed):
                    signer, sha256 = _signer(path, signed)
                    wish = replace(wish, signed_by=signer, sha256=sha256)
                lock, made, replaced = pinning.pin(lock, path, _for(target, wish))
                said.append((path, made, replaced))
            writing.write(lock)
    except (safeload.SafeloadError, OSError) as error:
        click.echo(f"safeload: {error}", err=True)
        sys.exit(NOT_DONE)
    for path, made, replaced in said:
        _tell(path, made, replaced)
    _tell_if_unused(lock)


def _for(target: Target, wish: pinning.Wish) -> pinning.Wish:
    """The wish for a file; one of a whole commit that is no pickle gets no more than data has."""
    if target.named or not find(target).is_passed_by:
        return wish
    return replace(wish, level=Level.DATA)


def _signer(path: Path, options: dict[str, Any]) -> tuple[str, str]:
    """Who signed a file's bytes, as the lock file has it, and their digest.

    Raises:
        PolicyError: nobody whose signature counts.
    """
    try:
        return signing.verified(path, **options)
    except (NotSignedError, BadBundleError, NotHeldError) as error:
        msg = f"{path}: {error}"
        raise safeload.PolicyError(msg) from None


def _tell(path: Path, made: Pin, replaced: tuple[Pin, ...]) -> None:
    OUT.print(Text.assemble(place_text(str(path)), f" {made.level.value} sha256:{made.sha256}"))
    if made.source:
        OUT.print(Text(f"  says it is {printable(made.source, 500)}"), style="dim")
    for other in replaced:
        if other.sha256 != made.sha256:
            OUT.print(Text(f"  in place of sha256:{other.sha256} ({other.level.value}: {printable(other.reason)})"))


def _tell_if_unused(lock: Lock) -> None:
    in_force = safeload.current_policy().lock
    if not in_force or not Path(lock.path).exists() or not Path(in_force).exists() or not _same(lock.path, in_force):
        OUT.print(Text(f"Loads honour it where SAFELOAD_LOCK={printable(lock.path, 500)} is set."), style="dim")


def _same(one: str, other: str) -> bool:
    return Path(one).samefile(other)


@click.command()
@click.argument("places", nargs=-1, type=click.Path(exists=True))
@click.option("--frozen", is_flag=True, help="Files that are not pinned, and pinned ones that are not there, fail too.")
@lock_option
def verify(places: tuple[str, ...], frozen: bool, lock_path: Path | None) -> None:  # noqa: FBT001 - click passes flags so
    """See whether pinned files still are what was pinned, and whether others are pinned.

    Every bound path is looked at, and the files and folders that are named. Nothing is loaded. Exits
    with 1 if a file was changed, if a pin does not hold any more, or if the lock file is broken.
    """
    path = lock_at(lock_path)
    try:
        if not path.exists():
            msg = f"{path}: there is no such lock file"
            raise safeload.PolicyError(msg)  # noqa: TRY301 - said as the others are
        lock = pinning.open_lock(path)
    except safeload.PolicyError as error:
        click.echo(f"safeload: {error}", err=True)
        sys.exit(NOT_DONE)
    wrong = pinning.FROZEN if frozen else pinning.WRONG
    failed = 0
    for outcome in pinning.verify(lock, _files(places, path)):
        failed += outcome.state in wrong
        colour = _COLOURS.get(outcome.state, "red") if outcome.state not in wrong else "red"
        OUT.print(Text.assemble(place_text(outcome.path), " ", Text(outcome.state.value, style=colour)))
        for line in outcome.lines:
            OUT.print(Text(f"  {line}"))
    OUT.print(f"{len(lock.pins)} pins, {failed} wrong" if failed else f"{len(lock.pins)} pins", style="dim")
    sys.exit(NOT_DONE if failed else 0)


def _files(places: Iterable[str], lock: Path) -> Iterator[Path]:
    """What is named, and in folders what has a pickle's name or content."""
    for target in targets_of(places):
        path = Path(target.place)
        if path.exists() and lock.exists() and path.samefile(lock):
            continue
        if target.named or not find(target).is_passed_by:
            yield path
