"""Pickle streams out of a tape of bytes: every byte chooses the next opcode or its argument.

The composer plays the unpickler's stack in kinds (a name, data, a container, text, an object), so
that most streams can be read far into; one byte value now and then makes it choose without looking.
A short tape is a short stream, so what hypothesis shrinks stays readable.
"""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Callable

HARMLESS = "life_harmless"  # made up: plain_child.py has it, no installed package does

NAMES = [
    (HARMLESS, "Bag"),
    (HARMLESS, "make"),
    (HARMLESS, "Outer.Inner"),
    (HARMLESS, "Bag.keep"),
    (HARMLESS, "text"),
    (HARMLESS, "absent"),
    ("collections", "OrderedDict"),
    ("collections", "deque"),
    ("collections", "Counter"),
    ("datetime", "date"),
    ("decimal", "Decimal"),
    ("fractions", "Fraction"),
    ("copyreg", "_reconstructor"),
    ("copy_reg", "_reconstructor"),
    ("__builtin__", "set"),
    ("__builtin__", "long"),
    ("__builtin__", "object"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
    ("UserDict", "IterableUserDict"),
    ("itertools", "imap"),
    ("os", "system"),
    ("life_unknown\u00e9", "\u1e9e.x"),
    ("", ""),
    ("a\x0bb", "c d"),
]
EXTENSIONS = {240: (HARMLESS, "Bag"), 241: (HARMLESS, "make"), 4242: ("copy_reg", "_reconstructor")}
PARTS = sorted({part for name in NAMES for part in name})

MARK = "mark"


class Composer:
    """One stream in the making; the stack holds the kind of every object on it."""

    def __init__(self, tape: bytes, *, extensions: bool) -> None:
        self.tape, self.at = tape, 0
        self.extensions = extensions
        self.out = bytearray()
        self.stack: list[str] = []
        self.memo: dict[int, str] = {}
        self.opcodes: set[str] = set()

    def take(self, below: int) -> int:
        """The next byte of the tape, as a choice among ``below``; 0 past its end."""
        byte = self.tape[self.at] if self.at < len(self.tape) else 0
        self.at += 1
        return byte % below

    def emit(self, opcode: str, argument: bytes = b"") -> None:
        self.opcodes.add(opcode)
        code: bytes = getattr(pickle, opcode)
        self.out += code + argument

    def since_mark(self) -> list[str]:
        """What stands above the topmost mark."""
        marks = [i for i, kind in enumerate(self.stack) if kind == MARK]
        return self.stack[marks[-1] + 1 :] if marks else list(self.stack)

    def pop(self, count: int = 1) -> None:
        del self.stack[len(self.stack) - count :]

    def pop_mark(self) -> None:
        while self.stack and self.stack.pop() != MARK:
            pass

    def compose(self) -> bytes:
        """The whole stream."""
        if self.take(8):
            self.emit("PROTO", bytes([self.take(6)]))
        while self.at < len(self.tape) and len(self.out) < 2000:
            wild = self.take(64) == 63
            able = [play for play, fits in MOVES if wild and play.__name__ != "name_by_code" or fits(self)]
            chosen = able[self.take(len(able))]
            with contextlib.suppress(*((IndexError, ZeroDivisionError) if wild else ())):
                chosen(self)  # a wild move may not find what it would book
        if MARK in self.stack:
            self.emit("TUPLE")
            self.pop_mark()
        if not self.stack:
            self.emit("NONE")
        self.emit("STOP")
        return bytes(self.out)


Move = Callable[[Composer], None]
Fits = Callable[[Composer], bool]
MOVES: list[tuple[Move, Fits]] = []


def move(fits: Fits = lambda c: True, weight: int = 1) -> Callable[[Move], Move]:
    """Add a move to the table, chosen only where the stack it needs is there."""

    def add(function: Move) -> Move:
        MOVES.extend([(function, fits)] * weight)
        return function

    return add


def top(*kinds: str) -> Fits:
    """Whether the topmost objects, none of them beyond a mark, are of these kinds (``*``: any)."""

    def fits(composer: Composer) -> bool:
        above = composer.since_mark()[-len(kinds) :]
        return len(above) == len(kinds) and all(
            kind in wanted.split("|") or wanted == "*" for wanted, kind in zip(kinds, above, strict=True)
        )

    return fits


def marked(fits: Callable[[list[str]], bool], *below: str) -> Fits:
    """Whether there is a mark, what is above it fits, and these kinds stand below it."""

    def check(composer: Composer) -> bool:
        if MARK not in composer.stack:
            return False
        above = composer.since_mark()
        under = composer.stack[: len(composer.stack) - len(above) - 1]
        return fits(above) and (not below or (bool(under) and under[-1] in below))

    return check


def compose(tape: bytes, *, extensions: bool) -> tuple[bytes, set[str]]:
    """The stream of a tape, and the opcodes it uses."""
    composer = Composer(tape, extensions=extensions)
    return composer.compose(), composer.opcodes
