"""Filters of system calls: rules as values, and the program of the kernel's little machine made of them.

A program sees a call's number, its architecture and six arguments, and nothing that a pointer points to.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

# What becomes of a call.
KILL: Final = 0x80000000
ERRNO: Final = 0x00050000
NOTIFY: Final = 0x7FC00000
ALLOW: Final = 0x7FFF0000

EPERM: Final = 1
ENOSYS: Final = 38

# Offsets in the kernel's struct seccomp_data.
_NUMBER: Final = 0
_ARCHITECTURE: Final = 4
_ARGUMENTS: Final = 16

_LOAD: Final = 0x20
_EQUAL: Final = 0x15
_ANY_BIT: Final = 0x45
_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06

X32: Final = 0x40000000
"""x86-64's numbers from here on are another table of the same calls."""

_OTHERWISE: Final = -1  # a jump to the end of a call's own block


@dataclass(frozen=True, slots=True)
class Among:
    """An argument of 32 bits is one of these."""

    argument: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """An argument has none of these bits; all of them are in its lower half."""

    argument: int
    bits: int


@dataclass(frozen=True, slots=True)
class Null:
    """An argument of 64 bits, a pointer mostly, is nothing."""

    argument: int


Condition = Among | Without | Null


@dataclass(frozen=True, slots=True)
class Rule:
    """A call is answered so where all conditions hold, and otherwise as every call without a rule."""

    conditions: tuple[Condition, ...] = ()
    answer: int = ALLOW


@dataclass(frozen=True, slots=True)
class Machine:
    """What a kernel calls itself, and its table of numbers."""

    audit: int
    numbers: Mapping[str, int]
    has_x32: bool


def program(machine: Machine, rules: Mapping[str, Rule], otherwise: int) -> bytes:
    """The filter as the kernel takes it; a name that the machine has no number for is left out."""
    code = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, machine.audit),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine.has_x32:
        code += [(_AT_LEAST, 0, 1, X32), (_RETURN, 0, 0, KILL)]
    for name, rule in rules.items():
        if name in machine.numbers:
            code += _block(machine.numbers[name], rule, otherwise)
    code.append((_RETURN, 0, 0, otherwise))
    return b"".join(struct.pack("=HBBI", *one) for one in code)


def _block(number: int, rule: Rule, otherwise: int) -> Iterable[tuple[int, int, int, int]]:
    """One call: its number, its conditions, its answer, and the other answer."""
    inner = [step for condition in rule.conditions for step in _steps(condition)]
    inner.append((_RETURN, 0, 0, rule.answer))
    if rule.conditions:
        inner.append((_RETURN, 0, 0, otherwise))
    end = len(inner) - 1
    yield _EQUAL, 0, len(inner), number
    for at, (code, true, false, value) in enumerate(inner):
        yield code, _to(true, at, end), _to(false, at, end), value


def _to(jump: int, at: int, end: int) -> int:
    return end - at - 1 if jump == _OTHERWISE else jump


def _steps(condition: Condition) -> list[tuple[int, int, int, int]]:
    low = _ARGUMENTS + 8 * condition.argument  # both machines are little-endian
    if isinstance(condition, Null):
        return [
            (_LOAD, 0, 0, low),
            (_EQUAL, 0, _OTHERWISE, 0),
            (_LOAD, 0, 0, low + 4),
            (_EQUAL, 0, _OTHERWISE, 0),
        ]
    if isinstance(condition, Without):
        return [(_LOAD, 0, 0, low), (_ANY_BIT, _OTHERWISE, 0, condition.bits)]
    last = len(condition.values) - 1
    found = [(_EQUAL, last - n, 0 if n < last else _OTHERWISE, value) for n, value in enumerate(condition.values)]
    return [(_LOAD, 0, 0, low), *found]
