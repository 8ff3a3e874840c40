"""Where the storages of torch's files lie: one parse gives the pickle and the bytes of its tensors."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import Any, BinaryIO, Final, cast

from safeload.scan.forms import SIZES, STORAGES, Storage
from safeload.scan.keep import Keeper, Named, Span, Stored, take, unpickled
from safeload.scan.report import printable
from safeload.scan.zips import TORCHSCRIPT, oddity, torch_root

# Of types that no tensor here is made of; legacy files still have to be read past them.
QUANTIZED: Final = {
    "QUInt8Storage": ("quint8", 1),
    "QInt8Storage": ("qint8", 1),
    "QInt32Storage": ("qint32", 4),
    "QUInt4x2Storage": ("quint4x2", 1),
    "QUInt2x4Storage": ("quint2x4", 1),
}
PROTOCOL: Final = 1001
MAGIC: Final = 0x1950A86A20F9469CFC6C
_MODULES: Final = frozenset({"torch", "torch.storage", "torch.cuda"})
_LOCAL: Final = struct.Struct("<4s5H3L2H")
FREE: Final = 64 << 20
TIMES: Final = 100
"""torch packs nothing; what others have packed may be so many bytes, and times the size of the file."""
_STORED: Final = zipfile.ZIP_STORED


class BadFileError(ValueError):
    """A torch file that is not put together as torch does it."""


def _kind(pid: Any) -> tuple[str, int, str, str, int]:
    """Type and size of an element, key, location and count, from a persistent id."""
    if not isinstance(pid, tuple) or len(pid) not in (5, 6) or pid[0] != "storage":
        msg = "a persistent id that is no storage's"
        raise BadFileError(msg)
    _, cls, key, location, count = pid[:5]
    name = cls.ref.qualname if isinstance(cls, Named) and cls.ref.module in _MODULES else ""
    dtype = STORAGES.get(name)
    if dtype is None:
        dtype, size = QUANTIZED.get(name, ("", 0))
    else:
        size = SIZES[dtype]
    if not dtype or type(count) is not int or count < 0 or not isinstance(location, str):
        msg = f"a storage of an unknown kind: {printable(repr(pid), 120)}"
        raise BadFileError(msg)
    return dtype, size, str(key), location, count


# --- zip ----------------------------------------------------------------------------------------


class _ZipKeeper:
    """Finds the record of each storage as it is named."""

    def __init__(self, records: dict[str, Span], folder: str) -> None:
        self.records = records
        self.folder = folder
        self.storages: dict[str, tuple[Storage, str]] = {}

    def storage(self, pid: Any) -> Stored:
        dtype, size, key, location, count = _kind(pid)
        storage, before = self.storages.get(key, (None, dtype))
        if storage is None:
            span = self.records.get(f"{self.folder}{key}")
            if span is None:
                msg = f"the record of storage {printable(key, 40)} is not there"
                raise BadFileError(msg)
            storage = Storage(span, location)
            self.storages[key] = storage, dtype
        if dtype != before:
            # torch goes by the first; it saves no such file.
            msg = f"storage {printable(key, 40)} is named with two types, {before} and {dtype}"
            raise BadFileError(msg)
        if count * size != storage.span.length:
            msg = f"storage {printable(key, 40)} has {storage.span.length} bytes where {count * size} are named"
            raise BadFileError(msg)
        return Stored((storage, dtype))


def read_torch_zip(file: io.BufferedReader[Any], keeper: Keeper) -> tuple[Any, str] | None:
    """The value of a torch archive and what kind it is; None for any other archive.

    Raises:
        ValueError: it could be read in two ways, or is not as torch writes it.
    """
    size = file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(cast("BinaryIO", file)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        wrong = oddity(archive, members, size)
        if wrong:
            raise BadFileError(wrong)
        root = torch_root(members)
        if root is None:
            return None
        records = _records(archive, file, members, size)
    if _content(file, records.get(f"{root}byteorder")) == b"big":
        msg = "its numbers are big-endian"
        raise BadFileError(msg)
    main = records.get(f"{root}data.pkl")
    if main is None:
        msg = "it has no data.pkl"
        raise BadFileError(msg)
    finder = _ZipKeeper(records, f"{root}data/")
    keeper.persistent = _resolver(keeper, finder.storage)  # type: ignore[method-assign]
    pickle = _content(file, main)
    stream = io.BytesIO(pickle)
    value = unpickled(io.BufferedReader(stream), keeper)
    scripted = f"{root}constants.pkl" in records
    if scripted:
        keeper.stub(TORCHSCRIPT)
    return value, "TorchScript" if scripted else "torch zip"


def _resolver(keeper: Keeper, storage: Any) -> Any:
    def persistent(pid: Any) -> Any:
        found = Keeper.persistent(keeper, pid)
        return storage(pid) if isinstance(found, Stored) else found

    return persistent


def _content(file: io.BufferedReader[Any], span: Span | None) -> bytes:
    if span is None:
        return b""
    if span.data is not None:
        return bytes(span.data)
    file.seek(span.start)
    return file.read(span.length)


def _records(
    archive: zipfile.ZipFile, file: io.BufferedReader[Any], members: list[zipfile.ZipInfo], size: int
) -> dict[str, Span]:
    """Every member's bytes: where they lie, or unpacked where they are packed."""
    packed = sum(member.file_size for member in members if member.compress_type != _STORED)
    if packed > FREE + TIMES * size:
        msg = f"it unpacks to {packed} bytes, which is taken for a trap"
        raise BadFileError(msg)
    found: dict[str, Span] = {}
    taken: list[tuple[int, int]] = []
    for member in members:
        start = _data_start(file, member)
        taken.append((member.header_offset, start + member.compress_size))
        if member.compress_type == _STORED:
            if member.file_size != member.compress_size:
                msg = f"{printable(member.filename)} has two sizes"
                raise BadFileError(msg)
            found[member.filename] = Span(start, member.file_size)
        else:
            content = archive.read(member)
            found[member.filename] = Span(-1, len(content), content)
    end = 0
    for first, behind in sorted(taken):
        if first < end or behind > archive.start_dir:
            msg = "its members overlap, or reach into its directory"
            raise BadFileError(msg)
        end = behind
    return found


def _data_start(file: io.BufferedReader[Any], member: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin, by its own header, which has to be that of the directory."""
    file.seek(member.header_offset)
    fixed = file.read(_LOCAL.size)
    if len(fixed) < _LOCAL.size:
        msg = "a member's header breaks off"
        raise BadFileError(msg)
    magic, _, flags, method, *_, name_length, extra = _LOCAL.unpack(fixed)
    name = file.read(name_length)
    expected = member.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace")
    if magic != b"PK\x03\x04" or method != member.compress_type or name != expected:
        msg = f"{printable(member.filename)} is another member by its own header"
        raise BadFileError(msg)
    return member.header_offset + _LOCAL.size + int(name_length) + int(extra)


# --- legacy -------------------------------------------------------------------------------------


class _LegacyStorages:
    """Storages of a legacy file, which are named before their bytes come."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[tuple[Stored, str, int, int, str]]] = {}

    def storage(self, pid: Any) -> Stored:
        dtype, size, key, location, count = _kind(pid)
        view = pid[5] if len(pid) > 5 else None  # noqa: PLR2004 - legacy's sixth
        stored = Stored((None, "a view of another storage, as torch wrote long ago"))
        if view is None:
            stored.pid = (None, "its bytes are not in the file")
            self.waiting.setdefault(key, []).append((stored, dtype, size, count, location))
        return stored

    def fill(self, key: str, file: Any, data: memoryview | None) -> None:
        """The next bytes of the file are those of this storage."""
        named = self.waiting.get(key)
        if not named:
            msg = f"storage {printable(key, 40)} is named nowhere"
            raise BadFileError(msg)
        written = file.read(8)
        if len(written) < 8:  # noqa: PLR2004 - as the read says
            msg = "the tensors' bytes break off"
            raise BadFileError(msg)
        (count,) = struct.unpack("<q", written)
        _, _, size, _, location = named[0]
        if any((other[2] * other[3]) != count * size for other in named):
            msg = f"storage {printable(key, 40)} has {count} elements, and others are named"
            raise BadFileError(msg)
        types = sorted({other[1] for other in named})
        if len(types) > 1:
            msg = f"storage {printable(key, 40)} is named with two types, {' and '.join(types)}"
            raise BadFileError(msg)
        span = take(file, count * size, in_place=True)
        if data is not None:
            span = Span(span.start, span.length, data[span.start : span.start + span.length])
        storage = Storage(span, location)
        for stored, dtype, *_ in named:
            stored.pid = (storage, dtype)


def read_legacy(file: Any, keeper: Keeper, data: memoryview | None = None) -> Any:
    """The value of a file as torch wrote before 1.6; ``data`` is all of it, where that is in memory.

    Raises:
        ValueError: it is not as torch writes it.
    """
    storages = _LegacyStorages()
    if unpickled(file, keeper) != MAGIC or unpickled(file, keeper) != PROTOCOL:
        msg = "no legacy file of torch's"
        raise BadFileError(msg)
    system = unpickled(file, keeper)
    if type(system) is not dict or system.get("little_endian") is not True:
        msg = "its numbers are big-endian"
        raise BadFileError(msg)
    before = keeper.persistent
    keeper.persistent = _resolver(keeper, storages.storage)  # type: ignore[method-assign]
    try:
        value = unpickled(file, keeper)
    finally:
        keeper.persistent = before  # type: ignore[method-assign]
    keys = unpickled(file, keeper)
    if type(keys) is not list or not all(isinstance(key, str) for key in keys) or len({*keys}) < len(keys):
        msg = "no list of storages"
        raise BadFileError(msg)
    for key in keys:
        storages.fill(key, file, data)
    return value


def read_storage_bytes(data: bytes | bytearray, keeper: Any) -> Any:
    """What ``torch.storage._load_from_bytes`` would make: a storage, as pickled tensors carry it."""
    keeper.nested += 1
    try:
        return read_legacy(io.BufferedReader(io.BytesIO(data)), keeper, memoryview(data))
    finally:
        keeper.nested -= 1
