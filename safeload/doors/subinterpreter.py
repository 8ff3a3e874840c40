"""Judgement by name in a subinterpreter that another interpreter's doors lead to."""

from __future__ import annotations

from typing import Any


def judge(module: Any, name: Any) -> None:
    """Called by the C door in an interpreter that has not activated safeload itself."""
    from safeload import activation, guard

    activation.settle()
    guard.ask(module, name)
