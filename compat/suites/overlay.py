"""Two environments that differ in one line: safeload at the start of every process, or not.

Both are made from one Python's base interpreter and see its packages; the line is in a ``.pth`` file, so
children, workers and kernels have it too. A run in which that line did not take effect is void: a hook that
was not there looks perfect.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]

# Prints every class and function of the given test modules, as the names that a policy takes.
OWN_NAMES: Final = """
import importlib, json, pkgutil, sys, types
found = {"locking_import:ToBeUnpickled"}  # written by a test, whose threads wait for it for ever
def walk(space, module):
    for thing in list(vars(space).values()):
        name = f"{module}:{thing.__qualname__}" if isinstance(thing, (type, types.FunctionType)) else ""
        own = name and thing.__module__ == module and name not in found
        if own and "<" not in name and "__" not in name and (isinstance(thing, type) or space.__name__ == module):
            found.add(name)
            if isinstance(thing, type):
                walk(thing, module)
def modules(name):
    if not name.endswith(".*"):
        return [name]
    package = importlib.import_module(name[:-2])
    return [f"{name[:-1]}{item.name}" for item in pkgutil.iter_modules(package.__path__)]
sys.path[:0] = json.loads(sys.argv[2])
for pattern in json.loads(sys.argv[1]):
    for name in modules(pattern):
        try:
            walk(importlib.import_module(name), name)
        except BaseException as error:
            print(f"{name}: {error!r}", file=sys.stderr)  # it wants what is not here, and is not run either
print(json.dumps(sorted(found)))
"""

PROOF: Final = r"""
import sys
if "safeload" not in sys.modules:
    sys.exit("not imported")
import safeload, pickle
if not safeload.status().active or safeload.status().problem:
    sys.exit(safeload.status().problem or "not active")
try:
    pickle.loads(b'cposix\ngetppid\n(tR.')
except pickle.UnpicklingError:
    print("refused")
else:
    print("loaded")
"""
MODES: Final = ("plain", "enforce", "audit")
EXPECTED: Final = {"plain": "", "enforce": "refused", "audit": "loaded"}


class VoidError(Exception):
    """The run proves nothing."""


@dataclass(frozen=True)
class Ended:
    """How a command ended; the code is None if it took too long."""

    code: int | None
    told: str
    out: str


@dataclass
class Overlay:
    """An environment with the packages of another one, with or without safeload at its start."""

    folder: Path
    python: Path
    mode: str
    allow: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        facts = "import json, sys; print(json.dumps([sys._base_executable, [p for p in sys.path if '-packages' in p]]))"
        base, packages = json.loads(self.run([str(self.python), "-c", facts]).out)
        self.run([base, "-m", "venv", "--without-pip", str(self.folder / "venv")])
        own = next((self.folder / "venv" / "lib").glob("python*/site-packages"))
        shutil.copy(HERE / "told.py", own)
        (own / "packages.pth").write_text("\n".join([str(ROOT), *packages]), "utf-8")
        if self.mode != "plain":
            (own / "zz_safeload.pth").write_text("import safeload\n", "utf-8")
        self.allow_names(self.allow)
        self.prove()

    @property
    def executable(self) -> str:
        return str(self.folder / "venv" / "bin" / "python")

    def allow_names(self, names: list[str]) -> None:
        self.allow = names
        policy = {"mode": self.mode.replace("plain", "off"), "allow": names, "log": "off"}
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in policy.items())
        (self.folder / "policy.toml").write_text(text, "utf-8")

    def own_names(self, modules: list[str], search: list[str]) -> list[str]:
        command = [self.executable, "-c", OWN_NAMES, json.dumps(modules), json.dumps(search)]
        names = json.loads(self.run(command).out.splitlines()[-1])  # some tests speak when they are imported
        assert isinstance(names, list)
        return names

    def environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("SAFELOAD", "PYTHON"))}
        return env | {"SAFELOAD_POLICY": str(self.folder / "policy.toml"), "SUITES_TOLD": str(self.folder / "told")}

    def run(self, command: list[str], limit: float = 600, cwd: Path | None = None) -> Ended:
        """Run it in a session of its own, of which nothing is left afterwards."""
        with (self.folder / "out").open("w+", errors="replace") as out, (self.folder / "err").open("w+") as err:
            process = subprocess.Popen(
                command,
                cwd=cwd or self.folder,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                # A parent that ignores SIGINT would hand that to the tests of interrupts.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - no threads here
            )
            try:
                code: int | None = process.wait(limit)
            except subprocess.TimeoutExpired:
                code = None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        texts = [(self.folder / name).read_text("utf-8", errors="replace") for name in ("out", "err")]
        return Ended(code, "".join(texts), texts[0])

    def prove(self) -> None:
        """Say in a fresh child whether the hook is there, which site would never tell."""
        child = self.run([self.executable, "-c", PROOF])
        if child.out.strip() != EXPECTED[self.mode] or (child.code == 0) == (self.mode == "plain"):
            msg = f"{self.mode}: the child says {child.told[-2000:]!r}"
            raise VoidError(msg)
