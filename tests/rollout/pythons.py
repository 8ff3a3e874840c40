"""Interpreters of a test's own to install into: a virtual environment, a system's, and a user's."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BASE = str(getattr(sys, "_base_executable", sys.executable))
STDLIB = Path(sysconfig.get_path("stdlib"))

HOSTILE = """
import os, pickle, sys
stream = b"cos\\nmkdir\\n(S'" + sys.argv[1].encode() + b"'\\ntR."
try:
    pickle.loads(stream)
except pickle.UnpicklingError as error:
    print("refused:", type(error).__name__)
"""


@dataclass
class Python:
    """One interpreter, and where ``safeload install`` is told to write."""

    path: Path
    where: str
    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"HOME": str(self.home), "PATH": os.environ["PATH"], "SAFELOAD_LOG": "off"}
        command = [str(self.path), *map(str, arguments)]
        return subprocess.run(
            command, check=False, env=environment | self.variables | variables, cwd=self.home,
            capture_output=True, text=True,
        )

    def safeload(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line, as this interpreter runs it before anything is installed."""
        bring = f"import sys; sys.path[:0] = {[str(ROOT), *_libraries()]!r}; from safeload.cli import main; main()"
        return self.run("-c", bring, *arguments)


def _libraries() -> list[str]:
    """What the command line itself needs, from the environment that runs the tests."""
    return [entry for entry in sys.path if entry.endswith("site-packages")]


def venv(folder: Path) -> Python:
    subprocess.run([BASE, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = Python(folder / "venv" / "bin" / "python", "--venv", folder)
    _let_find(next((folder / "venv" / "lib").glob("python*/site-packages")))
    return python


def system(folder: Path) -> Python:
    """A Python that is no environment's: links to the standard library, and site-packages of its own."""
    binary = folder / "usr" / "bin" / "python3"
    binary.parent.mkdir(parents=True)
    binary.write_bytes(Path(BASE).resolve().read_bytes())
    binary.chmod(0o755)
    library = folder / "usr" / "lib" / STDLIB.name
    library.mkdir(parents=True)
    for entry in STDLIB.iterdir():
        if entry.name not in ("site-packages", "dist-packages", "sitecustomize.py"):
            (library / entry.name).symlink_to(entry)
    python = Python(binary, "--site", folder)
    site = Path(python.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    assert folder in site.parents
    site.mkdir(parents=True)
    _let_find(site)
    return python


def user(folder: Path) -> Python:
    python = Python(Path(BASE), "--user", folder)
    site = Path(python.run("-c", "import site; print(site.getusersitepackages())").stdout.strip())
    assert folder in site.parents
    site.mkdir(parents=True)
    _let_find(site)
    return python


def _let_find(site: Path) -> None:
    """Stands for ``pip install safeload``: the package can be imported, and nothing imports it."""
    (site / "_tree.pth").write_text("".join(f"{entry}\n" for entry in (ROOT, *_wrapt())))


def _wrapt() -> list[str]:
    """The folder with what safeload needs of others."""
    import wrapt

    return [str(Path(wrapt.__file__).parents[1])]
