"""How the lists are written down: rows of names under one profile and one reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from safeload.scan.entry import Entry, uses_from
from safeload.scan.report import GlobalRef

Entries = dict[GlobalRef, Entry]


def rows(profile: str, text: str, /, uses: str, reason: str, **rules: Any) -> Entries:
    """Entries for ``module: name name …`` lines, all with the same uses, rules and reason."""
    entry = Entry(uses=uses_from(uses), reason=reason, profile=profile, **rules)
    entries: Entries = {}
    for line in text.strip().splitlines():
        module, _, names = line.partition(":")
        for name in names.split():
            entries[GlobalRef(module.strip(), name)] = entry
    return entries


def alias(entries: Entries, modules: dict[str, str]) -> Entries:
    """The same entries under the module names that other versions of the library use."""
    found: Entries = {}
    for ref, entry in entries.items():
        for old, new in modules.items():
            if ref.module == old or ref.module.startswith(old + "."):
                found[GlobalRef(new + ref.module[len(old) :], ref.qualname)] = entry
    return found


def with_profile(entries: Entries, profile: str) -> Entries:
    """The same entries as part of another profile."""
    return {ref: replace(entry, profile=profile) for ref, entry in entries.items()}
