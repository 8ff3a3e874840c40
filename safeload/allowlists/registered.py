"""Lists that other packages bring along, by the entry point group ``safeload.profiles``.

A package's code is imported when a policy that names its list is first asked for its names, and
never before. Such a list can add names and nothing else: what may never be allowed stays so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from safeload.allowlists.never import why_never
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries
from safeload.installed import theirs
from safeload.scan.entry import Entry, uses_from
from safeload.scan.report import GlobalRef, Use

GROUP: Final = "safeload.profiles"

# What a row may say without a rule of its own: named, made empty, given attributes.
_WITHOUT_RULES: Final = frozenset("rns")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A list as a package gave it; ``problem`` says why it has no entries."""

    entries: Entries = field(default_factory=dict)
    problem: str = ""


@cache
def registered_names() -> frozenset[str]:
    """The lists that installed packages offer; reads their metadata and imports none of them."""
    return frozenset(point.name for point in _points())


def registered(profile: str) -> Registered:
    """Import a package's list. Whatever goes wrong leaves it without entries, and says so."""
    points = [point for point in _points() if point.name == profile]
    if len(points) != 1:
        return Registered(problem=f"{len(points)} packages register a profile {profile!r}")
    try:
        with theirs():
            given = points[0].load()
            rows = given() if callable(given) else given
        if not isinstance(rows, Mapping):
            msg = f"it gives {type(rows).__name__}, not a mapping of names"
            raise TypeError(msg)  # noqa: TRY301 - told in the same words as what the package raises
        return Registered(entries=dict(_entry(profile, name, row) for name, row in rows.items()))
    except Exception as error:  # noqa: BLE001 - code of any package
        return Registered(problem=f"the registered profile {profile!r} cannot be used: {error}")


def _entry(profile: str, name: Any, row: Any) -> tuple[GlobalRef, Entry]:
    """``"module:qualname": ("ns", "why")``, or an Entry with rules for anything beyond that."""
    ref = name if isinstance(name, GlobalRef) else GlobalRef.parse(name)
    danger = why_never(ref)
    if danger is not None:
        msg = f"{ref} can never be allowed by name: it {danger}"
        raise ValueError(msg)
    if isinstance(row, Entry):
        return ref, _with_rules(profile, ref, row)
    uses, reason = row
    if not set(uses) <= _WITHOUT_RULES or not str(reason).strip():
        msg = f"{ref}: a row is a pair of uses among r, n and s and a reason; other uses take an Entry"
        raise ValueError(msg)
    entry = Entry(uses=uses_from(uses), reason=str(reason), profile=profile, call=no_args, state=dict_state)
    return ref, entry


def _with_rules(profile: str, ref: GlobalRef, entry: Entry) -> Entry:
    made = entry.uses & (Use.CALLED | Use.INSTANTIATED)
    if (made and entry.call is None) or (Use.STATE_SET in entry.uses and entry.state is None):
        msg = f"{ref}: a use without a rule would be any use"
        raise ValueError(msg)
    return replace(entry, profile=profile)


def _points() -> tuple[Any, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))
