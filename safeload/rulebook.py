"""The lists that are in force, as one: each is read when a name comes that it may hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

from safeload.allowlists import OF_PACKAGES, PLAIN, brings, entries_of
from safeload.allowlists.table import Entries
from safeload.scan.entry import Entry, Rulebook
from safeload.scan.report import ANY_USE, GlobalRef

GRANT: Final = "allow()"
_ANY: Final = ""  # stands for each package that no list is known to be of
_PACKAGES: Final = frozenset().union(*OF_PACKAGES.values())


class Listed(Mapping[GlobalRef, Entry]):
    """Every allowed name with what may be done with it. Where two lists have a name, the first one's rules hold."""

    def __init__(self, profiles: tuple[str, ...], allow: frozenset[GlobalRef]) -> None:
        self.profiles = tuple(profile for profile in profiles if profile != PLAIN)
        self.allow = allow
        self._granted: dict[GlobalRef, Entry] = {}
        self._for_package: dict[str, tuple[Entries, ...]] = {}

    def __getitem__(self, ref: GlobalRef) -> Entry:
        package = ref[0].partition(".")[0]
        if package not in _PACKAGES:
            package = _ANY
        lists = self._for_package.get(package)
        if lists is None:
            lists = self._for_package[package] = tuple(self._lists(package))
        for entries in lists:
            entry = entries.get(ref)
            if entry is not None:
                return entry
        if ref not in self.allow:
            raise KeyError(ref)
        # One object for one name, whoever asks first.
        return self._granted.setdefault(ref, Entry(uses=ANY_USE, reason="allowed by the user", profile=GRANT))

    def _lists(self, package: str) -> Iterator[Entries]:
        for profile in self.profiles:
            packages = OF_PACKAGES.get(profile)
            if packages is None or package in packages:
                yield entries_of(profile)
                yield from (entries_of(name) for name in reversed(brings(profile)))

    @cached_property
    def _names(self) -> frozenset[GlobalRef]:
        lists = [name for profile in self.profiles for name in (profile, *brings(profile))]
        return self.allow.union(*map(entries_of, lists))

    def __iter__(self) -> Iterator[GlobalRef]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class ToldApart(Mapping[GlobalRef, Entry]):
    """A rulebook with no plain entries. A list is still read only when a name comes that it may hold."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._told: dict[GlobalRef, Entry] = {}

    def __getitem__(self, ref: GlobalRef) -> Entry:
        entry = self._told.get(ref)
        if entry is None:
            entry = self._rulebook[ref]
            # One object for one name, whoever asks first.
            entry = self._told.setdefault(ref, replace(entry, state=_any_state) if entry.plain else entry)
        return entry

    def __iter__(self) -> Iterator[GlobalRef]:
        return iter(self._rulebook)

    def __len__(self) -> int:
        return len(self._rulebook)


def _any_state(_made: Any, _state: Any) -> None:
    """The rule of an entry that has none."""
