"""Random pickles with a structure: most opcodes fit the stack, names are listed or hostile."""

from __future__ import annotations

import io
import pickle
import pickletools
import random
import struct
import tarfile
import zipfile
from collections.abc import Callable
from functools import lru_cache
from typing import Final

HOSTILE: Final = (
    "os system", "posix system", "builtins eval", "builtins exec", "builtins getattr", "builtins __import__",
    "subprocess Popen", "operator attrgetter", "functools partial", "importlib import_module",
    "nt system", "__builtin__ eval", "commands getoutput", "socket socket", "shutil rmtree", "runpy run_path",
    "pickle loads", "_pickle loads", "copyreg add_extension", "sys modules", "safeload.state STATE",
    "builtins setattr", "types FunctionType", "io open", "builtins open", "codecs open", "collections abc",
    "collections OrderedDict.fromkeys.__class__", "numpy load", "numpy f2py.diagnose.run_command",
)  # fmt: skip
TEXTS: Final = (
    "__setstate__", "__class__", "__dict__", "a", "latin1", "i8", "O8", "V8", "<", "|", "", "touch fired",
    "b", "U4", "__reduce__", "__getattr__", "x" * 300, "\udcff", "name\0",
)  # fmt: skip
PERSISTENT: Final = (b"Q", b"P1\n")


@lru_cache(4096)
def positions(data: bytes) -> list[int]:
    """Where the opcodes of a pickle begin, as far as it is one."""
    found = []
    try:
        for _, _, position in pickletools.genops(data):
            found.append(position or 0)
    except ValueError:
        pass  # an array of joblib's, say
    return found or [0]


class Maker:
    """Makes streams, each from a number."""

    def __init__(self, seed: int, listed: tuple[str, ...], honest: tuple[bytes, ...] = ()) -> None:
        self.random = random.Random(seed)
        self.listed = listed
        self.honest = honest

    def seed(self, number: int) -> None:
        self.random.seed(number)

    def stream(self, depth: int = 0) -> bytes:
        """One pickle."""
        chance = self.random
        if self.honest and not depth and chance.random() < 0.65:
            return self.spliced(chance.choice(self.honest))
        version = chance.randrange(6)
        self.depth, self.height, self.memo, self.marks = depth, 0, 0, []
        parts = [b"\x80" + bytes([version])] if version > 1 or chance.random() < 0.1 else []
        for _ in range(chance.randrange(2, 40)):
            parts.append(self._move())
        parts.append(b"." if chance.random() < 0.97 else b"")
        body = b"".join(parts)
        if chance.random() < 0.2:
            length = len(body) + chance.choice((0, 0, 0, -3, 5))
            body = b"\x80\x04\x95" + struct.pack("<Q", max(0, length)) + body
        return self._mutated(body)

    def spliced(self, data: bytes) -> bytes:
        """An honest pickle, changed at opcodes of its own or of another."""
        chance = self.random
        at, made = positions(data), bytearray(data)
        for _ in range(chance.randrange(4)):
            here, there = chance.choice(at), chance.choice(at)
            kind = chance.randrange(7)
            if kind == 0:
                made[here:here] = data[there : there + chance.randrange(12)]
            elif kind == 1:
                made[here : here + 1] = bytes([chance.choice(b"Rb\x81seuat\x85\x86\x872Q0")])
            elif kind == 2:
                made[here:there] = b""
            elif kind == 3:
                other = chance.choice(self.honest)
                ends = positions(other)
                first, last = sorted((chance.choice(ends), chance.choice(ends)))
                made[here:here] = other[first:last]
            elif kind == 4:
                made[here:here] = self.few()
            else:
                made[chance.randrange(len(made))] = chance.randrange(256)
            made = made or bytearray(b"N.")
        return bytes(made)

    def few(self) -> bytes:
        """A few opcodes that leave the stack one higher, or as it was."""
        self.depth, self.height, self.memo, self.marks = 2, 0, 0, []
        return b"".join([self._move() for _ in range(self.random.randrange(1, 6))])

    def _mutated(self, data: bytes) -> bytes:
        chance = self.random
        if chance.random() < 0.85 or not data:
            return data
        made = bytearray(data)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(made))
            if chance.random() < 0.5:
                made[at] = chance.randrange(256)
            else:
                made[at:at] = made[chance.randrange(len(made)) :][: chance.randrange(1, 9)]
        return bytes(made)

    def _move(self) -> bytes:
        chance = self.random
        floor = self.marks[-1] if self.marks else 0
        free = self.height - floor
        moves: list[Callable[[], bytes]] = [self._value, self._value, self._name, self._name, self._mark]
        if free >= 1:
            moves += [self._put, self._put, self._dup, self._pop, self._single]
        if free >= 2:
            moves += [self._pair] * 8
        if free >= 3:
            moves += [self._triple]
        if self.marks:
            moves += [self._close] * 3
        if self.memo:
            moves += [self._get] * 3
        return chance.choice(moves)()

    def _value(self) -> bytes:
        chance = self.random
        self.height += 1
        kind = chance.randrange(12)
        if kind < 3:
            text = chance.choice(TEXTS).encode("utf-8", "surrogatepass")
            return chance.choice((b"X" + struct.pack("<I", len(text)), b"\x8d" + struct.pack("<Q", len(text)))) + text
        if kind == 3:
            inner = Maker(chance.randrange(1 << 30), self.listed).stream(self.depth + 1) if self.depth < 2 else b"N."
            return b"B" + struct.pack("<I", len(inner)) + inner
        if kind == 4:
            return b"J" + struct.pack("<i", chance.choice((0, 1, -1, 8, 2**31 - 1, -(2**31))))
        if kind == 5:
            return chance.choice((b"I01\n", b"I00\n", b"I7\n", b"L5L\n", b"F1.5\n", b"S'ab'\n", b"Vab\n", b"U\x02ab"))
        if kind == 6:
            return b"\x96" + struct.pack("<Q", 4) + b"abcd"
        if kind == 7:
            return chance.choice((b"\x82\x01", b"\x97", b"\x8a\x02\x01\x02", b"G" + bytes(8)))
        return chance.choice((b"N", b"]", b"}", b")", b"\x88", b"\x89", b"\x8f", b"K\x05", b"M\x01\x02"))

    def _name(self) -> bytes:
        chance = self.random
        self.height += 1
        module, _, name = chance.choice(self.listed if chance.random() < 0.94 else HOSTILE).partition(" ")
        if chance.random() < 0.03:
            name += chance.choice((".__class__", "\0", ".", " "))
        if chance.random() < 0.5:
            return b"c" + f"{module}\n{name}\n".encode()
        return b"".join(b"\x8c" + bytes([len(t.encode())]) + t.encode() for t in (module, name)) + b"\x93"

    def _mark(self) -> bytes:
        self.marks.append(self.height)
        return b"("

    def _put(self) -> bytes:
        self.memo += 1
        return self.random.choice((b"\x94", b"q" + bytes([(self.memo - 1) % 256])))

    def _get(self) -> bytes:
        self.height += 1
        return b"h" + bytes([self.random.randrange(self.memo) % 256])

    def _dup(self) -> bytes:
        self.height += 1
        return b"2"

    def _pop(self) -> bytes:
        self.height -= 1
        return b"0"

    def _single(self) -> bytes:
        return self.random.choice((b"\x85", b"\x85", b"\x85", *PERSISTENT[:1]))

    def _pair(self) -> bytes:
        self.height -= 1
        return self.random.choice((b"R", b"R", b"R", b"\x81", b"\x81", b"b", b"b", b"a", b"\x86", b")R"[1:]))

    def _triple(self) -> bytes:
        self.height -= 2
        return self.random.choice((b"s", b"\x87", b"\x92"))

    def _close(self) -> bytes:
        self.height = self.marks.pop()
        made = self.random.choice((b"t", b"t", b"t", b"l", b"e", b"u", b"o", b"1", b"\x90", b"\x91", b"d"))
        self.height += made in (b"t", b"l", b"d", b"o", b"\x91")
        return made


def in_torch_zip(data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3\n")
        archive.writestr("archive/byteorder", "little")
        for number in range(STORAGES):
            archive.writestr(f"archive/data/{number}", BYTES)
    return packed.getvalue()


def in_npz(data: bytes) -> bytes:
    """As ``numpy.savez`` writes an array of objects."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.npy", OBJECTS + data)
    return packed.getvalue()


def in_tar(data: bytes) -> bytes:
    """As ``torch.save`` wrote before it had a form of its own: four members, each a few pickles."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in (("sys_info", OLD_FORM[2]), ("pickle", data), ("storages", NONE_OF_THEM), ("tensors", NONE_OF_THEM)):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def header_of_objects() -> bytes:
    """What stands before the pickle of an array of one object."""
    text = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    room = 118 - len(text) - 1
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + text + b" " * room + b"\n"


OBJECTS: Final = header_of_objects()
STORAGES: Final = 4
BYTES: Final = bytes(range(64))
NONE_OF_THEM: Final = pickle.dumps(0, 2)


def in_torchs_old_form(data: bytes) -> bytes:
    """As ``torch.save`` wrote before its zip files: five pickles, the fourth of them the object's."""
    return b"".join((*OLD_FORM, data, pickle.dumps([], 2)))


OLD_FORM: Final = (
    pickle.dumps(0x1950A86A20F9469CFC6C, 2),
    pickle.dumps(1001, 2),
    pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2),
)
