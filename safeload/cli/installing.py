"""``safeload install`` and ``uninstall``: on for every start of an interpreter or a kernel, and off again."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from safeload import installing
from safeload.cli.screen import OUT

FAILED: Final = 1
HERE: Final = "."


def _where(verb: Callable[..., None]) -> Callable[..., None]:
    """The options that say where; exactly one of them."""
    options = (
        click.option("--site", is_flag=True, help="Every process of this Python, for every user."),
        click.option(
            "--venv",
            is_flag=False,
            flag_value=HERE,
            metavar="[PATH]",
            help="Every process of a virtual environment; without a path, of the one that runs this.",
        ),
        click.option("--user", is_flag=True, help="Every process of this Python, for this user."),
        click.option("--kernelspec", metavar="NAME", help="The kernels of that name, or of that kernel.json."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


@click.command()
@_where
@click.option("--set", "settings", multiple=True, metavar="SAFELOAD_X=Y", help="With --kernelspec: a setting.")
@click.option("--print-sitecustomize", is_flag=True, help="Print a sitecustomize that chains to the one it hides.")
def install(settings: tuple[str, ...], print_sitecustomize: bool, **where: Any) -> None:  # noqa: FBT001 - click passes flags so
    """Turn safeload on for every start of an interpreter, of an environment or of a kernel.

    May be repeated. Start-up files are written only if a new process is then guarded.
    """
    if print_sitecustomize:
        click.echo(installing.sitecustomize(), nl=False)
        return
    chosen = _chosen(where)
    if settings and chosen != "kernelspec":
        msg = "--set goes with --kernelspec: elsewhere settings are those of the environment or the policy file"
        raise click.UsageError(msg)
    try:
        if chosen == "kernelspec":
            path = _kernel_json(where["kernelspec"])
            environment = installing.install_in_spec(path, _pairs(settings))
            _say(f"{path}: the kernel starts with", *(f"  {key}={value}" for key, value in environment.items()))
        else:
            found, folder = _folder(chosen, where)
            _say(*(f"wrote {path}" for path in installing.install(found, folder)))
            _say(f"A new process of {found.python} is guarded.")
    except (installing.InstallError, OSError) as error:
        _say(str(error))
        sys.exit(FAILED)


@click.command()
@_where
def uninstall(**where: Any) -> None:
    """Take away what `safeload install` wrote. Says so if there was nothing."""
    chosen = _chosen(where)
    try:
        if chosen == "kernelspec":
            path = _kernel_json(where["kernelspec"])
            _say(f"{path}: {'as it was' if installing.uninstall_from_spec(path) else 'nothing of ours'}")
        else:
            _, folder = _folder(chosen, where)
            _say(*([f"removed {path}" for path in installing.uninstall(folder)] or [f"nothing of ours in {folder}"]))
    except (installing.InstallError, OSError) as error:
        _say(str(error))
        sys.exit(FAILED)


def _chosen(where: dict[str, Any]) -> str:
    chosen = [name for name, value in where.items() if value]
    if len(chosen) != 1:
        msg = "say where, once: --site, --venv, --user or --kernelspec"
        raise click.UsageError(msg)
    return chosen[0]


def _folder(chosen: str, where: dict[str, Any]) -> tuple[installing.Interpreter, Path]:
    if chosen == "site":
        return installing.site_folder()
    if chosen == "user":
        return installing.user_folder()
    return installing.venv_folder(None if where["venv"] == HERE else Path(where["venv"]))


def _kernel_json(name: str) -> Path:
    if name.endswith(".json"):
        return Path(name)
    return installing.spec_of(name, installing.jupyter_folders())


def _pairs(settings: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for item in settings:
        name, equals, value = item.partition("=")
        if not equals or not name.startswith("SAFELOAD_"):
            msg = f"{item!r} is not of the form SAFELOAD_MODE=audit"
            raise click.UsageError(msg)
        pairs[name] = value
    return pairs


def _say(*lines: str) -> None:
    for line in lines:
        OUT.print(line, soft_wrap=True)
