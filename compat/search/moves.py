"""What an attacker does to an honest pickle, keeping it well-formed: one random change at a time."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

from opcodes import AFTER, INLINE, Step

from safeload.scan.entry import Entry
from safeload.scan.report import GlobalRef, Use

LONGEST: Final = 600
INTS: Final = (
    *(0, 1, 2, 3, 5, 8, 64, 255, 256, 624, 1000, 65536),
    *(2**31 - 1, 2**31, 2**40, 2**62, 2**63 - 1, -1, -2, -(2**31)),
)
TEXTS: Final = (
    "",
    " ",
    "a" * 300,
    *"""
    a b x data state shape dtype values name append extend add close free_network step fit predict transform
    __class__ __dict__ __setstate__ __reduce__ __reduce_ex__ __del__ __getattr__ __call__ __array_interface__
    __array__ __iter__ __len__ __hash__ __eq__ __repr__ __doc__ __module__ __name__ __version__ _mgr _data _cache
    _item_cache _metadata _typ _attrs _flags attrs f8 i8 O8 V8 U1 cpu cuda latin1 os system /etc/passwd ../x UTC
    Europe/Vienna r w rb wb C F , : . | <
    """.split(),
)
BYTES: Final = (b"", b"\0", b"b", b"A" * 8, b"\xff" * 8, b"\0" * 16, bytes(range(64)), b"\x07\xe4\x01\x02")
FLOATS: Final = (0.0, -1.0, 1.5, float("inf"), float("nan"), 1e308, 5e-324)


class Lists:
    """The allowlisted names, by what may be done with them and by the entry they share."""

    def __init__(self, rulebook: Mapping[GlobalRef, Entry]) -> None:
        self.rulebook = rulebook
        self.all = sorted(rulebook)
        self.kin: dict[int, list[GlobalRef]] = {}
        self.by_use: dict[Use, list[GlobalRef]] = {use: [] for use in Use}
        for ref in self.all:
            entry = rulebook[ref]
            self.kin.setdefault(id(entry), []).append(ref)
            for use in Use:
                if use in entry.uses:
                    self.by_use[use].append(ref)

    def like(self, ref: GlobalRef) -> list[GlobalRef]:
        """The names that share an entry, and so a rule, with one."""
        entry = self.rulebook.get(ref)
        return [ref] if entry is None else self.kin[id(entry)]


class Pool:
    """What programs are spliced from: honest ones, and admitted ones as they are found."""

    def __init__(self, programs: list[list[Step]]) -> None:
        self.programs = programs
        self.literals: dict[type, list[Any]] = {
            int: list(INTS), str: list(TEXTS), bytes: list(BYTES), float: list(FLOATS),
        }  # fmt: skip
        found: dict[type, dict[Any, None]] = {kind: {} for kind in self.literals}
        for program in programs:
            for step in program:
                small = not isinstance(step.data, str | bytes) or len(step.data) < 400
                if step.op == "lit" and type(step.data) in found and small:
                    found[type(step.data)][step.data] = None
        for kind, values in found.items():
            self.literals[kind] += values

    def one(self, dice: random.Random) -> list[Step]:
        """Small ones more often: the index is by size."""
        return self.programs[int(len(self.programs) * dice.random() ** 3)]


class Draft:
    """A program while it is changed."""

    def __init__(self, steps: list[Step], pool: Pool, lists: Lists, dice: random.Random) -> None:
        self.steps, self.pool, self.lists, self.dice = list(steps), pool, lists, dice
        self.next = 1 + max((step.id for step in steps), default=-1)

    def fresh(self, op: str, data: Any = None, refs: tuple[int, ...] = ()) -> Step:
        self.next += 1
        return Step(self.next, op, data, refs)

    def values(self, before: int) -> list[Step]:
        return [step for step in self.steps[:before] if step.op not in AFTER]

    def any_value(self, before: int) -> Step | None:
        values = self.values(before)
        return self.dice.choice(values) if values else None

    def literal(self, at: int) -> Step:
        """A new literal, put in at a place."""
        kind = self.dice.choice((int, str, bytes, float, type(None), bool))
        if kind is type(None):
            data: Any = None
        elif kind is bool:
            data = self.dice.random() < 0.5
        else:
            data = self.dice.choice(self.pool.literals[kind])
        return self.put(at, "lit", data)

    def put(self, at: int, op: str, data: Any = None, refs: tuple[int, ...] = ()) -> Step:
        step = self.fresh(op, data, refs)
        self.steps.insert(at, step)
        return step

    def pick(self, test: Callable[[Step], bool]) -> int | None:
        found = [index for index, step in enumerate(self.steps) if test(step)]
        return self.dice.choice(found) if found else None


def tweaked(value: Any, pool: Pool, dice: random.Random) -> Any:
    """Another value of the same type, near or from the pool."""
    chance = dice.random()
    if type(value) is int:
        return dice.choice(pool.literals[int]) if chance < 0.5 else value + dice.choice((-1, 1, 2, -2, value, 7))
    if type(value) is bytes and value and chance < 0.7:
        at = dice.randrange(len(value))
        how = dice.randrange(4)
        if how == 0:
            return value[:at]
        if how == 1:
            return value + value[:at]
        data = bytearray(value)
        for _ in range(1 if how == 2 else 8):
            data[dice.randrange(len(data))] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        return bytes(data)
    if type(value) in (bool, type(None)):
        return dice.choice((None, 0, "", True, False))
    return dice.choice(pool.literals[type(value)])


def other_literal(draft: Draft) -> None:
    index = draft.pick(lambda step: step.op in ("lit", "bytearray"))
    if index is not None:
        step = draft.steps[index]
        data = tweaked(step.data, draft.pool, draft.dice)
        draft.steps[index] = step._replace(data=data)


def other_operand(draft: Draft) -> None:
    """Take another value: one of the same kind as a rule, any or a new one at times."""
    index = draft.pick(lambda step: bool(step.refs))
    if index is None:
        return
    step, dice = draft.steps[index], draft.dice
    which = dice.randrange(len(step.refs))
    kinds = {other.id: other.op for other in draft.steps}
    values = draft.values(index)
    if dice.random() < 0.6:
        values = [value for value in values if value.op == kinds[step.refs[which]]] or values
    new = dice.choice(values)
    if dice.random() < 0.2:
        new = draft.literal(index)
        index += 1
    refs = (*step.refs[:which], new.id, *step.refs[which + 1 :])
    draft.steps[index] = step._replace(refs=refs)


def other_name(draft: Draft) -> None:
    index = draft.pick(lambda step: step.op == "glob")
    if index is not None:
        step = draft.steps[index]
        names = draft.lists.like(step.data) if draft.dice.random() < 0.7 else draft.lists.all
        draft.steps[index] = step._replace(data=draft.dice.choice(names))


def other_name_once(draft: Draft) -> None:
    """A name in the place of any operand: functions as attributes, classes as items."""
    index = draft.pick(lambda step: bool(step.refs))
    if index is not None:
        step = draft.steps[index]
        named = draft.put(index, "glob", draft.dice.choice(draft.lists.all))
        which = draft.dice.randrange(len(step.refs))
        refs = (*step.refs[:which], named.id, *step.refs[which + 1 :])
        draft.steps[index + 1] = step._replace(refs=refs)


def drop(draft: Draft) -> None:
    """Leave out a change, or an operand of many."""
    dice = draft.dice
    index = draft.pick(lambda step: step.op in AFTER or step.op in ("tuple", "frozenset"))
    if index is None:
        return
    step = draft.steps[index]
    if step.op in AFTER and dice.random() < 0.4:
        del draft.steps[index]
    elif step.op in ("tuple", "frozenset", "appends", "additems") and len(step.refs) > 1:
        which = dice.randrange(1, len(step.refs))
        draft.steps[index] = step._replace(refs=step.refs[:which] + step.refs[which + 1 :])
    elif step.op == "setitems" and len(step.refs) > 3:
        which = dice.randrange(1, len(step.refs), 2)
        draft.steps[index] = step._replace(refs=step.refs[:which] + step.refs[which + 2 :])


def later(draft: Draft) -> None:
    """Do a change later, or again, when what it changes has been judged."""
    index = draft.pick(lambda step: step.op in AFTER)
    if index is None:
        return
    step = draft.steps[index]
    if draft.dice.random() < 0.6:
        del draft.steps[index]
    at = draft.dice.randrange(index, len(draft.steps) + 1)
    draft.steps.insert(at, draft.fresh(step.op, step.data, step.refs))


def change_more(draft: Draft) -> None:
    """Set an item or a state, append or add: to something that takes it, as a rule."""
    at = draft.dice.randrange(1, len(draft.steps) + 1)
    dice = draft.dice
    values = draft.values(at)
    if not values:
        return
    target = dice.choice([v for v in values if v.op in ("dict", "list", "set", "reduce", "newobj")] or values)
    op = {"dict": "setitems", "list": "append", "set": "additems"}.get(target.op) or dice.choice(sorted(AFTER))
    given = dice.choice(values)
    if op == "setitems":
        key = draft.put(at, "lit", dice.choice(draft.pool.literals[str]))
        draft.put(at + 1, op, refs=(target.id, key.id, given.id))
    else:
        draft.put(at, op, refs=(target.id, given.id))


def more_attributes(draft: Draft) -> None:
    """One more item of a dict that is there already: states are such dicts."""
    index = draft.pick(lambda step: step.op == "setitems")
    if index is not None:
        step, dice = draft.steps[index], draft.dice
        key = draft.put(index, "lit", dice.choice(draft.pool.literals[str]))
        if dice.random() < 0.5:
            value = draft.any_value(index)
        else:
            value = draft.put(index + 1, "glob", dice.choice(draft.lists.all))
        at = next(i for i, other in enumerate(draft.steps) if other.id == step.id)
        draft.steps[at] = step._replace(refs=(*step.refs, key.id, (value or key).id))


def splice(draft: Draft) -> None:
    """Another program's value in the place of an operand."""
    other = draft.pool.one(draft.dice)
    if len(other) + len(draft.steps) > LONGEST:
        return
    shift = draft.next + 1
    moved = [step._replace(id=step.id + shift, refs=tuple(ref + shift for ref in step.refs)) for step in other]
    draft.next = shift + max(step.id for step in other)
    index = draft.pick(lambda step: bool(step.refs))
    if index is None:
        draft.steps += moved
        return
    step = draft.steps[index]
    made = [part for part in moved if part.op not in AFTER]
    new = made[-1] if draft.dice.random() < 0.6 else draft.dice.choice(made)
    which = draft.dice.randrange(len(step.refs))
    draft.steps[index] = step._replace(refs=(*step.refs[:which], new.id, *step.refs[which + 1 :]))
    draft.steps[index:index] = moved


def make(draft: Draft) -> None:
    """Call or instantiate any listed name that may be, with values that are there."""
    dice = draft.dice
    at = dice.randrange(1, len(draft.steps) + 1)
    use, op = dice.choice(((Use.CALLED, "reduce"), (Use.INSTANTIATED, "newobj")))
    named = draft.put(at, "glob", dice.choice(draft.lists.by_use[use]))
    values = draft.values(at)
    count = dice.choice((0, 0, 1, 1, 2, 3, 4))
    given = tuple(dice.choice(values).id for _ in range(count)) if values else ()
    args = draft.put(at + 1, "tuple", refs=given)
    made = draft.put(at + 2, op, refs=(named.id, args.id))
    if dice.random() < 0.5 and values:
        draft.put(at + 3, "build", refs=(made.id, dice.choice(values).id))


def other_form(draft: Draft) -> None:
    """REDUCE for NEWOBJ and the other way round, OBJ for both; a dict of attributes as slots."""
    dice = draft.dice
    index = draft.pick(lambda step: step.op in ("reduce", "newobj", "build"))
    if index is None:
        return
    step = draft.steps[index]
    if step.op == "build":
        none = draft.put(index, "lit")
        parts = (none.id, step.refs[1]) if dice.random() < 0.7 else (step.refs[1], step.refs[1])
        state = draft.put(index + 1, "tuple", refs=parts)
        draft.steps[index + 2] = step._replace(refs=(step.refs[0], state.id))
        return
    if dice.random() < 0.3:
        keywords = draft.put(index, "dict")
        name = draft.put(index + 1, "lit", dice.choice(draft.pool.literals[str]))
        draft.put(index + 2, "setitems", refs=(keywords.id, name.id, dice.choice(step.refs)))
        draft.steps[index + 3] = step._replace(op="newobj_ex", refs=(*step.refs, keywords.id))
        return
    args = next((other for other in draft.steps if other.id == step.refs[1]), None)
    if args is not None and args.op == "tuple" and dice.random() < 0.4:
        draft.steps[index] = step._replace(op="obj", refs=(step.refs[0], *args.refs))
    else:
        draft.steps[index] = step._replace(op="newobj" if step.op == "reduce" else "reduce")


_WRAPPERS: Final = (
    ("collections", "OrderedDict"), ("builtins", "dict"), ("builtins", "list"), ("builtins", "tuple"),
    ("builtins", "set"), ("collections", "deque"), ("builtins", "bytearray"), ("builtins", "str"),
    ("collections", "Counter"), ("builtins", "frozenset"),
)  # fmt: skip


def wrap(draft: Draft) -> None:
    """The same value through a constructor that copies it: opaque to a rule, the same to the library."""
    index = draft.pick(lambda step: bool(step.refs))
    if index is None:
        return
    step, dice = draft.steps[index], draft.dice
    which = dice.randrange(len(step.refs))
    named = draft.put(index, "glob", GlobalRef(*dice.choice(_WRAPPERS)))
    args = draft.put(index + 1, "tuple", refs=(step.refs[which],))
    made = draft.put(index + 2, "reduce", refs=(named.id, args.id))
    draft.steps[index + 3] = step._replace(refs=(*step.refs[:which], made.id, *step.refs[which + 1 :]))


def other_result(draft: Draft) -> None:
    value = draft.any_value(len(draft.steps))
    if value is not None and value.op not in INLINE:
        draft.steps.append(draft.fresh("tuple", refs=(value.id, value.id)))


MOVES: Final = (
    (other_literal, 30),
    (other_operand, 18),
    (other_name, 12),
    (other_name_once, 5),
    (drop, 8),
    (later, 8),
    (change_more, 6),
    (more_attributes, 8),
    (splice, 8),
    (make, 6),
    (other_form, 4),
    (wrap, 4),
    (other_result, 2),
)
_FUNCTIONS: Final = [move for move, _ in MOVES]
_WEIGHTS: Final = [weight for _, weight in MOVES]


def mutated(steps: list[Step], pool: Pool, lists: Lists, dice: random.Random) -> list[Step]:
    """A program after one to four changes; those that leave it ill-formed are undone."""
    draft = Draft(steps, pool, lists, dice)
    for move in dice.choices(_FUNCTIONS, _WEIGHTS, k=dice.choice((1, 1, 1, 2, 2, 3, 4))):
        move(draft)
    return draft.steps
