"""``%load_ext safeload``: on from the first cell, with a word about it, and about settings that come too late."""

from __future__ import annotations

import warnings
from typing import Any

from safeload import activation, loads
from safeload.errors import SafeloadWarning
from safeload.state import STATE


def load_ipython_extension(shell: Any) -> None:
    """IPython's hook for ``%load_ext safeload``."""
    activation.activate()
    policy = activation.current_policy()
    locked = ", locked" if policy.locked else ""
    more = "import safeload; safeload.status() says more."  # the extension brings no name along
    print(f"safeload is on: {policy.mode.value}{locked}, policy {policy.origin}. {more}")
    if STATE.problem:
        warnings.warn(f"The configured policy was not used: {STATE.problem}", SafeloadWarning, stacklevel=2)
    shell.events.register("post_run_cell", after_a_cell)


def unload_ipython_extension(shell: Any) -> None:
    """IPython's hook for ``%unload_ext safeload``: no more words after a cell; the guard stays as it is."""
    shell.events.unregister("post_run_cell", after_a_cell)


def after_a_cell(_result: Any = None) -> None:
    """Say that ``%env SAFELOAD_…`` changes nothing here, once for each value."""
    new = {f"told:{item}" for item in loads.changed_settings(activation.current_policy())} - STATE.warned
    if new:
        STATE.warned.update(new)
        names = ", ".join(sorted(item.removeprefix("told:").partition("=")[0] for item in new))
        print(f"safeload: settings are read once, when safeload is imported; {names} changed nothing here.")
