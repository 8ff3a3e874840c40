"""What a safetensors file is written as: its entries, its header, and its place on the disk."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from safeload.errors import TensorsError
from safeload.scan.forms import SIZES, ArrayForm, Data, QuantizedForm, SparseForm, TensorForm
from safeload.scan.keep import Span
from safeload.scan.safetensors_header import CODES, MAX_HEADER
from safeload.tensors.build import NotHereError

_CODE_OF: Final = {dtype: code for code, dtype in CODES.items()}
_NUMPY: Final = re.compile(r"([<>=|]?)([biufc?])(\d*)", re.ASCII)
_KINDS: Final = {"b1": "bool", "?": "bool", "c8": "complex64", "c16": "complex128"} | {
    f"{letter}{size}": f"{word}{8 * size}"
    for letter, word, sizes in (("i", "int", (1, 2, 4, 8)), ("u", "uint", (1, 2, 4, 8)), ("f", "float", (2, 4, 8)))
    for size in sizes
}

_BY_NUMBER: Final = "/proc/self/fd"

NUMBERS: Final = frozenset(_KINDS.values())
"""What numpy has types for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor to be written.

    Attributes:
        span: the bytes as they are, where they are what is to be written; else None.
        form: what they are gathered from, where they are not.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    form: TensorForm | ArrayForm
    span: Span | None

    @property
    def nbytes(self) -> int:
        size = SIZES[self.dtype]
        for n in self.shape:
            size *= n
        return size


def entry_of(name: str, form: Data) -> Entry:
    """How a tensor is written.

    Raises:
        NotHereError: safetensors has no such thing.
    """
    if isinstance(form, SparseForm):
        msg = "safetensors has no sparse tensors"
        raise NotHereError(msg)
    if isinstance(form, QuantizedForm):
        msg = "safeload.tensors.convert writes its parts"
        raise NotHereError(msg)
    if isinstance(form, TensorForm):
        dtype, straight = form.dtype, form.contiguous and not form.conj and not form.neg
        first, behind = form.extent
        inner = form.storage.span
    else:
        dtype, swapped = _numpy_type(form.dtype)
        straight = not swapped and (not form.fortran or len(form.shape) < 2)  # noqa: PLR2004 - a row is a column
        first, behind, inner = 0, form.span.length, form.span
    if dtype not in _CODE_OF:
        msg = f"safetensors has no {dtype}"
        raise NotHereError(msg)
    span = None
    if straight:
        data = None if inner.data is None else memoryview(inner.data)[first:behind]
        span = Span(inner.start + first, behind - first, data)
    entry = Entry(name, dtype, form.shape, form, span)
    if isinstance(form, ArrayForm) and entry.nbytes != form.span.length:
        msg = f"an array of {entry.nbytes} bytes in {form.span.length}"
        raise NotHereError(msg)
    return entry


def _numpy_type(dtype: Any) -> tuple[str, bool]:
    match = _NUMPY.fullmatch(dtype) if isinstance(dtype, str) else None
    name = _KINDS.get(match[2] + match[3]) if match else None
    if match is None or name is None:
        msg = f"safetensors has no {dtype!r:.60}"
        raise NotHereError(msg)
    return name, match[1] == ">" and SIZES[name] > 1


def header_of(entries: list[Entry], metadata: dict[str, str]) -> tuple[bytes, list[Entry]]:
    """The file's head, and the entries in the order in which their bytes follow it."""
    ordered = sorted(entries, key=lambda entry: -SIZES[entry.dtype])  # so that each is aligned
    places: dict[str, list[int]] = {}
    end = 0
    for entry in ordered:
        places[entry.name] = [end, end + entry.nbytes]
        end += entry.nbytes
    table: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    for entry in entries:
        table[entry.name] = {
            "dtype": _CODE_OF[entry.dtype],
            "shape": list(entry.shape),
            "data_offsets": places[entry.name],
        }
    text = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 16 + 8)  # with the eight bytes of the length: where tensors begin is aligned
    if len(text) > MAX_HEADER:
        msg = "so many names that safetensors has no room for them"
        raise TensorsError(msg)
    return len(text).to_bytes(8, "little") + text, ordered


class _Whole(io.FileIO):
    """Writes all that it is given: of what a disk that fills up had room for, the system's call says no more."""

    def write(self, data: Any, /) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[super().write(rest) :]
        return len(data)


@contextmanager
def replacing(path: Path) -> Iterator[Any]:
    """A new file that takes the place of ``path`` when it is whole, and is gone when it is not.

    Where the system has files without a name, it has none until then: a process that is killed leaves nothing.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    name = path.with_name(f".safeload-{secrets.token_hex(8)}.part")
    try:
        handle, is_named = _new(name)
        with _Whole(handle, "r+b") as file:
            yield file
            os.fchmod(file.fileno(), _mode(path.parent))
            os.fsync(file.fileno())
            if not is_named:
                os.link(f"{_BY_NUMBER}/{file.fileno()}", name.name, dst_dir_fd=folder)
        name.replace(path)
        os.fsync(folder)
    except BaseException:
        name.unlink(missing_ok=True)
        raise
    finally:
        os.close(folder)


def _new(name: Path) -> tuple[int, bool]:
    """A file to be written in that folder, and whether it has the name already."""
    unnamed = getattr(os, "O_TMPFILE", None)
    if unnamed is not None and Path(_BY_NUMBER).is_dir():
        try:
            return os.open(name.parent, unnamed | os.O_RDWR | os.O_CLOEXEC, 0o600), False
        except OSError as error:
            # Some file systems and old kernels have none, and say so in either of these ways.
            if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT}:
                raise
    return os.open(name, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600), True


def _mode(folder: Path) -> int:
    """What others may do with files here: read, where they may enter the folder."""
    return 0o600 | (folder.stat().st_mode & 0o044)
