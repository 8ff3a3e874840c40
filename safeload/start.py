"""What a process reads once, at its first need: the settings. From then on a locked policy is a floor."""

from __future__ import annotations

import os

from safeload import keep, record, settings
from safeload.state import COLLECTION_PAUSED, STATE


def ensure_policy() -> None:
    """Put the configured policy in force; what cannot be read leaves the shipped one."""
    if STATE.policy is not None:
        return
    found = settings.load()
    STATE.problem, STATE.log, STATE.paths = found.problem, found.log, found.paths
    STATE.cache = found.cache
    STATE.policy = found.policy
    os.register_at_fork(after_in_child=COLLECTION_PAUSED.reset_in_child)
    if found.policy.locked:
        STATE.floor = found.policy
        keep.keep_modules()
    if found.problem:
        record.emit("policy.rejected", problem=found.problem)
    for name in found.passed_over:
        keep.defended(f"{name} in the environment")
