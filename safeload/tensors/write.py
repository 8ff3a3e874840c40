"""What a safetensors file is written as: its entries, its header, and its place on the disk."""

from __future__ import annotations

import json
import os
import re
import tempfile
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


@contextmanager
def replacing(path: Path) -> Iterator[Any]:
    """A new file that takes the place of ``path`` when it is whole, and is gone when it is not."""
    handle, name = tempfile.mkstemp(prefix=".safeload-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w+b", buffering=0) as file:
            yield file
            os.fchmod(file.fileno(), _mode(path.parent))
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _mode(folder: Path) -> int:
    """What others may do with files here: read, where they may enter the folder."""
    return 0o600 | (folder.stat().st_mode & 0o044)
