"""Plain pickles one behind another, joblib's streams, and torch's files before version 1.6."""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

from safeload.scan.entry import Rulebook
from safeload.scan.inert import Persistent
from safeload.scan.nested import ARRAY_WRAPPERS, JoblibRecorder, NestedRecorder
from safeload.scan.reading import READ_ERRORS, Forward, Reading, goes_on_behind, look_through
from safeload.scan.report import GlobalRef, Report
from safeload.scan.standin import Global
from safeload.scan.torch_file import LEGACY_PICKLES

# torch's magic number as protocols 1 and above write it, behind a PROTO opcode.
LEGACY_MAGIC: Final = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
OF_ARRAYS: Final = frozenset({"dtype", "ndarray", "scalar"})  # which no module of Python's own has
LONGEST_LINE: Final = 1 << 20  # bytes of a line in a file of another format, if pickle.load is put to it
TEXTS: Final = (pickle.UNICODE, pickle.STRING)  # whose line may be anything; in a number or a name it is an error
PADDING: Final = b"\0 \t\r\n"

Go = Callable[[Forward], tuple[Report, NestedRecorder]]


def read_pickles(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """Everything a stream of pickles asks for, to the end of the file."""
    start = file.tell()
    if file.peek(16)[2:].startswith(LEGACY_MAGIC):
        return _read_legacy(file, reading)
    report = _in_two_goes(file, lambda reader: _plain(file, reader, reading.rulebook))
    if report.uses.keys() & ARRAY_WRAPPERS:
        file.seek(start)
        return _read_joblib(file, reading, as_plain=report)
    return replace(report, consumed=file.tell() - start)


def read_one(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """What one pickle asks for; the file is left behind it."""
    return _in_two_goes(file, lambda reader: _plain(file, reader, reading.rulebook, 1))


def _in_two_goes(file: io.BufferedReader[Any], go: Go) -> Report:
    """Skip big buffers at first; read all of them if a loader was handed one."""
    start = file.tell()
    for skips in (True, False):
        file.seek(start)
        report, recorder = go(Forward(file, skips=skips))
        if not recorder.wants_bulk:
            break
    return report


def _plain(
    file: io.BufferedReader[Any], reader: Forward, rulebook: Rulebook, count: int | None = None
) -> tuple[Report, NestedRecorder]:
    recorder = NestedRecorder(rulebook)
    recorder.skips = reader.skips
    return _all(file, reader, recorder, count), recorder


def _all(
    file: io.BufferedReader[Any], reader: Forward, recorder: NestedRecorder, count: int | None = None
) -> Report:
    """One look after another, to the end of the file or for ``count`` pickles."""
    done = 0
    while True:
        before = file.tell()
        report = look_through(reader, recorder)
        done += 1
        if report.problem:
            if done > 1 and count is None:
                problem = f"from byte {before} on, behind the pickle, something that is none"
                return replace(report, problem=problem)
            return report
        if done == count:
            return report
        try:
            if _only_padding(file):
                return report
        except READ_ERRORS as error:
            return replace(report, problem=f"the end of the file cannot be read: {error}")


def _only_padding(file: io.BufferedReader[Any]) -> bool:
    """Whether nothing but padding is left; if so, it is read."""
    here = file.tell()
    while chunk := file.read(1 << 16):
        if chunk.strip(PADDING):
            file.seek(here)
            return False
    return True


# --- joblib -------------------------------------------------------------------------------------


def _read_joblib(file: io.BufferedReader[Any], reading: Reading, as_plain: Report) -> Report:
    """A stream with arrays between its opcodes; ``as_plain`` is what pickle.load would see."""
    start = file.tell()

    def go(reader: Forward) -> tuple[Report, NestedRecorder]:
        recorder = JoblibRecorder(reading.rulebook)
        recorder.reader, recorder.skips = reader, reader.skips
        return _all(file, reader, recorder), recorder

    report = _in_two_goes(file, go)
    asked = {ref.qualname for ref in report.uses}
    new = [ref for ref in as_plain.uses if ref not in report.uses]
    hidden = [ref for ref in new if _is_name(ref) and not _is_misread(ref, asked)]
    problem = report.problem
    if hidden and not problem:
        problem = f"read by pickle instead of joblib, it asks for {', '.join(map(str, hidden))}"
    return replace(report, problem=problem, format="joblib", consumed=file.tell() - start)


def _is_name(ref: GlobalRef) -> bool:
    """Whether somebody meant this name, and it is not array bytes taken for opcodes."""
    return all(part.isidentifier() for part in (*ref.module.split("."), *ref.qualname.split(".")))


def _is_misread(ref: GlobalRef, asked: Collection[str]) -> bool:
    """Whether pickle.load asks for it because it takes an array of objects, a stream of its own, for a part of its own.

    That stream counts its memo from nought. Read as a part, a name that it asks for comes from the module that is
    some other text of the file, `with_mean:dtype` say. None is meant where that is no module of Python's own.
    """
    python = ref.module.partition(".")[0] in sys.stdlib_module_names
    return ref.qualname in asked and (ref.qualname in OF_ARRAYS or not python)


def also_a_pickle(file: io.BufferedReader[Any], reading: Reading) -> Report | None:
    """What a file of another format asks for when pickle.load is put to it, or None if nothing."""
    start = file.tell()
    may_be_text = file.peek(1)[:1] in TEXTS
    reader = Forward(file, skips=True, longest=LONGEST_LINE)
    report, _ = _plain(file, reader, reading.rulebook)
    file.seek(start)
    named = {ref: use for ref, use in report.uses.items() if _is_name(ref)}
    unread = reader.has_long_line and may_be_text
    return replace(report, uses=named) if named or unread else None


# --- torch before 1.6 ---------------------------------------------------------------------------

ELEMENT_SIZES: Final = {
    "DoubleStorage": 8,
    "FloatStorage": 4,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "LongStorage": 8,
    "IntStorage": 4,
    "ShortStorage": 2,
    "CharStorage": 1,
    "ByteStorage": 1,
    "BoolStorage": 1,
    "ComplexDoubleStorage": 16,
    "ComplexFloatStorage": 8,
    "UntypedStorage": 1,
}


class LegacyRecorder(NestedRecorder):
    """Keeps how many bytes each storage has, as the persistent ids say."""

    def __init__(self, rulebook: Rulebook) -> None:
        super().__init__(rulebook)
        self.storages: dict[Any, int | None] = {}

    def persistent(self, pid: Any) -> Persistent:
        made: Persistent = super().persistent(pid)
        if isinstance(pid, tuple) and len(pid) == 6 and isinstance(pid[1], Global):  # noqa: PLR2004
            _, kind, key, _, count, _ = pid
            size = ELEMENT_SIZES.get(kind.ref.qualname)
            known = type(count) is int and size is not None
            self.storages[str(key)] = 8 + max(0, count) * size if known else None
        return made


def _read_legacy(file: io.BufferedReader[Any], reading: Reading) -> Report:
    start = file.tell()

    def go(reader: Forward) -> tuple[Report, NestedRecorder]:
        recorder = LegacyRecorder(reading.rulebook)
        recorder.skips = reader.skips
        report = _all(file, reader, recorder, LEGACY_PICKLES)
        if not report.problem:
            report = replace(report, problem=_storages(file, recorder))
        return report, recorder

    report = _in_two_goes(file, go)
    return replace(report, format="torch legacy", consumed=file.tell() - start)


def _storages(file: io.BufferedReader[Any], recorder: LegacyRecorder) -> str:
    """Pass over the tensors' bytes; says what is wrong with them."""
    sizes = [size for size in recorder.storages.values() if size is not None]
    if len(sizes) < len(recorder.storages):
        while file.read(1 << 20):
            pass  # a storage of a kind not known: its size is not either
        return ""
    if not goes_on_behind(file, sum(sizes)):
        return "the tensors' bytes break off"
    return "" if _only_padding(file) else "something follows the tensors' bytes"
