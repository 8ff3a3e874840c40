"""Tar archives: torch's files before version 0.1.10, and pickles that somebody packed."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final, cast

from safeload.scan.look import Look, SlowLook, engine
from safeload.scan.nested import BULK, NestedRecorder
from safeload.scan.pickles import ELEMENT_SIZES
from safeload.scan.reading import Forward, Reading, look_through
from safeload.scan.report import Report, merge, printable
from safeload.scan.sniff import HEAD, Kind, sniff
from safeload.scan.standin import Global

TORCH_MEMBERS: Final = frozenset({"storages", "tensors", "pickle"})
MAX_DIMENSIONS: Final = 64


def read_tar(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """Everything the members ask for."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    try:
        with tarfile.open(fileobj=cast("BinaryIO", file), mode="r:") as archive:
            members = {m.name: m for m in archive.getmembers() if m.isfile()}
            is_torch = members.keys() >= TORCH_MEMBERS
            report = merge(
                list((_torch if is_torch else _generic)(archive, members, reading)),
                "torch tar" if is_torch else "tar",
            )
    except (tarfile.TarError, EOFError, OSError, ValueError) as error:
        report = Report(problem=f"a broken or truncated tar archive ({error})", format="tar")
    return replace(report, consumed=size)


def _open(archive: tarfile.TarFile, member: tarfile.TarInfo) -> io.BufferedReader[Any]:
    content = archive.extractfile(member)
    if content is None:
        msg = f"{printable(member.name)} is no file"
        raise ValueError(msg)
    return io.BufferedReader(cast("Any", content), BULK)


def _generic(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], reading: Reading
) -> Iterator[Report]:
    for name, member in members.items():
        content = _open(archive, member)
        head = content.read(HEAD)
        content.seek(0)
        kind = sniff(head)
        if kind in (Kind.FOREIGN, Kind.SAFETENSORS):
            continue
        report = reading.inside(content)
        if head.startswith(b"\x80") or kind is not Kind.PICKLE or report.uses or not report.problem:
            problem = f"{printable(name)}: {report.problem}" if report.problem else ""
            yield replace(report, problem=problem)


# --- torch's: pickles with raw numbers between them ---------------------------------------------


class _Keeping:
    """Keeps what a look has built of stand-ins: how many records follow, and of what size."""

    recorder: Any

    def load(self) -> Any:
        value = super().load()  # type: ignore[misc]  # the engine beside it has it
        self.recorder.value = value
        return value


class _KeepingLook(_Keeping, Look):
    pass


class _KeepingSlowLook(_Keeping, SlowLook):
    pass


class _Member:
    """One member of a torch tar and the report on its pickles so far."""

    def __init__(self, archive: tarfile.TarFile, member: tarfile.TarInfo, reading: Reading) -> None:
        self.file = _open(archive, member)
        self.reader = Forward(self.file, skips=False)
        self.recorder = NestedRecorder(reading.rulebook)
        self.recorder.skips = False
        self.report = Report()

    def pickle(self) -> Any:
        kind = _KeepingLook if engine() is Look else _KeepingSlowLook
        self.report = look_through(self.reader, self.recorder, kind)
        if self.report.problem:
            raise ValueError(self.report.problem)
        return self.recorder.value  # type: ignore[attr-defined]  # set by _Keeping

    def count(self) -> int:
        value = self.pickle()
        if type(value) is not int:
            msg = "no number where the count of what follows should be"
            raise ValueError(msg)
        return value

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self.file.read(struct.calcsize(form)))


def _torch(
    archive: tarfile.TarFile, members: dict[str, tarfile.TarInfo], reading: Reading
) -> Iterator[Report]:
    readers = {"storages": _storages, "tensors": _tensors, "pickle": _Member.pickle}
    for name, read in readers.items():
        member = _Member(archive, members[name], reading)
        problem = ""
        try:
            read(member)
            if member.file.read(1):
                problem = "something follows what torch reads"
        except (ValueError, TypeError, struct.error, EOFError) as error:
            problem = str(error)
        problem = f"{name}: {problem}" if problem else ""
        yield replace(member.report, problem=problem)


def _storages(member: _Member) -> None:
    for _ in range(member.count()):
        _key, _location, kind = member.pickle()
        size = ELEMENT_SIZES.get(kind.ref.qualname) if isinstance(kind, Global) else None
        if size is None:
            msg = "a storage of an unknown kind"
            raise ValueError(msg)
        (count,) = member.numbers("<q")
        member.reader.skip(max(0, count) * size)
    member.pickle()  # which storages are views of others


def _tensors(member: _Member) -> None:
    for _ in range(member.count()):
        member.pickle()
        dimensions, _ = member.numbers("<ii")
        if not 0 <= dimensions <= MAX_DIMENSIONS:
            msg = "a tensor of more dimensions than torch knows"
            raise ValueError(msg)
        member.numbers(f"<{2 * dimensions + 1}q")
