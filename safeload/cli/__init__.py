"""The command line: one file for each group of verbs. The only package that imports click and rich.

A verb is a ``click`` command in its file, and a word here. Its file is imported when it is called for:
a scan needs nothing of signatures and sandboxes, and begins three times as fast without them.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

import safeload

VERBS: Final = {
    verb: module
    for module, verbs in {
        "looking": "scan check",
        "converting": "convert twin",
        "detonating": "detonate",
        "pinning": "pin verify",
        "signing": "signed sign",
        "standing": "status doctor",
        "teaching": "learn explain",
        "installing": "install uninstall",
        "demonstrating": "demo",
    }.items()
    for verb in verbs.split()
}
"""Each verb, and the file that it is a function of."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own signature
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        if cmd_name not in VERBS:
            return None
        found: click.Command = getattr(import_module(f"safeload.cli.{VERBS[cmd_name]}"), cmd_name)
        return found


@click.group(cls=_Verbs)
@click.version_option(safeload.__version__, prog_name="safeload")
def main() -> None:
    """Refuse what no allowlist names, before anything of a file runs."""
