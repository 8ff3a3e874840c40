"""Pickles put together by hand, opcode by opcode: each function returns bytes that push one value.

``call(named("os:system"), text("ls"))`` is the fragment that runs ``os.system("ls")`` and leaves
the result on the stack; ``pickled(...)`` makes a whole stream of a fragment.
"""

from __future__ import annotations

import struct
from typing import Final

NONE: Final = b"N"
TRUE: Final = b"\x88"
FALSE: Final = b"\x89"
MARK: Final = b"("
STOP: Final = b"."
POP: Final = b"0"
POP_MARK: Final = b"1"
DUP: Final = b"2"
REDUCE: Final = b"R"
BUILD: Final = b"b"
STACK_GLOBAL: Final = b"\x93"
BINPERSID: Final = b"Q"

CANARY: Final = "canary"
SHELL: Final = f"touch {CANARY}"
PYTHON: Final = f"open({CANARY!r}, 'w').close()"
"""What the payloads do: leave an empty file in the working directory, by the shell or by Python."""


def text(value: str) -> bytes:
    """BINUNICODE."""
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    """BININT, or LONG1 where it does not fit."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    data = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def octets(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def named(ref: str) -> bytes:
    """STACK_GLOBAL of ``module:qualname``; dotted names need protocol 4."""
    module, _, name = ref.partition(":")
    return text(module) + text(name) + STACK_GLOBAL


def named_by_line(ref: str) -> bytes:
    """GLOBAL: the form of protocols 0 to 3, and the only one torch's weights-only reader knows."""
    module, _, name = ref.partition(":")
    return b"c" + f"{module}\n{name}\n".encode()


def group(*items: bytes) -> bytes:
    """A tuple."""
    return MARK + b"".join(items) + b"t"


def listing(*items: bytes) -> bytes:
    return b"](" + b"".join(items) + b"e"


def mapping(*items: tuple[bytes, bytes]) -> bytes:
    return b"}(" + b"".join(key + value for key, value in items) + b"u"


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE."""
    return function + group(*arguments) + REDUCE


def calling(ref: str, *arguments: bytes) -> bytes:
    """REDUCE of a named global."""
    return call(named(ref), *arguments)


def attribute(target: bytes, name: str) -> bytes:
    """``getattr(target, name)``."""
    return calling("builtins:getattr", target, text(name))


def new(cls: bytes, *arguments: bytes) -> bytes:
    """NEWOBJ."""
    return cls + group(*arguments) + b"\x81"


def new_with(cls: bytes, arguments: bytes, keywords: bytes) -> bytes:
    """NEWOBJ_EX."""
    return cls + arguments + keywords + b"\x92"


def given(target: bytes, state: bytes) -> bytes:
    """BUILD."""
    return target + state + BUILD


def put(index: int) -> bytes:
    """BINPUT or LONG_BINPUT: remember the top of the stack."""
    return b"q" + bytes([index]) if index < 256 else b"r" + struct.pack("<I", index)


def get(index: int) -> bytes:
    return b"h" + bytes([index]) if index < 256 else b"j" + struct.pack("<I", index)


def kept(index: int, fragment: bytes) -> bytes:
    """Run a fragment, remember its value, and leave nothing on the stack."""
    return fragment + put(index) + POP


def sequence(*fragments: bytes) -> bytes:
    """One after the other."""
    return b"".join(fragments)


def frame(length: int) -> bytes:
    return b"\x95" + struct.pack("<Q", length)


def proto(version: int) -> bytes:
    return b"\x80" + bytes([version])


def pickled(fragment: bytes, version: int = 4) -> bytes:
    return proto(version) + fragment + STOP


BOOM: Final = calling("os:system", text(SHELL))
"""The deed of every file whose trick is not the deed."""

HARMLESS: Final = group(text("weights"), number(7))
"""What stands in its place in the harmless twin of the same file."""
