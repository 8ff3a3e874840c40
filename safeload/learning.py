"""From the logs of audit mode to the smallest policy file that would have let those loads through.

A log says what files asked for, and whoever made the files chose that: what comes out is a draft for a
person. Names are written one a line, with where each was seen, so that each can be struck out.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from safeload import naming
from safeload.allowlists import DEFAULT_PROFILES, PLAIN, brings, entries_of, is_profile, never_reason, profiles_naming
from safeload.plain import IS_PLAIN
from safeload.policy import Ground
from safeload.rulebook import GRANT
from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef, printable

REFUSED: Final = frozenset({"safeload.load.reported", "safeload.load.blocked"})
EVENTS: Final = REFUSED | {"safeload.load.admitted"}


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
        profiles: opt-in lists that were in force and that loads needed, by how many loads.
        granted: names that a policy or the program had allowed beside the lists, with where each was seen.
        unreadable: files that could not be read to their end, which no policy lets through.
        events: how many lines were events of ours.
        strange: how many were something else.
    """

    names: dict[GlobalRef, Seen] = field(default_factory=dict)
    profiles: Counter[str] = field(default_factory=Counter)
    granted: dict[GlobalRef, Seen] = field(default_factory=dict)
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
            _take_what_counted(lesson, event)
    return lesson


def _take(lesson: Lesson, event: Mapping[str, Any]) -> None:
    if event.get("unread"):
        lesson.unreadable[_file(event)] += 1
    grounds = dict(_parted(event.get("grounds", ())))
    for text, ref in _names(lesson, event.get("refused", ())):
        _see(lesson.names, ref, event).grounds[grounds.get(text, "")] += 1


def _take_what_counted(lesson: Lesson, event: Mapping[str, Any]) -> None:
    """What was in force beside the default lists, and let names through: the draft takes its place."""
    counted = [str(name) for name in event.get("allowed_by", ())]
    lists = [name for name in counted if is_profile(name)]
    lesson.profiles.update(name for name in lists if name not in DEFAULT_PROFILES)
    if GRANT in counted:
        refused = {ref for _, ref in _names(Lesson(), event.get("refused", ()))}
        for _, ref in _names(Lesson(), event.get("globals", ())):
            if ref not in refused and not any(ref in entries_of(name) for name in lists if name != PLAIN):
                _see(lesson.granted, ref, event)


def _names(lesson: Lesson, texts: Iterable[Any]) -> Iterator[tuple[str, GlobalRef]]:
    for text in map(str, texts):
        try:
            yield text, normalised(GlobalRef.parse(text))
        except ValueError:
            lesson.strange += 1


def _see(names: dict[GlobalRef, Seen], ref: GlobalRef, event: Mapping[str, Any]) -> Seen:
    seen = names.setdefault(ref, Seen())
    seen.loads += 1
    seen.paths[_file(event)] += 1
    seen.callers[str(event.get("caller", ""))] += 1
    return seen


def _file(event: Mapping[str, Any]) -> str:
    path = str(event.get("path") or "")
    return str(PurePath(str(event.get("cwd", "")), path)) if path else "data in memory"


def _parted(grounds: Iterable[Any]) -> Iterator[tuple[str, str]]:
    for text in grounds:
        name, _, ground = str(text).partition(": ")
        yield name, ground


@dataclass(frozen=True, slots=True)
class Draft:
    """A policy to be reviewed.

    Attributes:
        profiles: opt-in lists with the refused names that each holds; none for one that was needed already.
        plain: refused names that were plain classes wherever they were seen: the profile ``plain`` lets them through.
        allow: the names that no list holds, and those that were allowed already.
        refused: names that no policy can let through so, each with why.
    """

    profiles: Mapping[str, tuple[GlobalRef, ...]]
    plain: tuple[GlobalRef, ...]
    allow: tuple[GlobalRef, ...]
    refused: Mapping[GlobalRef, str]


def draft(lesson: Lesson) -> Draft:
    """The least that lets through what can be: lists first, which have rules; then ``plain``; then bare names."""
    known = lesson.names | {ref: seen for ref, seen in lesson.granted.items() if ref not in lesson.names}
    refused = {ref: why for ref, seen in known.items() if (why := _why_not(ref, seen))}
    missing = known.keys() - refused.keys()
    profiles: dict[str, tuple[GlobalRef, ...]] = {}
    for name in sorted(lesson.profiles):
        held = _held(name, missing)
        profiles[name] = held
        missing -= set(held)
    while counts := Counter(name for ref in missing for name in profiles_naming(ref)):
        best = max(counts, key=lambda name: (counts[name], name in DEFAULT_PROFILES, name))
        held = _held(best, missing)
        if best not in DEFAULT_PROFILES:  # the draft puts those in force
            profiles[best] = held
        missing -= set(held)
    for name in {name for other in profiles for name in brings(other)} - lesson.profiles.keys():
        profiles.pop(name, None)  # the other brings it along
    plain = tuple(sorted(ref for ref in missing if known[ref].grounds.keys() == {IS_PLAIN}))
    if plain or PLAIN in profiles:
        profiles[PLAIN] = plain
    return Draft(profiles, plain, tuple(sorted(missing - set(plain))), refused)


def _held(profile: str, refs: Iterable[GlobalRef]) -> tuple[GlobalRef, ...]:
    """Those of the names that a list holds, or one that it brings along."""
    lists = [entries_of(name) for name in (profile, *brings(profile)) if name != PLAIN]
    return tuple(sorted(ref for ref in refs if any(ref in entries for entries in lists)))


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
        "# Carry over what else your policy says: locked, contact, log, limits.",
        'mode = "enforce"',
        "",
    ]
    if proposal.profiles:
        lines += ["profiles = [", '  "default",']
        lines += [f'  "{name}",  # {_need(lesson, name, refs)}' for name, refs in proposal.profiles.items()]
        lines += ["]", ""]
    lines.append("allow = [")
    if proposal.plain:
        lines.append("  # In place of the profile plain, which lets every plain class through, these alone:")
        lines += [f"  # {_line(ref, lesson.names[ref])}" for ref in proposal.plain]
    for ref in proposal.allow:
        if naming.is_risky(ref):
            lines.append(f"  # RISKY: {naming.FUNCTION}.")
        already = "" if ref in lesson.names else "allowed already; "
        lines.append(f"  {_line(ref, lesson.names.get(ref) or lesson.granted[ref], already)}")
    lines += ["]", ""]
    if proposal.refused:
        lines.append("# Not proposed, because no allowance of the name lets it through:")
        for ref, why in sorted(proposal.refused.items()):
            lines.append(f"#   {ref}  {printable(why, 300)} ({lesson.names[ref].where()})")
        lines.append("# Ask for these files in a format without code, or trust each by its digest after a review.")
    for path, count in lesson.unreadable.most_common():
        lines.append(f"# Not readable to its end, {count} times: {printable(path)}")
    return "\n".join(lines) + "\n"


def _need(lesson: Lesson, profile: str, refs: tuple[GlobalRef, ...]) -> str:
    """Why a list is in the draft."""
    loads = sum(lesson.names[ref].loads for ref in refs if ref in lesson.names)
    already = f"in force already, and {lesson.profiles[profile]} loads needed it" if profile in lesson.profiles else ""
    words = "classes of the program's own, judged at each load" if profile == PLAIN else "of the names, with rules"
    return "; ".join(filter(None, [f"{len(refs)} {words}; {loads} refusals" if refs else "", already]))


def _line(ref: GlobalRef, seen: Seen, before: str = "") -> str:
    return f"{json.dumps(f'{ref.module}:{ref.qualname}')},  # {before}{seen.where()}"
