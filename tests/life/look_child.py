"""Says what the look reports of the streams it is sent, for every way to read them."""

from __future__ import annotations

import copyreg
import io
import sys
from typing import Any

from child_frames import serve
from opcode_tape import EXTENSIONS
from plain_child import buffered

from safeload.policy import Policy
from safeload.scan.look import look, look_at_bytes
from safeload.scan.nested import NestedRecorder
from safeload.scan.report import Report


def told(*reports: Report) -> dict[str, Any]:
    """The names that every report has, and any problem: one look that knows no list, one that knows ours."""
    names = [{*report.uses, *report.raw} for report in reports]
    problems = (report.problem for report in reports)
    return {"names": sorted(set.intersection(*names)), "problem": "".join(problems)}


def looks(data: bytes) -> dict[str, Any]:
    rulebooks = ({}, Policy().rulebook())
    no_peek = told(*(look(io.BytesIO(data), NestedRecorder(book)) for book in rulebooks))
    return {
        "loads": told(*(look_at_bytes(data, NestedRecorder(book)) for book in rulebooks)),
        "peek": told(*(look(buffered(data), NestedRecorder(book)) for book in rulebooks)),
        "no peek": no_peek,
        "python": no_peek,
    }


def main() -> None:
    if "extensions" in sys.argv:
        for code, (module, name) in EXTENSIONS.items():
            copyreg.add_extension(module, name, code)
    serve(looks)


if __name__ == "__main__":
    main()
