"""The arguments of ``pickle.load``."""

from __future__ import annotations

from typing import Any


def takes(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Whether CPython's load takes these arguments; if not, it says so better than we."""
    words = {"fix_imports", "encoding", "errors", "buffers"} | (set() if args else {"file"})
    texts = [options[name] for name in ("encoding", "errors") if name in options]
    return len(args) <= 1 and options.keys() <= words and all(isinstance(t, str) for t in texts)
