"""The one form of a torch archive that torch's own reader is not asked about: no two readers differ on it."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

torch = pytest.importorskip("torch")
from safeload.scan.zip_form import is_as_torch_writes

ROOT: Final = Path(__file__).parents[2]


def saved(value: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def unchecked() -> bytes:
    torch.serialization.set_crc32_options(False)
    try:
        return saved({"w": torch.ones(3)})
    finally:
        torch.serialization.set_crc32_options(True)


DATA: Final = saved({"w": torch.arange(8.0), "b": torch.zeros(3), "n": 1})


def is_plain(data: bytes) -> bool:
    return is_as_torch_writes(io.BufferedReader(io.BytesIO(data)), len(data))


def by_hand(*before: int, place: int | None = None, extra: bytes = b"") -> bytes:
    """Two members whose sizes stand before their bytes, and in the directory, alone.

    Args:
        before: checksum and sizes that the second has before it, if not its own.
        place: where the directory says that the second begins, if not where it does.
        extra: the directory's extra field of the second.
    """
    data = directory = b""
    for name, content in ((b"a/data.pkl", b"\x80\x02}."), (b"a/version", b"3\n")):
        is_second, own = bool(data), (zlib.crc32(content), len(content), len(content))
        start = len(data) if place is None or not is_second else place
        more = extra if is_second else b""
        numbers = before if before and is_second else own
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 6, *own, len(name), len(more), *[0] * 4, start)
        directory += name + more
        data += struct.pack("<4s5H3L2H", b"PK\x03\x04", *[0] * 5, *numbers, len(name), 0) + name + content
    numbers = (2, 2, len(directory), len(data))
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 0, 0, 0, 0, *numbers)
    end += struct.pack("<4sLQL", b"PK\x06\x07", 0, len(data + directory), 1)
    return data + directory + end + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *numbers, 0)


MOST: Final = 0xFFFFFFFF
SECOND: Final = by_hand().rindex(b"PK\x03\x04")


def wide(*values: int) -> bytes:
    """The extra field of what has no place in four bytes."""
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)


HONEST: Final = {
    "sizes that stand before the bytes alone": by_hand,
    "a place of eight bytes": lambda: by_hand(place=MOST, extra=wide(SECOND)),
    "a state dict": lambda: DATA,
    "nothing": lambda: saved({}),
    "a thousand tensors": lambda: saved({f"l{i}": torch.zeros(i % 7) for i in range(1000)}),
    "no checksums": unchecked,
    "a file that lies here": lambda: (ROOT / "compat" / "artifacts" / "torch-zip.pt").read_bytes(),
}


@pytest.mark.parametrize("make", HONEST.values(), ids=HONEST)
def test_what_torch_writes_has_it(make: Callable[[], bytes]) -> None:
    assert is_plain(make())


BY_HAND: Final = ["sizes that stand before the bytes alone", "a place of eight bytes"]


@pytest.mark.parametrize("make", [HONEST[name] for name in BY_HAND], ids=BY_HAND)
def test_what_is_made_by_hand_is_what_readers_read(make: Callable[[], bytes]) -> None:
    assert by_torch(make()) == by_python(make()) == {"data.pkl": b"\x80\x02}.", "version": b"3\n"}


def zipped(*names: str, method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name in names:
            archive.writestr(name, b"x" * 9)
    return file.getvalue()


def with_member(name: str) -> bytes:
    file = io.BytesIO(DATA)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(name, b"x" * 9)
    return file.getvalue()


END: Final = DATA.rindex(b"PK\x06\x06")
FIRST: Final = DATA.index(b"PK\x01\x02")



def with_a_gap_before_its_end() -> bytes:
    """Eight bytes behind the directory, and a locator that knows of them."""
    data = bytearray(DATA[:END] + bytes(8) + DATA[END:])
    struct.pack_into("<Q", data, END + 8 + 56 + 8, END + 8)
    return bytes(data)


OTHERS: Final = {
    "bytes between directory and end": with_a_gap_before_its_end,
    "written by Python": lambda: zipped("a/data.pkl", "a/version"),
    "compressed": lambda: zipped("a/data.pkl", method=zipfile.ZIP_DEFLATED),
    "a member that was added later": lambda: with_member("archive/more.pkl"),
    "bytes before it": lambda: b"x" + DATA,
    "a pickle before it": lambda: b"cos\nsystem\n." + DATA,
    "bytes behind it": lambda: DATA + b"x",
    "a comment": lambda: DATA[:-2] + b"\x03\0abc",
    "a second end behind it": lambda: DATA + DATA[END:],
    "the whole archive twice": lambda: DATA + DATA,
    "bytes between members and directory": lambda: DATA[:FIRST] + b"x" * 8 + DATA[FIRST:],
    "another name before a member": lambda: DATA.replace(b"data.pkl", b"data.pkk", 1),
    "another name in the directory": lambda: DATA[:FIRST] + DATA[FIRST:].replace(b"data.pkl", b"data.pkk", 1),
    "two members of one name": lambda: DATA.replace(b"data/0", b"data/1"),
    "two that differ in case alone": lambda: DATA.replace(b"data/1", b"DATA/0"),
    "a name that leads elsewhere": lambda: DATA.replace(b"/version", b"/../../x"),
    "a name with a zero byte": lambda: DATA.replace(b"/version", b"/ver\0ion"),
    "a member that its attributes call a folder": lambda: DATA[: FIRST + 38] + b"\x10" + DATA[FIRST + 39 :],
    "one member less in the end": lambda: DATA[: END + 24] + b"\x01" + DATA[END + 25 :],
    "other sizes before a member": lambda: by_hand(zlib.crc32(b"3\n"), 3, 3),
    "two sizes before a member": lambda: by_hand(zlib.crc32(b"3\n"), 3, 2),
    "another checksum before a member": lambda: by_hand(1, 2, 2),
    "no sizes before a member, nor behind it": lambda: by_hand(0, 0, 0),
    "a place of eight bytes beside that of four": lambda: by_hand(extra=wide(SECOND)),
    "a place of eight bytes that is another's": lambda: by_hand(place=MOST, extra=wide(0)),
    "more of eight bytes than was asked for": lambda: by_hand(place=MOST, extra=wide(SECOND, 2)),
    "less of eight bytes than was asked for": lambda: by_hand(place=MOST, extra=wide()),
    "an extra field of another kind": lambda: by_hand(place=MOST, extra=b"\2" + wide(SECOND)[1:]),
    "an extra field that nothing asks for": lambda: by_hand(extra=wide()[:2] + b"\4\0" + bytes(4)),
    "nothing": lambda: b"",
    "an end alone": lambda: DATA[END:],
}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_otherwise_has_it_not(make: Callable[[], bytes]) -> None:
    assert not is_plain(make())


def changed(chance: random.Random) -> bytes:
    """The archive with a few bytes changed, gone or more, most of them where it says what is where."""
    data = bytearray(DATA)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        marks = [at for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x07\x08", b"PK\x06") for at in places(data, mark)]
        at = min(chance.choice(marks) + chance.randrange(46), len(data) - 1) if marks else 0
        match chance.randrange(6):
            case 0 | 1 | 2:
                data[at] = chance.choice((0, 1, 8, 255, data[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
            case 3:
                data[at:at] = bytes(chance.randrange(1, 9))
            case 4:
                del data[at : at + chance.randrange(1, 9)]
            case 5:
                other = chance.choice(marks) if marks else 0
                data[at : at + 46] = data[other : other + 46]
    return bytes(data)


def places(data: bytearray, mark: bytes) -> list[int]:
    found, at = [], data.find(mark)
    while at >= 0:
        found.append(at)
        at = data.find(mark, at + 1)
    return found


def by_torch(data: bytes) -> dict[str, bytes] | None:
    try:
        reader = torch._C.PyTorchFileReader(io.BytesIO(data))
        return {name: reader.get_record(name) for name in reader.get_all_records()}
    except (RuntimeError, UnicodeDecodeError):  # of a version that is no number it speaks in its bytes
        return None


def by_python(data: bytes) -> dict[str, bytes] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                member.CRC = None  # type: ignore[assignment]  # as zips._unchecked
            return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, RuntimeError, ValueError, OSError, NotImplementedError, EOFError):
        return None


def test_where_it_is_found_no_two_readers_differ() -> None:
    chance = random.Random(1)
    kept = asked = 0
    for _ in range(4000):
        data = changed(chance)
        if not is_plain(data):
            continue
        asked += 1
        ours, torchs = by_python(data), by_torch(data)
        assert ours is not None
        if torchs is not None:  # it may refuse what we look at
            kept += data != DATA
            assert torchs == ours
    assert asked > 150
    assert kept > 50


NOT_IMPORTED: Final = """
import sys, safeload
found = safeload.scan(sys.argv[1])
print(found.format, found.problem, "torch" in sys.modules, sep="|")
"""


@pytest.mark.parametrize(("more", "imported"), [("", False), ("archive/more.txt", True)], ids=["plain", "not plain"])
def test_torch_is_imported_for_what_is_not_plain_alone(more: str, imported: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a column
    path = tmp_path / "m.pt"
    path.write_bytes(with_member(more) if more else DATA)
    done = subprocess.run(
        [sys.executable, "-c", NOT_IMPORTED, path], env={"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"torch zip||{imported}\n"
