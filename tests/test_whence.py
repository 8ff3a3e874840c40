"""A module beside the program, however the program was started: listed names lead to the library alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = "print('planted')\nUTC = 1\n"
LOAD = """
import io, os, pickle, sys
if sys.argv[1] == "guarded":
    import safeload
os.chdir("/")
try:
    pickle.load(io.BytesIO(b"\\x80\\x02cpytz\\nUTC\\n."))
except pickle.UnpicklingError as error:
    print(error)
"""


def said(folder: Path, arm: str, *start: str) -> str:
    (folder / "pytz.py").write_text(PLANTED)
    (folder / "package").mkdir(exist_ok=True)
    (folder / "package" / "__init__.py").touch()
    for name in ("program.py", "package/__main__.py", "package/program.py"):
        (folder / name).write_text(LOAD)
    ended = subprocess.run(
        [sys.executable, *start, arm], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    return ended.stdout


@pytest.mark.parametrize(
    "start",
    [
        pytest.param(("program.py",), id="a_script"),
        pytest.param(("-m", "program"), id="a_module"),
        pytest.param(("-m", "package"), id="a_package"),
        pytest.param(("-m", "package.program"), id="a_module_of_a_package"),
    ],
)
def test_a_program_that_goes_elsewhere_takes_no_module_from_where_it_began(
    tmp_path: Path, start: tuple[str, ...]
) -> None:
    assert "planted" in said(tmp_path, "bare", *start)
    refused = said(tmp_path, "guarded", *start)
    assert "planted\n" not in refused
    assert "no place of installed packages" in refused
