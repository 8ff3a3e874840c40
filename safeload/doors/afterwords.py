"""What is said beneath a library's own error: what the file is, and what would load it here.

The error stays the library's, word for word, as programs know it. torch's advises ``weights_only=False`` and
knows of no judge; joblib's says ``KeyError: 118`` of a file that was never fetched.
"""

from __future__ import annotations

import pickle
from pathlib import Path

from safeload import guard, loads
from safeload.errors import BlockedLoadError, explain
from safeload.policy import Mode, Policy, Verdict
from safeload.scan.report import Report, printable


def beneath_torchs(error: pickle.UnpicklingError, load: guard.Announcement) -> None:
    """torch's weights-only unpickler refused: say what the policy makes of the file, and let the event say it."""
    policy = guard.policy_in_force()
    looked = _looked_at(load, policy) if policy.mode is not Mode.OFF else None
    if looked is None:
        return
    report, verdict = looked
    sink = load.sink_of_outermost()
    sink.saw(report, verdict, Path(load.path).stat().st_size)
    if verdict.admitted:
        error.add_note(
            "safeload: torch's own list refused it. The lists in force here hold all that it asks for, and\n"
            f"weights_only=False is judged by them: torch.load({load.path!r}, weights_only=False)"
        )
        return
    refusal = loads.refusal_of(load, policy, verdict)
    sink.blocked(refusal)
    error.add_note(f"\nsafeload, which judges weights_only=False as well, says of this file:\n{explain(refusal)}")


def beneath_joblibs(error: Exception, load: guard.Announcement) -> None:
    """joblib could not go on: say what the file is, where it is no pickle that anybody could read."""
    if isinstance(error, BlockedLoadError | OSError) or load.refusal is not None:
        return
    looked = _looked_at(load, guard.policy_in_force())
    if looked is not None and looked[1].unread:
        error.add_note(f"safeload: '{printable(load.path)}' cannot be read to its end: {printable(looked[1].unread)}")


def _looked_at(load: guard.Announcement, policy: Policy) -> tuple[Report, Verdict] | None:
    """The report and the verdict on the file, if there is one to be looked at again."""
    from safeload import files

    try:
        return files.judged(load.path, policy) if load.path and Path(load.path).is_file() else None
    except Exception:  # noqa: BLE001 - the library's own error is the news, and stays it
        return None
