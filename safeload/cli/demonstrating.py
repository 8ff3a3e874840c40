"""``safeload demo``."""

from __future__ import annotations

import sys

import click

from safeload.cli.screen import OUT


@click.command()
def demo() -> None:
    """Load real models that packages ship, then meet a hostile file with and without safeload."""
    from safeload import demo as shown

    sys.exit(shown.run(OUT))
