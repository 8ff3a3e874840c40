"""From the logs of audit mode to the smallest policy file that would have let those loads through.

A log says what files asked for, and whoever made the files chose that: what comes out is a draft for a
person. Names are written one a line, with where each was seen, so that each can be struck out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from safeload import naming
from safeload.allowlists import DEFAULT_PROFILES, never_reason, profiles_naming
from safeload.policy import Ground
from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef, printable

EVENTS: Final = frozenset({"safeload.load.reported", "safeload.load.blocked"})


@dataclass(slots=True)
class Seen:
    """One refused name: how often, by which files and calls, and on which grounds."""

    loads: int = 0
    paths: Counter[str] = field(default_factory=Counter)
    callers: Counter[str] = field(default_factory=Counter)
    grounds: Counter[str] = field(default_factory=Counter)

    def where(self) -> str:
        times = f"{self.loads} load{'s' * (self.loads > 1)}"
        files = len(self.paths)
        first = printable(next(iter(self.paths), "data in memory"), 120)
        return f"{times}; {first}" + (f" and {files - 1} more" if files > 1 else "")


@dataclass(slots=True)
class Lesson:
    """What logs say.

    Attributes:
        names: every refused name with where it was seen.
        unreadable: files that could not be read to their end, which no policy lets through.
        events: how many lines were events of ours.
        strange: how many were something else.
    """

    names: dict[GlobalRef, Seen] = field(default_factory=dict)
    unreadable: Counter[str] = field(default_factory=Counter)
    events: int = 0
    strange: int = 0


def read(lines: Iterable[str]) -> Lesson:
    """Take in the lines of logs; what is no event of ours is counted and passed by."""
    lesson = Lesson()
    for line in lines:
        if not line.strip():
            continue
        try:
            event = json.loads(line[line.index("{") :])  # syslog and its like write before it
            name = event["event"]
        except (ValueError, KeyError, TypeError, RecursionError):
            lesson.strange += 1
            continue
        lesson.events += 1
        if name in EVENTS:
            _take(lesson, event)
    return lesson


def _take(lesson: Lesson, event: Mapping[str, Any]) -> None:
    path = str(event.get("path") or "")
    if event.get("unread"):
        lesson.unreadable[path or "data in memory"] += 1
    grounds = dict(_parted(event.get("grounds", ())))
    for text in event.get("refused", ()):
        try:
            ref = normalised(GlobalRef.parse(str(text)))
        except ValueError:
            lesson.strange += 1
            continue
        seen = lesson.names.setdefault(ref, Seen())
        seen.loads += 1
        seen.paths[path or "data in memory"] += 1
        seen.callers[str(event.get("caller", ""))] += 1
        seen.grounds[grounds.get(str(text), "")] += 1


def _parted(grounds: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for text in grounds:
        name, _, ground = str(text).partition(": ")
        yield name, ground


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy to be reviewed.

    Attributes:
        profiles: shipped opt-in lists that hold names which were refused.
        allow: the names that no shipped list holds.
        refused: names that no policy can let through so, each with why.
    """

    profiles: Mapping[str, tuple[GlobalRef, ...]]
    allow: tuple[GlobalRef, ...]
    refused: Mapping[GlobalRef, str]


def draft(lesson: Lesson) -> Draft:
    """The least that lets through what can be: shipped lists first, which have rules; then bare names."""
    refused: dict[GlobalRef, str] = {}
    missing: set[GlobalRef] = set()
    for ref, seen in lesson.names.items():
        why = _why_not(ref, seen)
        if why:
            refused[ref] = why
        else:
            missing.add(ref)
    profiles: dict[str, tuple[GlobalRef, ...]] = {}
    while counts := Counter(name for ref in missing for name in profiles_naming(ref)):
        best = max(counts, key=lambda name: (counts[name], name in DEFAULT_PROFILES, name))
        held = tuple(sorted(ref for ref in missing if best in profiles_naming(ref)))
        if best not in DEFAULT_PROFILES:  # the draft puts those in force
            profiles[best] = held
        missing -= set(held)
    return Draft(profiles, tuple(sorted(missing)), refused)


def _why_not(ref: GlobalRef, seen: Seen) -> str:
    danger = never_reason(ref)
    if danger is not None:
        return f"never allowed by name: it {danger}"
    if any("\\" in part or not part.isprintable() for part in ref):
        return "no name that a program has"
    if Ground.UNLISTED.value in seen.grounds:
        return ""
    if any(name in DEFAULT_PROFILES for name in profiles_naming(ref)):
        ground = next((text for text in seen.grounds if text), "a use that its list does not allow")
        return f"a default list names it, and what the file does with it is refused: {ground}"
    return ""


def as_toml(lesson: Lesson, proposal: Draft) -> str:
    """The draft as a policy file, every line of it to be read."""
    lines = [
        "# A draft, from what files asked for: whoever made the files chose these names.",
        "# Strike out what you do not know; keep the rest under review in version control.",
        'mode = "enforce"',
        "",
    ]
    if proposal.profiles:
        lines += ["profiles = [", '  "default",']
        for name, refs in proposal.profiles.items():
            loads = sum(lesson.names[ref].loads for ref in refs)
            lines.append(f'  "{name}",  # {len(refs)} of the names, with rules; {loads} refusals')
        lines += ["]", ""]
    lines.append("allow = [")
    for ref in proposal.allow:
        if naming.is_risky(ref):
            lines.append(f"  # RISKY: {naming.FUNCTION}.")
        lines.append(f"  {json.dumps(f'{ref.module}:{ref.qualname}')},  # {lesson.names[ref].where()}")
    lines += ["]", ""]
    if proposal.refused:
        lines.append("# Not proposed, because no allowance of the name lets it through:")
        for ref, why in sorted(proposal.refused.items()):
            lines.append(f"#   {ref}  {printable(why, 300)} ({lesson.names[ref].where()})")
        lines.append("# Ask for these files in a format without code, or trust each by its digest after a review.")
    for path, count in lesson.unreadable.most_common():
        lines.append(f"# Not readable to its end, {count} times: {printable(path)}")
    return "\n".join(lines) + "\n"
