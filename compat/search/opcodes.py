"""Pickles as programs: a list of steps in which each value has a number, read from honest files and written again.

Every value but a literal or a global stands in the memo, so any step can name any earlier value: that is all
the freedom that the opcodes give.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, NamedTuple

from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef


class Step(NamedTuple):
    """One opcode: ``data`` is a literal's value or a global's name, ``refs`` the values it takes."""

    id: int
    op: str
    data: Any = None
    refs: tuple[int, ...] = ()


INLINE: Final = frozenset(("lit", "glob"))
AFTER: Final = frozenset(("build", "append", "appends", "setitems", "additems"))
"""Steps that change a value and make none."""
_PREFIX: Final = {"tuple": b"(", "frozenset": b"(", "obj": b"("}
_CODE: Final = {
    "tuple": b"t",
    "list": b"]",
    "dict": b"}",
    "set": b"\x8f",
    "frozenset": b"\x91",
    "reduce": b"R",
    "newobj": b"\x81",
    "newobj_ex": b"\x92",
    "obj": b"o",
    "pid": b"Q",
    "build": b"b",
    "append": b"a",
    "appends": b"e",
    "setitems": b"u",
    "additems": b"\x90",
}
_MARKED: Final = frozenset(("appends", "setitems", "additems"))


def _sized(code: bytes, form: str, data: bytes) -> bytes:
    return code + struct.pack(form, len(data)) + data


def _int(value: int) -> bytes:
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return _sized(b"\x8b", "<i", data)


_LITERAL: Final[dict[type, Callable[[Any], bytes]]] = {
    type(None): lambda _: b"N",
    bool: lambda value: b"\x88" if value else b"\x89",
    int: _int,
    float: lambda value: b"G" + struct.pack(">d", value),
    str: lambda value: _sized(b"X", "<I", value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: _sized(b"B", "<I", value),
}


@lru_cache(maxsize=100_000)
def _literal(kind: type, value: Any) -> bytes:
    return _LITERAL[kind](value)


@lru_cache(maxsize=20_000)
def _global(ref: GlobalRef) -> bytes:
    return _literal(str, ref.module) + _literal(str, ref.qualname) + b"\x93"


def written(steps: list[Step]) -> bytes:
    """The pickle, whose value is that of the last step that makes one."""
    where: dict[int, bytes] = {}
    out = [b"\x80\x04"]
    last = b"N"
    for step in steps:
        op = step.op
        if op == "lit":
            where[step.id] = last = _literal(type(step.data), step.data)
        elif op == "glob":
            where[step.id] = last = _global(step.data)
        else:
            pushed = [where[ref] for ref in step.refs]
            if op == "bytearray":
                out.append(_sized(b"\x96", "<Q", step.data))
            elif op in _MARKED:
                out += [pushed[0], b"(", *pushed[1:], _CODE[op]]
            else:
                out += [_PREFIX.get(op, b""), *pushed, _CODE[op]]
            if op not in AFTER:
                index = len(where)
                out.append(b"r" + struct.pack("<I", index))
                where[step.id] = last = b"j" + struct.pack("<I", index)
            out.append(b"0")
    return b"".join([*out, last, b"."])


_TAKES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_SIMPLE: Final = {"EMPTY_LIST": "list", "EMPTY_DICT": "dict", "EMPTY_SET": "set", "EMPTY_TUPLE": "tuple"}
_PAIRS: Final = {"REDUCE": "reduce", "NEWOBJ": "newobj", "BUILD": "build", "APPEND": "append"}
_MANY: Final = {"APPENDS": "appends", "SETITEMS": "setitems", "ADDITEMS": "additems"}
_WHOLE: Final = {"TUPLE": "tuple", "FROZENSET": "frozenset", "OBJ": "obj"}
_VALUES: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_MARK: Final = -1


class _Reader:
    """A machine that runs opcodes over numbers instead of values."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.stack: list[int] = []
        self.memo: dict[int, int] = {}

    def make(self, op: str, refs: tuple[int, ...] | list[int] = (), data: Any = None) -> int:
        self.steps.append(Step(len(self.steps), op, data, tuple(refs)))
        return len(self.steps) - 1

    def push(self, op: str, refs: tuple[int, ...] | list[int] = (), data: Any = None) -> None:
        self.stack.append(self.make(op, refs, data))

    def take(self, count: int) -> list[int]:
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def to_mark(self) -> list[int]:
        start = len(self.stack) - self.stack[::-1].index(_MARK)
        taken = self.stack[start:]
        del self.stack[start - 1 :]
        return taken

    def run(self, name: str, arg: Any) -> None:  # noqa: C901, PLR0912 - a table of opcodes
        if name in ("PROTO", "FRAME", "STOP"):
            return
        if name == "MARK":
            self.stack.append(_MARK)
        elif name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self.memo[len(self.memo) if name == "MEMOIZE" else arg] = self.stack[-1]
        elif name in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[arg])
        elif name == "POP":
            self.stack.pop()
        elif name in ("GLOBAL", "STACK_GLOBAL"):
            self.glob(name, arg)
        elif name in _VALUES:
            self.push("lit", data=_VALUES[name])
        elif name in _SIMPLE:
            self.push(_SIMPLE[name])
        elif name in _TAKES:
            self.push("tuple", self.take(_TAKES[name]))
        elif name in _PAIRS:
            self.change(_PAIRS[name], self.take(2))
        elif name == "SETITEM":
            self.change("setitems", self.take(3))
        elif name == "NEWOBJ_EX":
            self.push("newobj_ex", self.take(3))
        elif name in _MANY:
            items = self.to_mark()
            self.change(_MANY[name], [self.stack.pop(), *items])
        elif name in _WHOLE:
            self.push(_WHOLE[name], self.to_mark())
        elif name in ("LIST", "DICT"):
            items = self.to_mark()
            self.push(name.lower())
            self.change("appends" if name == "LIST" else "setitems", [self.stack.pop(), *items])
        elif name in ("PERSID", "BINPERSID"):
            self.push("pid", self.take(1))
        elif name == "BYTEARRAY8":
            self.push("bytearray", data=bytes(arg))
        else:
            self.push("lit", data=arg)

    def change(self, op: str, refs: list[int]) -> None:
        made = self.make(op, refs)
        self.stack.append(refs[0] if op in AFTER else made)

    def glob(self, name: str, arg: Any) -> None:
        if name == "GLOBAL":
            ref = GlobalRef(*arg.split(" "))
        else:
            module, qualname = self.take(2)
            ref = GlobalRef(self.steps[module].data, self.steps[qualname].data)
        self.push("glob", data=normalised(ref))


def read(pickle: bytes) -> list[Step]:
    """The steps of an honest pickle.

    Raises:
        Exception: it uses an opcode that is not read here.
    """
    reader = _Reader()
    for opcode, arg, _ in pickletools.genops(pickle):
        if opcode.name in ("INST", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER", "READONLY_BUFFER", "DUP"):
            raise NotImplementedError(opcode.name)
        reader.run(opcode.name, arg)
    (result,) = reader.stack
    if reader.steps[result].op == "lit" or result != len(reader.steps) - 1:
        reader.make("tuple", (result,))  # so that the result is the last value made
    return reader.steps
