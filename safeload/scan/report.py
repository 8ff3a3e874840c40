"""What a file asks for, as values: names, what is done with each, and what could not be read."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple


class GlobalRef(NamedTuple):
    """One global a file names, as a pair: a joined string would let two pairs meet.

    Equal to the plain tuple ``(module, qualname)``, so both look up the same entry.
    """

    module: str
    qualname: str

    @classmethod
    def parse(cls, text: str) -> GlobalRef:
        """Read ``module:qualname``.

        Raises:
            ValueError: there is not exactly one colon, or a side is empty.
        """
        module, colon, qualname = text.strip().partition(":")
        if not (module and colon and qualname) or ":" in qualname:
            msg = f"{text!r} is not of the form module:qualname, as in 'collections:OrderedDict'"
            raise ValueError(msg)
        return cls(module, qualname)

    def __str__(self) -> str:
        return f"{printable(self.module)}:{printable(self.qualname)}"


def printable(text: str, limit: int = 200) -> str:
    """Escape what a file could use to write over a terminal, a log or a page."""
    shown = text if len(text) <= limit else text[:limit] + "…"
    if shown.isprintable():
        return shown
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


class Use(enum.Flag):
    """What a stream does with a global (the pickle opcodes that do it)."""

    REFERENCED = enum.auto()  # GLOBAL, STACK_GLOBAL, INST, EXT*
    CALLED = enum.auto()  # REDUCE; INST and OBJ with arguments
    INSTANTIATED = enum.auto()  # NEWOBJ, NEWOBJ_EX; INST and OBJ without arguments
    STATE_SET = enum.auto()  # BUILD on an object made from it
    ITEMS_SET = enum.auto()  # APPEND(S), SETITEM(S), ADDITEMS on an object made from it

    def __str__(self) -> str:
        return ", ".join((member.name or "").lower().replace("_", " ") for member in self)


ANY_USE = Use.REFERENCED | Use.CALLED | Use.INSTANTIATED | Use.STATE_SET | Use.ITEMS_SET


class Objection(NamedTuple):
    """A use that no allowance of the name covers: an argument rule or a structural rule broken."""

    ref: GlobalRef
    text: str
    structural: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a stream asks for.

    Attributes:
        uses: every global named, with what is done with it; Python 2 names as Python 3 knows them.
        raw: the Python 2 names as they stand in the stream, each with its Python 3 name.
        objections: uses that break an argument rule or a structural rule.
        problem: why the stream could not be read to its end; empty if it could.
        undecodable: what the UnicodeDecodeError says that was the problem, if it was one.
        format: what the bytes are, as found by content, never by name.
        consumed: bytes of the stream, from its start to just after its end.
    """

    uses: Mapping[GlobalRef, Use] = field(default_factory=lambda: MappingProxyType({}))
    raw: Mapping[GlobalRef, GlobalRef] = field(default_factory=lambda: MappingProxyType({}))
    objections: tuple[Objection, ...] = ()
    problem: str = ""
    undecodable: tuple[Any, ...] = ()
    format: str = "pickle"
    consumed: int = 0

    @property
    def globals(self) -> tuple[GlobalRef, ...]:
        """Every name asked for, sorted: what ``allow()`` takes."""
        return tuple(sorted(self.uses))

    def _repr_html_(self) -> str:
        """IPython's hook: a table of the names, with what is done with each."""
        from safeload.scan.tables import html_table

        objections = {item.ref: item.text for item in self.objections}
        rows = [(str(ref), str(use), objections.get(ref, "")) for ref, use in sorted(self.uses.items())]
        caption = f"{self.format}: {self.problem or 'read to its end'}"
        return html_table(("asks for", "what is done with it", "objection"), rows, caption=caption)

    @property
    def complete(self) -> bool:
        """Whether the stream was read to its end; what is not complete is refused."""
        return not self.problem


def merge(reports: list[Report], format: str) -> Report:  # noqa: A002 - the field's own name
    """Several streams of one file as one report; problems of each stay problems of all."""
    uses: dict[GlobalRef, Use] = {}
    raw: dict[GlobalRef, GlobalRef] = {}
    for report in reports:
        raw.update(report.raw)
        for ref, use in report.uses.items():
            uses[ref] = uses.get(ref, use) | use
    return Report(
        uses=MappingProxyType(uses),
        raw=MappingProxyType(raw),
        objections=tuple(o for report in reports for o in report.objections),
        problem="; ".join(report.problem for report in reports if report.problem),
        format=format,
        consumed=sum(report.consumed for report in reports),
    )
