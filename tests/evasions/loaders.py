"""Loads by a library's function, looked up when the row runs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from .rows import FILE


def loader(path: str, name: str = FILE, **keywords: Any) -> Callable[[], object]:
    """``library.function(file)``, looked up at the time of the load."""
    module, _, function = path.rpartition(".")
    return lambda: getattr(importlib.import_module(module), function)(name, **keywords)


def opened(path: str, name: str = FILE, **keywords: Any) -> Callable[[], object]:
    """The same from an open file."""

    def load() -> object:
        with open(name, "rb") as stream:
            module, _, function = path.rpartition(".")
            return getattr(importlib.import_module(module), function)(stream, **keywords)

    return load
