"""Which reader looks into what: the way from a file's first bytes to its report."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from safeload.scan.nested import BULK
from safeload.scan.npy import read_npy
from safeload.scan.pickles import also_a_pickle, read_pickles
from safeload.scan.reading import READ_ERRORS, Reading, size_of
from safeload.scan.report import Report, merge
from safeload.scan.safetensors_header import read_safetensors
from safeload.scan.sniff import HEAD, Kind, looks_like, sniff
from safeload.scan.tars import read_tar
from safeload.scan.unpack import ENGINES, Unpacked
from safeload.scan.zips import read_zip

Reader = Callable[[Any, Reading], Report]  # the file is a BufferedReader

READERS: Final[dict[Kind, Reader]] = {
    Kind.PICKLE: read_pickles,
    Kind.NPY: read_npy,
    Kind.ZIP: read_zip,
    Kind.TAR: read_tar,
    Kind.SAFETENSORS: read_safetensors,
}

# Formats whose first bytes pickle.load would take for opcodes: such a file can be both.
_MAY_BE_BOTH: Final = frozenset({Kind.TAR, Kind.SAFETENSORS, Kind.ZIP, Kind.BZ2})

# Formats whose readers have to know where the file ends.
_NEED_THE_END: Final = frozenset({Kind.TAR, Kind.SAFETENSORS, Kind.ZIP})

UNKNOWN: Final = "unknown"
"""The format of what no unpickler would take."""

SPOOLED: Final = 64 << 20  # bytes of an unpacked archive that are kept in memory


def read(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """Look into a file from where it stands, whatever it is; for :class:`Reading.read`."""
    start = file.tell()
    head = _head(file)
    kind = sniff(head)
    if not head or kind is Kind.FOREIGN:
        return Report(problem=f"this is {looks_like(head)}", format=UNKNOWN)
    if kind in ENGINES:
        report = _unpacked(file, reading, kind)
    else:
        report = READERS[kind](file, reading)
        if kind is Kind.PICKLE:
            report = _in_words(report, head)
    if kind in _MAY_BE_BOTH:
        file.seek(start)
        report = _both(report, also_a_pickle(file, reading))
    return report


def _head(file: io.BufferedReader[Any]) -> bytes:
    """The next bytes, as far as they can be read; the file stays where it is."""
    start = file.tell()
    try:
        return file.read(HEAD)
    except READ_ERRORS:
        file.seek(start)
        return file.peek(HEAD)[:HEAD]
    finally:
        file.seek(start)


def _in_words(report: Report, head: bytes) -> Report:
    """For what was tried as a pickle and is none: what it looks like."""
    if not report.problem or report.uses or head.startswith(b"\x80"):
        return report
    words = looks_like(head)
    problem = f"this is {words}" if words else f"this is no pickle: {report.problem}"
    return replace(report, problem=problem, format=UNKNOWN)


def _both(report: Report, hidden: Report | None) -> Report:
    if hidden is None:
        return report
    found = Report(problem="it is a pickle as well", uses=hidden.uses, objections=hidden.objections)
    return replace(merge([report, found], report.format), consumed=report.consumed)


def _unpacked(file: io.BufferedReader[Any], reading: Reading, kind: Kind) -> Report:
    """Look at what is in a compressed file, as it is unpacked."""
    size = size_of(file) if file.seekable() and not isinstance(file.raw, Unpacked) else 0
    try:
        content = io.BufferedReader(Unpacked(file, kind, size), BULK)
        head = _head(content)
        if sniff(head) in _NEED_THE_END:
            with tempfile.SpooledTemporaryFile(SPOOLED) as spool:
                shutil.copyfileobj(content, spool)
                spool.seek(0)
                report = reading.inside(io.BufferedReader(spool, BULK))
        else:
            report = reading.inside(content)
    except READ_ERRORS as error:
        return Report(problem=f"compressed data that cannot be unpacked: {error}", format=kind.value)
    return replace(report, format=f"{report.format} in {kind.value}")
