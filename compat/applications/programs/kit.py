"""What every program shares: a payload that leaves a mark, and the word for what became of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

MARK = Path("ran").resolve()


class Payload:
    """A file that holds one makes a folder when it is loaded."""

    def __init__(self, mark: Path = MARK) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def hostile(place: str, call: Callable[..., Any], *args: Any, **options: Any) -> None:
    """Print whether the payload that lies in this place ran, was refused, or what else happened."""
    if MARK.exists():
        MARK.rmdir()
    before = blocked()
    try:
        call(*args, **options)
        told = "nothing"
    except BaseException as error:  # noqa: BLE001 - a worker's end can be any
        text = f"{type(error).__name__}: {error}".replace("\n", " ")[:300]
        told = "refused" if refused(error) or blocked() > before else text
    print(f"hostile {place}: {'ran' if MARK.exists() else told}", flush=True)


def blocked() -> int:
    """How many refusals the log holds: torch.distributed falls back on something else, and says that instead."""
    log = Path(os.environ["SAFELOAD_LOG"])
    return log.read_text("utf-8").count('"safeload.load.blocked"') if log.exists() else 0


def refused(error: BaseException | None) -> bool:
    """Whether a refusal of ours is behind it, whatever a library has wrapped around it."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if type(error).__name__ == "BlockedGlobalError" or "BlockedGlobalError" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
