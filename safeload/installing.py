"""Turning safeload on for every start of an interpreter: start-up files, and kernel specifications.

A line in a ``.pth`` file is what runs in every process that runs ``site``, under ``-I``, ``-E``, ``-s`` and
``-P`` too; from Python 3.15 on a ``.start`` file takes its place. Both are in one folder, so whoever removes
them has turned it off, and nothing else was changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PTH: Final = "safeload.pth"
START: Final = "safeload.start"
PTH_TEXT: Final = "import safeload\n"
START_TEXT: Final = "safeload.boot:watch\n"
STARTUP: Final = Path(__file__).with_name("startup")
AFTER_IT: Final = "${PYTHONPATH}"
START_FILES_SINCE: Final = (3, 15)

# Where an interpreter keeps what it starts with, and whether the guard is on there already.
_ASK: Final = """
import json, site, sys, sysconfig
print(json.dumps({
    "version": sys.version_info[:2], "site": sysconfig.get_path("purelib"), "user": site.getusersitepackages(),
    "is_venv": sys.prefix != sys.base_prefix, "user_counts": bool(site.ENABLE_USER_SITE), "prefix": sys.prefix,
}))
"""
_IS_ON: Final = "import sys; sys.exit('safeload.boot' not in sys.modules)"


class InstallError(Exception):
    """It cannot be installed there; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, and what it said of itself."""

    python: str
    facts: dict[str, Any]

    @classmethod
    def ask(cls, python: str) -> Interpreter:
        done = _run(python, "-c", _ASK)
        if done.returncode:
            msg = f"{python} does not run: {done.stderr.strip()}"
            raise InstallError(msg)
        return cls(python, json.loads(done.stdout))


def _run(python: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run([python, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - that is what was asked for
    except OSError as error:
        msg = f"{python}: {error.strerror or error}"
        raise InstallError(msg) from None


# --- start-up files -----------------------------------------------------------------------------


def site_folder() -> tuple[Interpreter, Path]:
    """The site-packages of the interpreter that runs this, for every user of the machine."""
    found = Interpreter.ask(sys.executable)
    if found.facts["is_venv"]:
        msg = f"{sys.executable} belongs to the environment {found.facts['prefix']}: use --venv"
        raise InstallError(msg)
    return found, Path(found.facts["site"])


def venv_folder(venv: Path | None) -> tuple[Interpreter, Path]:
    """The site-packages of one virtual environment; without one, of that which runs this."""
    python = sys.executable if venv is None else str(venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    found = Interpreter.ask(python)
    if not found.facts["is_venv"]:
        msg = f"{python} belongs to no virtual environment: use --site or --user"
        raise InstallError(msg)
    return found, Path(found.facts["site"])


def user_folder() -> tuple[Interpreter, Path]:
    """The user's own site-packages, for every process of this Python that is theirs."""
    found = Interpreter.ask(sys.executable)
    if not found.facts["user_counts"]:
        msg = "this interpreter passes the user's site-packages by (it is a virtual environment's, or runs with -s)"
        raise InstallError(msg)
    return found, Path(found.facts["user"])


def install(found: Interpreter, folder: Path) -> list[Path]:
    """Write the start-up files and see that a new process is guarded; else take them away again.

    Raises:
        InstallError: they cannot be written, or have no effect.
    """
    texts = {PTH: PTH_TEXT}
    if tuple(found.facts["version"]) >= START_FILES_SINCE:
        texts[START] = START_TEXT
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            _put(folder / name, text)
            written.append(folder / name)
    except OSError as error:
        msg = f"{error.filename}: {error.strerror}"
        raise InstallError(msg) from None
    done = _run(found.python, "-c", _IS_ON)
    if done.returncode:
        uninstall(folder)
        msg = f"{found.python} starts without it: is safeload installed there? {done.stderr.strip()[-500:]}"
        raise InstallError(msg)
    return written


def uninstall(folder: Path) -> list[Path]:
    """Take away the start-up files that :func:`install` wrote."""
    removed = []
    for name, text in {PTH: PTH_TEXT, START: START_TEXT}.items():
        path = folder / name
        if path.is_file() and path.read_text("utf-8") == text:
            path.unlink()
            removed.append(path)
    return removed


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all: an interpreter may start at any moment."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        new.write_text(text, "utf-8")
        if os.name != "nt":
            new.chmod(0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def sitecustomize() -> str:
    """What a sitecustomize of one's own takes in."""
    return (STARTUP / "sitecustomize.py").read_text("utf-8")


# --- kernel specifications ----------------------------------------------------------------------


def spec_of(name: str, folders: list[str]) -> Path:
    """The ``kernel.json`` of a kernel, in the first of the folders that Jupyter searches.

    Raises:
        InstallError: there is none of that name.
    """
    for folder in folders:
        path = Path(folder, "kernels", name, "kernel.json")
        if path.is_file():
            return path
    msg = f"there is no kernel {name!r} in {', '.join(folders)}"
    raise InstallError(msg)


def jupyter_folders() -> list[str]:
    """Where Jupyter looks for kernels, as it says itself.

    Raises:
        InstallError: Jupyter is not installed beside safeload.
    """
    done = _run(sys.executable, "-c", "import json, jupyter_core.paths as p; print(json.dumps(p.jupyter_path()))")
    if done.returncode:
        msg = f"Jupyter is not in {sys.prefix}: run the safeload beside it, or give the path of a kernel.json"
        raise InstallError(msg)
    folders: list[str] = json.loads(done.stdout)
    return folders


def install_in_spec(path: Path, settings: dict[str, str]) -> dict[str, str]:
    """Let a kernel start with safeload and these settings, its children too; returns its environment."""
    spec = _spec(path)
    environment = spec.setdefault("env", {})
    before = _without_ours(environment.get("PYTHONPATH", AFTER_IT))
    environment["PYTHONPATH"] = os.pathsep.join([str(STARTUP), *before])
    environment |= settings
    _put(path, json.dumps(spec, indent=1) + "\n")
    return dict(environment)


def uninstall_from_spec(path: Path) -> bool:
    """Take out of a kernel's environment what :func:`install_in_spec` put there."""
    spec = _spec(path)
    environment = spec.get("env", {})
    kept = {name: value for name, value in environment.items() if not name.startswith("SAFELOAD_")}
    parts = _without_ours(kept.pop("PYTHONPATH", ""))
    if [part for part in parts if part != AFTER_IT]:
        kept["PYTHONPATH"] = os.pathsep.join(parts)
    if kept == environment:
        return False
    spec["env"] = kept
    _put(path, json.dumps(spec, indent=1) + "\n")
    return True


def _spec(path: Path) -> dict[str, Any]:
    try:
        spec: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        msg = f"{path}: {error}"
        raise InstallError(msg) from None
    return spec


def _without_ours(value: str) -> list[str]:
    return [part for part in value.split(os.pathsep) if part and part != str(STARTUP)]


