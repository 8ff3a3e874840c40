"""The moves of the composer: for every opcode, when it fits and what it leaves on the stack."""

from __future__ import annotations

import struct

from opcode_tape import EXTENSIONS, MARK, NAMES, PARTS, Composer, marked, move, top

# Data.


@move(weight=2)
def data(c: Composer) -> None:
    simple = [
        ("NONE", b""),
        ("NEWTRUE", b""),
        ("BININT1", bytes([c.take(9)])),
        ("BININT2", struct.pack("<H", c.take(200))),
        ("BININT", struct.pack("<i", c.take(200) - 100)),
        ("INT", b"%d\n" % c.take(99)),
        ("LONG", b"%dL\n" % c.take(99)),
        ("LONG1", b"\x01" + bytes([c.take(99)])),
        ("LONG4", struct.pack("<i", 1) + bytes([c.take(99)])),
        ("FLOAT", b"%d.5\n" % c.take(99)),
        ("BINFLOAT", struct.pack(">d", c.take(99))),
        ("SHORT_BINBYTES", b"\x02ab"),
        ("BINBYTES", struct.pack("<I", 2) + b"os"),
        ("BYTEARRAY8", struct.pack("<Q", 1) + b"x"),
        ("SHORT_BINSTRING", b"\x02os"),
        ("STRING", b"'system'\n"),
    ]
    c.emit(*simple[c.take(len(simple))])
    c.stack.append("data")


@move(weight=2)
def text(c: Composer) -> None:
    part = PARTS[c.take(len(PARTS))].encode()
    if c.take(2) or b"\n" in part:
        c.emit("SHORT_BINUNICODE", bytes([len(part)]) + part)
    elif c.take(2):
        c.emit("BINUNICODE", struct.pack("<I", len(part)) + part)
    else:
        c.emit("UNICODE", part.decode().encode("raw_unicode_escape") + b"\n")
    c.stack.append("text")


@move()
def empty_container(c: Composer) -> None:
    code = ["EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET", "EMPTY_TUPLE"][c.take(4)]
    c.emit(code)
    c.stack.append(code.removeprefix("EMPTY_").lower())


@move()
def out_of_band(c: Composer) -> None:
    c.emit("NEXT_BUFFER")
    if c.take(2):
        c.emit("READONLY_BUFFER")
    c.stack.append("data")


@move(top("*"))
def persistent(c: Composer) -> None:
    if c.take(2):
        c.emit("BINPERSID")
        c.pop()
    else:
        c.emit("PERSID", b"os\n")
    c.stack.append("object")


# Names.


def named(c: Composer) -> tuple[bytes, bytes]:
    module, name = NAMES[c.take(len(NAMES))]
    return module.encode(), name.encode()


@move(weight=3)
def name(c: Composer) -> None:
    c.emit("GLOBAL", b"%s\n%s\n" % named(c))
    c.stack.append("name")


@move(weight=2)
def name_of_stack(c: Composer) -> None:
    for part in named(c):
        c.emit("SHORT_BINUNICODE", bytes([len(part)]) + part)
    c.emit("STACK_GLOBAL")
    c.stack.append("name")


@move(top("text|object", "text|object"))
def name_of_what_is_there(c: Composer) -> None:
    c.emit("STACK_GLOBAL")
    c.pop(2)
    c.stack.append("name")


@move(lambda c: c.extensions, weight=2)
def name_by_code(c: Composer) -> None:
    code = [*EXTENSIONS, 77][c.take(len(EXTENSIONS) + 1)]
    if code < 256:
        c.emit("EXT1", bytes([code]))
    elif c.take(2):
        c.emit("EXT2", struct.pack("<H", code))
    else:
        c.emit("EXT4", struct.pack("<i", code))
    c.stack.append("name")


@move(marked(lambda above: True))
def inst(c: Composer) -> None:
    c.emit("INST", b"%s\n%s\n" % named(c))
    c.pop_mark()
    c.stack.append("object")


@move(marked(lambda above: above[:1] == ["name"]))
def obj(c: Composer) -> None:
    c.emit("OBJ")
    c.pop_mark()
    c.stack.append("object")


# What is done with them.


@move(top("name|object"), weight=3)
def call_with_what_follows(c: Composer) -> None:
    width = c.take(3)
    for _ in range(width):
        data(c)
    c.emit(["EMPTY_TUPLE", "TUPLE1", "TUPLE2"][width])
    c.pop(width)
    c.emit(["REDUCE", "NEWOBJ", "REDUCE"][c.take(3)])
    c.pop()
    c.stack.append("object")


@move(top("name|object", "tuple"), weight=2)
def call(c: Composer) -> None:
    c.emit(["REDUCE", "NEWOBJ"][c.take(2)])
    c.pop(2)
    c.stack.append("object")


@move(top("name", "tuple", "dict"), weight=2)
def newobj_ex(c: Composer) -> None:
    c.emit("NEWOBJ_EX")
    c.pop(3)
    c.stack.append("object")


@move(top("name"), weight=2)
def newobj_ex_of_nothing(c: Composer) -> None:
    c.emit("EMPTY_TUPLE")
    c.emit("EMPTY_DICT")
    c.stack += ["tuple", "dict"]
    newobj_ex(c)


@move(top("object|name", "*"), weight=2)
def build(c: Composer) -> None:
    c.emit("BUILD")
    c.pop()


@move(top("list|object|name", "*"))
def append(c: Composer) -> None:
    c.emit("APPEND")
    c.pop()


@move(top("dict|object|name", "*", "*"))
def setitem(c: Composer) -> None:
    c.emit("SETITEM")
    c.pop(2)


@move(marked(lambda above: True, "list", "object", "name"))
def appends(c: Composer) -> None:
    c.emit("APPENDS")
    c.pop_mark()


@move(marked(lambda above: True, "set", "object"))
def additems(c: Composer) -> None:
    c.emit("ADDITEMS")
    c.pop_mark()


@move(top("set|object"), weight=2)
def items_of_data(c: Composer) -> None:
    mark(c)
    data(c)
    additems(c)


@move(marked(lambda above: len(above) % 2 == 0, "dict", "object", "name"))
def setitems(c: Composer) -> None:
    c.emit("SETITEMS")
    c.pop_mark()


@move()
def mark(c: Composer) -> None:
    c.emit("MARK")
    c.stack.append(MARK)


@move(marked(lambda above: True), weight=2)
def close(c: Composer) -> None:
    code = ["TUPLE", "LIST", "FROZENSET", "POP_MARK", "DICT"][c.take(5)]
    if code == "DICT" and len(c.since_mark()) % 2:
        code = "TUPLE"
    c.emit(code)
    c.pop_mark()
    if code != "POP_MARK":
        c.stack.append({"FROZENSET": "data"}.get(code, code.lower()))


@move(top("*", "*"))
def pair(c: Composer) -> None:
    c.emit("TUPLE2")
    c.pop(2)
    c.stack.append("tuple")


@move(top("*"))
def duplicate(c: Composer) -> None:
    c.emit("DUP")
    c.stack.append(c.stack[-1])


@move(top("*"))
def drop(c: Composer) -> None:
    c.emit("POP")
    c.pop()


# The memo: an index may be overwritten, sparse, or never written at all.


@move(top("*"), weight=2)
def remember(c: Composer) -> None:
    index = len(c.memo) if c.take(3) else c.take(12)
    codes = [
        ("PUT", b"%d\n" % index),
        ("BINPUT", bytes([index])),
        ("LONG_BINPUT", struct.pack("<I", index)),
        ("MEMOIZE", b""),
    ]
    code, argument = codes[c.take(4)]
    c.emit(code, argument)
    c.memo[len(c.memo) if code == "MEMOIZE" else index] = c.stack[-1]


@move(lambda c: bool(c.memo), weight=2)
def recall(c: Composer) -> None:
    index = sorted(c.memo)[c.take(len(c.memo))] if c.take(16) else 200
    codes = [
        ("GET", b"%d\n" % index),
        ("BINGET", bytes([index])),
        ("LONG_BINGET", struct.pack("<I", index)),
    ]
    c.emit(*codes[c.take(3)])
    c.stack.append(c.memo.get(index, "data"))


@move()
def interlude(c: Composer) -> None:
    """A protocol or a frame in the middle: both are legal anywhere."""
    if c.take(2):
        c.emit("PROTO", bytes([c.take(6)]))
    else:
        c.emit("FRAME", struct.pack("<Q", c.take(3)))
