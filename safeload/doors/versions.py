"""Versions of libraries with a known hole in their own safe loading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Final

# Library -> (first version without the hole, what the hole is).
HOLES: Final = {
    "torch": (
        ((2, 6), "CVE-2025-32434: code runs under weights_only=True (legacy tar files)"),
        ((2, 10), "CVE-2026-24747: memory corruption under weights_only=True"),
    ),
}


def version_of(module: ModuleType) -> tuple[int, ...]:
    """The leading numbers of a version; ``2.13.0+cpu`` is (2, 13, 0)."""
    match = re.match(r"\d+(?:\.\d+)*", str(getattr(module, "__version__", "0")))
    return tuple(map(int, match.group().split("."))) if match else (0,)


def vulnerable(modules: Mapping[str, ModuleType]) -> Iterator[str]:
    """One sentence for each hole in a library that is imported here."""
    for name, holes in HOLES.items():
        module = modules.get(name)
        if module is None:
            continue
        version = version_of(module)
        for fixed, text in holes:
            if version < fixed:
                yield f"{name} {module.__version__}, fixed in {'.'.join(map(str, fixed))}: {text}"
