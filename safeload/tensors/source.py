"""A file and its bytes: opened once, read once, and mapped from the same descriptor."""

from __future__ import annotations

import io
import mmap
import os
import stat
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

from safeload.errors import TensorsError
from safeload.scan.keep import Span
from safeload.scan.nested import BULK
from safeload.scan.report import printable
from safeload.scan.skeleton import Skeleton, read_skeleton
from safeload.state import COLLECTION_PAUSED

Readable = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO

MAPPED_FROM: Final = 64 * 1024
"""Smaller storages are copied: a page of memory each is dearer than the bytes."""


class Source:
    """One file while its tensors are taken out.

    Bytes that lie in a regular file are mapped privately: nothing is copied, writing into a tensor
    changes memory and not the file, and the mapping lives as long as a tensor needs it.
    """

    def __init__(self, source: Readable, *, maps: bool = True) -> None:
        self.name = ""
        self.maps = maps
        self._map: mmap.mmap | None = None
        self._memory: memoryview | None = None
        self._file, self._own = self._opened(source)
        self._spans_in: Any = self._file

    def _opened(self, source: Readable) -> tuple[io.BufferedReader[Any], bool]:
        if isinstance(source, bytes | bytearray | memoryview):
            return self._in_memory(bytes(source)), True
        if isinstance(source, str | os.PathLike):
            self.name = os.fspath(source)
            raw = io.FileIO(os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb")
            if not stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
                raw.close()
                msg = f"{self.name!r} is no regular file"
                raise TensorsError(msg)
            return io.BufferedReader(raw, BULK), True
        if not hasattr(source, "read") or hasattr(source, "encoding"):  # text has one
            msg = f"a path, bytes or a file open in binary mode is needed, not {source!r}"
            raise TypeError(msg)
        self.name = source.name if isinstance(getattr(source, "name", None), str) else ""
        return self._in_memory(source.read()), True

    def _in_memory(self, data: bytes) -> io.BufferedReader[Any]:
        self._memory = memoryview(bytearray(data))
        return io.BufferedReader(io.BytesIO(data), BULK)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._spans_in is not self._file and self._spans_in is not None:
            self._spans_in.close()

    def skeleton(self) -> Skeleton:
        """Read the file.

        Raises:
            TensorsError: nothing can be taken out of it.
        """
        try:
            with COLLECTION_PAUSED:
                found = read_skeleton(self._file)
        except ValueError as error:
            shown = f"'{printable(self.name)}'" if self.name else "this data"
            msg = f"no tensors can be taken out of {shown}: {printable(str(error), 500)}"
            raise TensorsError(msg) from None
        if found.file is not self._file:
            self._spans_in = found.file
        return found

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return self._memory.nbytes if self._memory is not None else os.fstat(self._file.fileno()).st_size

    def stamp(self) -> tuple[int, ...]:
        """What changes when the file is written to."""
        if self._memory is not None:
            return ()
        status = os.fstat(self._file.fileno())
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns

    @property
    def content(self) -> memoryview | None:
        """The bytes, where they came without a file."""
        return self._memory

    @property
    def whole(self) -> int:
        """The descriptor of the file itself, which nobody's reading moves."""
        return self._file.fileno()

    @property
    def in_place(self) -> bool:
        """Whether spans lie in the very file, and not in what was unpacked from it."""
        return self._memory is None and self._spans_in is self._file

    def view(self, span: Span) -> memoryview:
        """A span's bytes, to be read only."""
        return memoryview(span.data) if span.data is not None else self.buffer(span)

    def buffer(self, span: Span) -> memoryview:
        """A span's bytes, writable and nobody else's, copied only where they have to be."""
        if not span.length:
            return memoryview(bytearray())
        if span.data is not None:
            # What an unpickler has made of them may be shared or read-only.
            # A map of what nobody else has is our own.
            is_ours = isinstance(span.data, bytearray) or (isinstance(span.data, memoryview) and not span.data.readonly)
            return memoryview(span.data if is_ours else bytearray(span.data))
        if self._memory is not None and self._spans_in is self._file:
            return self._memory[span.start : span.start + span.length]
        if self.maps and span.length >= MAPPED_FROM:
            found = self._mapped(span)
            if len(found) == span.length:
                return found
        return self._read(span)

    def _mapped(self, span: Span) -> memoryview:
        """A span's bytes out of the file itself; none where it cannot be mapped."""
        if self._map is None:
            try:
                self._map = mmap.mmap(self._spans_in.fileno(), 0, access=mmap.ACCESS_COPY)
            except (OSError, ValueError):
                self.maps = False
                return memoryview(b"")
        return memoryview(self._map)[span.start : span.start + span.length]

    def _read(self, span: Span) -> memoryview:
        data = bytearray(span.length)
        self._spans_in.seek(span.start)
        if self._spans_in.readinto(data) != span.length:
            msg = "the file has become shorter while it was read"
            raise TensorsError(msg)
        return memoryview(data)
