"""Programs as their users write them, run without safeload and with it in three places.

The line ``# safeload arrives here`` of a program stands below its other imports: there, in the form
"late", is ``import safeload``. The form "first" has it on the first line, the form "plain" nowhere,
and in the form "startup" every Python process imports it before its program, as an installed server
does.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
MARKER: Final = "# safeload arrives here\n"
GUARDED: Final = ("first", "late", "startup")


@dataclass(frozen=True)
class Ended:
    """How a program ended."""

    code: int | str
    out: str
    err: str

    def __str__(self) -> str:
        return f"ended with {self.code}\n--- stdout\n{self.out[-3000:]}\n--- stderr\n{self.err[-6000:]}"


def in_form(source: str, form: str) -> str:
    """The program's text with safeload where the form has it."""
    assert source.count(MARKER) == 1, "the program does not say where safeload arrives"
    if form == "late":
        return source.replace(MARKER, "import safeload\n")
    if form == "first":
        future = "from __future__ import annotations\n"
        if future in source:
            return source.replace(future, future + "import safeload\n", 1)
        return "import safeload\n" + source
    return source


def environment(**changes: str) -> dict[str, str]:
    """This environment without settings of safeload, and with ``changes``."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("SAFELOAD")}
    env |= {"SAFELOAD_LOG": "off", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return env | changes


def run(source: str, form: str, folder: Path, *arguments: str, timeout: float = 120, **env: str) -> Ended:
    """Write the program into a folder of its own and run it there, with all its children."""
    place = folder / form
    place.mkdir(parents=True, exist_ok=True)
    program = place / "program.py"
    program.write_text(in_form(source, form), "utf-8")
    search = [str(ROOT), str(HERE)]
    if form == "startup":
        (place / "startup").mkdir(exist_ok=True)
        (place / "startup" / "sitecustomize.py").write_text("import safeload\n", "utf-8")
        search.insert(0, str(place / "startup"))
    process = subprocess.Popen(
        [sys.executable, str(program), *arguments],
        cwd=place,
        env=environment(PYTHONPATH=os.pathsep.join(search), **env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=timeout)
        code: int | str = process.returncode
    except subprocess.TimeoutExpired:
        code = f"nothing after {timeout} s"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its own session: what it left running
    if isinstance(code, str):
        out, err = process.communicate()
    return Ended(code, re.sub(r"0x[0-9a-f]+", "0x…", out), err)


def missing(needs: Iterable[str]) -> list[str]:
    """Which of these libraries are not installed here."""
    return [name for name in needs if importlib.util.find_spec(name) is None]
