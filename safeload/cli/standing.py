"""``safeload status``: what is in force here."""

from __future__ import annotations

import json

import click

import safeload
from safeload.cli.screen import OUT, facts_table


@click.command()
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
        "locked": policy.locked,
        "policy": policy.origin,
        "problem": found.problem,
        "vulnerable": list(found.vulnerable),
    }
    if as_json:
        click.echo(json.dumps(facts))
        return
    OUT.print(facts_table(facts))
