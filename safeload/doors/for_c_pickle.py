"""``_pickle`` imported without ``pickle``, or imported afresh: the doors of ``pickle`` cover it."""

from __future__ import annotations

from safeload.doors import for_pickle


def install() -> None:
    """Stand in the same doors."""
    for_pickle.install()
