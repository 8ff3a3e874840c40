"""Says what the look reports of the streams it is sent, for every way to read them."""

from __future__ import annotations

import copyreg
import io
import sys
from typing import Any

from child_frames import serve
from opcode_tape import EXTENSIONS
from plain_child import buffered

from safeload.scan.inert import Recorder
from safeload.scan.look import look, look_at_bytes
from safeload.scan.report import Report


def recorder() -> Recorder:
    return Recorder({}, lambda *_: None)


def told(report: Report) -> dict[str, Any]:
    names = [*report.uses, *report.raw]
    return {"names": names, "problem": report.problem}


def looks(data: bytes) -> dict[str, Any]:
    no_peek = told(look(io.BytesIO(data), recorder()))
    return {
        "loads": told(look_at_bytes(data, recorder())),
        "peek": told(look(buffered(data), recorder())),
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
