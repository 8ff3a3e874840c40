"""Tensors of torch's files from before 0.1.10: a tar of storages, of views on them, and of a pickle that names both."""

from __future__ import annotations

import io
import struct
import tarfile
from collections import Counter
from typing import Any, BinaryIO, Final, cast

from safeload.scan.forms import SIZES, STORAGES, FormError, LeftOut, Storage, TensorForm, numbers
from safeload.scan.keep import Keeper, Named, Span, Stored, unpickled
from safeload.scan.nested import BULK
from safeload.scan.report import printable
from safeload.scan.tars import MAX_DIMENSIONS, TORCH_MEMBERS
from safeload.scan.torch_forms import check
from safeload.scan.torch_storages import QUANTIZED, BadFileError

MAX_RECORDS: Final = 1_000_000


def read_torch_tar(file: io.BufferedReader[Any], keeper: Keeper) -> Any:
    """The value of the pickle, in which tensors stand.

    Raises:
        ValueError: it is no such archive, or could be read in two ways.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        with tarfile.open(fileobj=cast("BinaryIO", file), mode="r:") as archive:
            members = {name: _member(archive, name, size) for name in sorted(TORCH_MEMBERS)}
            return _Archive(members, keeper).value()
    except (tarfile.TarError, EOFError, OSError, struct.error) as error:
        msg = f"a broken or truncated tar archive ({error})"
        raise BadFileError(msg) from None


class _Member:
    """One member, read from its beginning; its bytes lie in the archive."""

    def __init__(self, file: io.BufferedReader[Any], start: int, size: int) -> None:
        self.file, self.start, self.size = file, start, size

    def span(self, length: int) -> Span:
        """The next bytes, passed over."""
        at = self.file.tell()
        if length < 0 or at + length > self.size:
            msg = "the tensors' bytes break off"
            raise BadFileError(msg)
        self.file.seek(length, io.SEEK_CUR)
        return Span(self.start + at, length)

    def integers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self.file.read(struct.calcsize(form)))


def _member(archive: tarfile.TarFile, name: str, size: int) -> _Member:
    names = Counter(member.name for member in archive.getmembers())
    if names[name] != 1:
        msg = f"a tar archive with {names[name] or 'no'} members of the name {name}, so none of torch's"
        raise BadFileError(msg)
    member = archive.getmember(name)
    content = archive.extractfile(member) if member.isreg() and not member.issparse() else None
    if content is None or member.offset_data + member.size > size:
        msg = f"{name} is no plain member of the archive"
        raise BadFileError(msg)
    return _Member(io.BufferedReader(cast("Any", content), BULK), member.offset_data, member.size)


class _Archive:
    """The objects that the pickle names by their numbers."""

    def __init__(self, members: dict[str, _Member], keeper: Keeper) -> None:
        self.members, self.keeper = members, keeper
        self.storages: dict[Any, tuple[Storage, str]] = {}
        self.tensors: dict[Any, TensorForm | LeftOut] = {}

    def value(self) -> Any:
        self._read_storages(self.members["storages"])
        self._read_tensors(self.members["tensors"])
        self.keeper.persistent = self._persistent  # type: ignore[method-assign]
        return unpickled(self.members["pickle"].file, self.keeper)

    def _pickle(self, member: _Member) -> Any:
        return unpickled(member.file, self.keeper)

    def _count(self, member: _Member) -> int:
        count = self._pickle(member)
        if type(count) is not int or not 0 <= count <= MAX_RECORDS:
            msg = "no number where the count of what follows should be"
            raise BadFileError(msg)
        return count

    def _triple(self, member: _Member) -> tuple[int, Any, Any]:
        """The number of what follows, and what is said of it."""
        said = self._pickle(member)
        if type(said) is not tuple or len(said) != 3 or type(said[0]) is not int:  # noqa: PLR2004
            msg = "a record that is none of torch's"
            raise BadFileError(msg)
        if said[0] in self.storages or said[0] in self.tensors:
            msg = f"two records of the number {said[0]}"
            raise BadFileError(msg)
        return said

    def _read_storages(self, member: _Member) -> None:
        for _ in range(self._count(member)):
            key, location, kind = self._triple(member)
            name = kind.ref.qualname if isinstance(kind, Named) and kind.ref.module == "torch" else ""
            dtype = STORAGES.get(name)
            dtype, size = (dtype, SIZES[dtype]) if dtype else QUANTIZED.get(name, ("", 0))
            if not dtype or not isinstance(location, str):
                msg = f"a storage of an unknown kind: {printable(name, 40)}"
                raise BadFileError(msg)
            (count,) = member.integers("<q")
            self.storages[key] = Storage(member.span(count * size), location), dtype
        for view in self._views(member):
            self._read_view(*view)

    def _views(self, member: _Member) -> list[Any]:
        views = self._pickle(member)
        if type(views) is not list or not all(type(v) is tuple and len(v) == 4 for v in views):  # noqa: PLR2004
            msg = "no list of views"
            raise BadFileError(msg)
        return views

    def _read_view(self, key: Any, root: Any, offset: Any, count: Any) -> None:
        """A storage that is a part of another's."""
        fits = all(type(n) is int and 0 <= n < 1 << 63 for n in (key, root, offset, count))
        whole, dtype = self.storages.get(root, (None, "")) if fits else (None, "")
        size = SIZES.get(dtype, 1)
        if whole is None or key in self.storages:
            msg = "a view of no storage"
            raise BadFileError(msg)
        if (offset + count) * size > whole.span.length:
            msg = "a view beyond the end of its storage"
            raise BadFileError(msg)
        span = Span(whole.span.start + offset * size, count * size)
        self.storages[key] = Storage(span, whole.location), dtype

    def _read_tensors(self, member: _Member) -> None:
        for _ in range(self._count(member)):
            key, storage_key, _kind = self._triple(member)
            dimensions, _ = member.integers("<ii")
            if not 0 <= dimensions <= MAX_DIMENSIONS:
                msg = "a tensor of more dimensions than torch knows"
                raise BadFileError(msg)
            shape = member.integers(f"<{dimensions}q")
            stride = member.integers(f"<{dimensions}q")
            (offset,) = member.integers("<q")
            self.tensors[key] = self._tensor(storage_key, shape, stride, offset)

    def _tensor(self, storage_key: Any, shape: Any, stride: Any, offset: int) -> TensorForm | LeftOut:
        storage, dtype = self.storages.get(storage_key, (None, "")) if type(storage_key) is int else (None, "")
        if storage is None:
            return LeftOut("a tensor of no storage")
        try:
            if dtype not in SIZES:
                return LeftOut(f"numbers of the type {dtype}")
            form = TensorForm(storage, dtype, numbers(shape), numbers(stride), offset)
            check(form)
        except FormError as error:
            return LeftOut(str(error))
        return form

    def _persistent(self, pid: Any) -> Any:
        """A tensor or a storage by its number; a class is wrapped with its source."""
        if isinstance(pid, tuple):
            return pid[0] if pid else Stored(pid)
        digits = isinstance(pid, str) and pid.isascii() and pid.isdigit()
        key = int(pid) if digits and len(pid) < 20 else pid  # noqa: PLR2004 - digits of 2**64
        try:
            found = self.tensors.get(key) or self.storages.get(key)
        except TypeError:
            found = None
        if found is None:
            msg = f"it names the object {printable(repr(pid), 40)}, which is not there"
            raise BadFileError(msg)
        return Stored(found) if isinstance(found, tuple) else found
