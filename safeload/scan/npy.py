"""numpy's array files: a header, then raw bytes or, for arrays of objects, a pickle."""

from __future__ import annotations

import ast
import io
import re
from dataclasses import replace
from typing import Any, Final

from safeload.scan.nested import elements_of
from safeload.scan.pickles import read_one
from safeload.scan.reading import Reading, goes_on_behind
from safeload.scan.report import Report, merge

MAGIC: Final = b"\x93NUMPY"
MAX_HEADER: Final = 1 << 20
_CODE: Final = re.compile(r"[<>=|]?([a-zA-Z?])(\d*)(?:\[\d*[a-zA-Z]+\])?")
_PYTHON_2_LONG: Final = re.compile(r"(\d)L\b")


def read_npy(file: io.BufferedReader[Any], reading: Reading) -> Report:
    """Every array of the file: ``numpy.save`` to an open file puts one behind another."""
    start = file.tell()
    reports = []
    try:
        while True:
            reports.append(_read_array(file, reading))
            following = file.peek(1)
            if reports[-1].problem or not following:
                break
            if not following.startswith(MAGIC):
                reports.append(Report(problem="something follows the array"))
                break
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError) as error:
        reports.append(Report(problem=f"no array of numpy's: {error}"))
    return replace(merge(reports, "npy"), consumed=file.tell() - start)


def _read_array(file: io.BufferedReader[Any], reading: Reading) -> Report:
    header = read_header(file)
    descr, shape = header["descr"], header["shape"]
    if holds_objects(descr):
        return read_one(file, reading)
    is_whole = goes_on_behind(file, elements_of(shape) * size_of(descr))
    return Report(problem="" if is_whole else "the array's bytes break off")


def read_header(file: io.BufferedReader[Any]) -> dict[str, Any]:
    fixed = file.read(8)
    width = 2 if fixed[6:7] == b"\x01" else 4
    length = int.from_bytes(file.read(width), "little")
    text = file.read(length) if length <= MAX_HEADER else b""
    if not text or len(text) < length:
        msg = "its header breaks off"
        raise ValueError(msg)
    words = text.decode("latin1" if width == 2 else "utf-8")  # noqa: PLR2004 - version 1
    found = ast.literal_eval(_PYTHON_2_LONG.sub(r"\1", words).strip())
    if not isinstance(found, dict) or not isinstance(found["shape"], tuple):
        msg = "its header is none"
        raise ValueError(msg)  # noqa: TRY004 - wrong contents, not a wrong call
    return found


def holds_objects(descr: Any) -> bool:
    """Whether an element type, as a header writes it, has Python objects in it."""
    if isinstance(descr, tuple):
        return holds_objects(descr[0])
    if isinstance(descr, list):
        return any(holds_objects(field[1]) for field in descr)
    return _code(descr)[1] == "O"


def size_of(descr: Any) -> int:
    """Bytes of one element of a type without objects."""
    if isinstance(descr, tuple):
        return size_of(descr[0]) * elements_of(_tuple(descr[1]))
    if isinstance(descr, list):
        return sum(size_of(field[1]) * elements_of(_tuple(field[2] if field[2:] else ())) for field in descr)
    match = _code(descr)
    return int(match[2] or 1) * (4 if match[1] == "U" else 1)


def _tuple(shape: Any) -> Any:
    return shape if isinstance(shape, tuple) else (shape,)


def _code(descr: Any) -> re.Match[str]:
    match = _CODE.fullmatch(descr) if isinstance(descr, str) else None
    if match is None:
        msg = f"an array of an unknown type: {descr!r}"
        raise ValueError(msg)
    return match
