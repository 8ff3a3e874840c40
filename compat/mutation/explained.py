"""What is known of faults that no test notices: ``explained.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
Key = tuple[str, str, str]


@cache
def reasons() -> dict[Key, str]:
    """For a module, a function and what is changed in it, why no test can notice or none needs to."""
    told: dict[str, Any] = tomllib.loads((HERE / "explained.toml").read_text())
    return {tuple(fault): one["why"] for one in told.get("faults", ()) for fault in one["what"]}  # type: ignore[misc]


def explained(module: str, fault: Any) -> str:
    return reasons().get((module, fault.where, fault.what), "")
