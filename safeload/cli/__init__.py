"""The command line: one file for each group of verbs. The only package that imports click and rich.

A verb is a ``click`` command in its file, and a line here.
"""

from __future__ import annotations

import click

import safeload
from safeload.cli import (
    converting,
    demonstrating,
    detonating,
    installing,
    looking,
    pinning,
    signing,
    standing,
    teaching,
)


@click.group()
@click.version_option(safeload.__version__, prog_name="safeload")
def main() -> None:
    """Refuse what no allowlist names, before anything of a file runs."""


for _command in (
    looking.scan,
    looking.check,
    converting.convert,
    converting.twin,
    detonating.detonate,
    pinning.pin,
    pinning.verify,
    signing.signed,
    signing.sign,
    standing.status,
    standing.doctor,
    teaching.learn,
    teaching.explain,
    installing.install,
    installing.uninstall,
    demonstrating.demo,
):
    main.add_command(_command)
