"""The skeleton of a file: its value of stand-ins, with the place of every tensor's bytes."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from safeload.scan.keep import JoblibKeeper, Keeper, take, unpickled
from safeload.scan.nested import BULK, elements_of
from safeload.scan.npy import MAGIC, holds_objects, read_header, size_of
from safeload.scan.pickles import LEGACY_MAGIC
from safeload.scan.report import GlobalRef, Report, Use
from safeload.scan.safetensors_header import forms_in
from safeload.scan.sniff import HEAD, Kind, looks_like, sniff
from safeload.scan.torch_storages import read_legacy, read_storage_bytes, read_torch_zip
from safeload.scan.torch_tar import read_torch_tar
from safeload.scan.unpack import ENGINES, Unpacked
from safeload.scan.zips import read_members

MAX_DEPTH: Final = 4
MAX_PICKLES: Final = 10_000
LOAD_FROM_BYTES: Final = GlobalRef("torch.storage", "_load_from_bytes")
_IN_MEMORY: Final = 64 << 20  # of an unpacked archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """A file's value of stand-ins.

    Attributes:
        value: what the file holds; tensors are what :mod:`safeload.scan.forms` reads.
        format: what the file is, told by its content.
        file: where the spans lie that are not in memory; None where all are.
        uses: every global named, with what is done with it.
        metadata: text that a safetensors header has beside the tensors.
        notes: what of the file was not read, and why.
    """

    value: Any
    format: str
    file: Any = None
    uses: dict[GlobalRef, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def report(self) -> Report:
        """The names, for a policy to judge."""
        uses = {ref: Use(value) for ref, value in self.uses.items()}
        return Report(uses=uses, format=self.format)


def read_skeleton(file: io.BufferedReader[Any], *, depth: int = 0) -> Skeleton:
    """Read a file from its beginning to its end, whatever it is; bytes of tensors are left where they are.

    Raises:
        ValueError: it holds nothing that could be read, or is built to be read in two ways.
    """
    head = file.read(HEAD)
    file.seek(-len(head), io.SEEK_CUR)
    kind = sniff(head)
    try:
        if kind in ENGINES:
            return _unpacked(file, kind, depth)
        reader = _READERS.get(kind)
        if not head or reader is None:
            msg = f"this is {looks_like(head)}"
            raise ValueError(msg)  # noqa: TRY301 - one way out for all readers
        return reader(file)
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the bytes make a reader trip over
        msg = f"{type(error).__name__}: {error}"
        raise ValueError(msg) from None


def _unpacked(file: io.BufferedReader[Any], kind: Kind, depth: int) -> Skeleton:
    if depth >= MAX_DEPTH:
        msg = f"more than {MAX_DEPTH} containers in one another"
        raise ValueError(msg)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    content = io.BufferedReader(Unpacked(file, kind, size), BULK)
    head = content.read(HEAD)
    content.seek(0)
    inner = sniff(head)
    if inner is Kind.PICKLE and not _is_legacy(head):
        found = _read_pickles(content, in_place=False)
    else:  # its reader has to know where the file ends
        found = read_skeleton(io.BufferedReader(_spooled(content)), depth=depth + 1)
    return replace(found, format=f"{found.format} in {kind.value}")


def _spooled(content: Any) -> Any:
    """A file without a name, so that tensors can be mapped from it; memory, in a process that may make none."""
    spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - the skeleton keeps it
    try:
        shutil.copyfileobj(content, spool, BULK)
        spool.rollover()
    except (PermissionError, FileNotFoundError):  # of the folder for such files
        content.seek(0)
        return io.BytesIO(content.read())
    spool.seek(0)
    return _Raw(spool)


class _Raw(io.FileIO):
    """A temporary file's descriptor of our own."""

    def __init__(self, spool: Any) -> None:
        import os

        super().__init__(os.dup(spool.fileno()), "rb")


def _is_legacy(head: bytes) -> bool:
    return head[2:].startswith(LEGACY_MAGIC)


# --- pickles ------------------------------------------------------------------------------------


class _PickleKeeper(JoblibKeeper):
    """Opens the storages that pickled tensors carry with them."""

    nested = 0

    def call(self, stub: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if stub.ref == LOAD_FROM_BYTES and len(args) == 1 and isinstance(args[0], bytes | bytearray):
            self.uses[stub.ref] |= Use.CALLED.value
            if self.nested >= MAX_DEPTH:
                msg = "streams nested too deeply to be read"
                raise ValueError(msg)
            return read_storage_bytes(args[0], self)
        return super().call(stub, args, kwargs)


def _read_pickles(file: io.BufferedReader[Any], *, in_place: bool = True) -> Skeleton:
    head = file.peek(16)[:16]
    if _is_legacy(head):
        return _legacy(file)
    keeper = _PickleKeeper(file, in_place=in_place)
    head = file.peek(HEAD)[:HEAD]
    try:
        values = [unpickled(file, keeper)]
    except ValueError:
        words = "" if keeper.uses or head.startswith(b"\x80") else looks_like(head)
        if not words:
            raise
        msg = f"this is {words}"
        raise ValueError(msg) from None
    notes = {}
    while rest := file.peek(1):
        if not rest.strip(b"\0 \t\r\n"):
            if not file.read(len(rest)):
                break
            continue
        here = file.tell()
        try:
            values.append(unpickled(file, keeper))
        except ValueError:
            notes[""] = f"from byte {here} on something follows that is no pickle"
            break
        if len(values) > MAX_PICKLES:
            msg = "it holds so many pickles that it is taken for a trap"
            raise ValueError(msg)
    value = values[0] if len(values) == 1 else values
    is_joblib = any(ref.qualname == "NumpyArrayWrapper" for ref in keeper.uses)
    name = "joblib" if is_joblib else "pickle"
    return Skeleton(value=value, format=name, file=file, uses=keeper.uses, notes=notes)


def _legacy(file: io.BufferedReader[Any]) -> Skeleton:
    keeper = Keeper()
    value = read_legacy(file, keeper)
    return Skeleton(value=value, format="torch legacy", file=file, uses=keeper.uses)


# --- the others ---------------------------------------------------------------------------------


def _read_zip(file: io.BufferedReader[Any]) -> Skeleton:
    keeper = Keeper()
    found = read_torch_zip(file, keeper)
    if found is not None:
        value, name = found
        return Skeleton(value=value, format=name, file=file, uses=keeper.uses)
    arrays: dict[str, Any] = {}
    uses: dict[GlobalRef, int] = {}
    for name, data in read_members(file):
        content = io.BufferedReader(io.BytesIO(data))
        if not name.endswith(".npy"):
            return _packed(content, sniff(data[:HEAD]))
        inner = _read_npy(content, in_place=False)
        arrays[name.removesuffix(".npy")] = inner.value
        uses |= inner.uses
    return Skeleton(value=arrays, format="npz", uses=uses)


def _packed(content: io.BufferedReader[Any], kind: Kind) -> Skeleton:
    """The only member of an archive, as pandas packs its pickles."""
    if kind is not Kind.PICKLE:
        msg = "a zip archive, and neither torch's nor numpy's"
        raise ValueError(msg)
    found = _read_pickles(content, in_place=False)
    return replace(found, format=f"{found.format} in zip")


def _read_npy(file: io.BufferedReader[Any], *, in_place: bool = True) -> Skeleton:
    from safeload.scan.forms import ArrayForm

    keeper = _PickleKeeper(file, in_place=False)
    values: list[Any] = []
    while file.peek(len(MAGIC)).startswith(MAGIC):
        header = read_header(file)
        shape, descr = header["shape"], header["descr"]
        if holds_objects(descr):
            values.append(unpickled(file, keeper))
            continue
        length = elements_of(shape) * size_of(descr)
        span = take(file, length, in_place=in_place)
        values.append(ArrayForm(span, descr, shape, bool(header["fortran_order"])))
    value = values[0] if len(values) == 1 else values
    return Skeleton(value=value, format="npy", file=file if in_place else None, uses=keeper.uses)


def _read_safetensors(file: io.BufferedReader[Any]) -> Skeleton:
    value, metadata = forms_in(file)
    return Skeleton(value=value, format="safetensors", file=file, metadata=metadata)


def _read_tar(file: io.BufferedReader[Any]) -> Skeleton:
    keeper = Keeper()
    value = read_torch_tar(file, keeper)
    return Skeleton(value=value, format="torch tar", file=file, uses=keeper.uses)


Reader = Callable[[Any], Skeleton]  # the file is a BufferedReader
_READERS: Final[dict[Kind, Reader]] = {
    Kind.PICKLE: _read_pickles,
    Kind.ZIP: _read_zip,
    Kind.NPY: _read_npy,
    Kind.SAFETENSORS: _read_safetensors,
    Kind.TAR: _read_tar,
}
