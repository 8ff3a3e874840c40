"""``safeload demo``: honest files of other people's packages, then a hostile one, with and without us."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text


def _torch(path: Path) -> Any:
    import torch

    return torch.load(path, map_location="cpu", weights_only=False)


def _joblib(path: Path) -> Any:
    import joblib

    return joblib.load(path)


def _pickle(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 - what this is about


@dataclass(frozen=True, slots=True)
class Honest:
    """A model file that a package on the registry ships."""

    package: str
    file: str
    load: Callable[[Path], Any]
    call: str


HONEST: Final = (
    Honest(
        "torchmetrics",
        "torchmetrics/functional/image/lpips_models/alex.pth",
        _torch,
        "torch.load(…)",
    ),
    Honest(
        "torchmetrics",
        "torchmetrics/functional/image/dists_models/weights.pt",
        _torch,
        "torch.load(…)",
    ),
    Honest("alt-profanity-check", "profanity_check/data/model.joblib", _joblib, "joblib.load(…)"),
    Honest(
        "alt-profanity-check", "profanity_check/data/vectorizer.joblib", _joblib, "joblib.load(…)"
    ),
    Honest("g2pM", "g2pM/np_ckpt.pkl", _pickle, "pickle.load(…)"),
    Honest("g2pM", "g2pM/digest_cedict.pkl", _pickle, "pickle.load(…)"),
)

# What a program of somebody who just wants the model says; with safeload, one line more.
PLAIN: Final = "import pickle, sys\npickle.load(open(sys.argv[1], 'rb'))"
GUARDED: Final = """
import sys
import safeload
import pickle
try:
    pickle.load(open(sys.argv[1], 'rb'))
except safeload.BlockedLoadError as error:
    print(f"{type(error).__name__}: {error}")
"""


class Hostile:
    """Pickles as a call: loading it writes a file. The payload of a real one would do worse."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (f"open({str(self.canary)!r}, 'w').write('this file ran code')",)


def run(out: Console) -> int:
    """Show it; the exit code says whether everything went as it should."""
    missing = sorted({honest.package for honest in HONEST if _folder(honest.package) is None})
    if missing:
        out.print(f"The demo needs files that {', '.join(missing)} ship: pip install 'safeload[demo]'")
        return 2
    honest = _show_honest(out)
    hostile = _show_hostile(out)
    return 0 if honest and hostile else 1


def _folder(package: str) -> Path | None:
    try:
        return Path(str(distribution(package).locate_file("")))
    except PackageNotFoundError:
        return None


def _show_honest(out: Console) -> bool:
    import safeload

    out.print(Text("1. Model files that other people's packages ship, loaded with safeload on", style="bold"))
    table = Table("package", "file", "loaded with", "got", box=None, pad_edge=False)
    good = True
    for honest in HONEST:
        path = (_folder(honest.package) or Path()) / honest.file
        try:
            got = Text(_in_words(honest.load(path)), style="green")
        except safeload.BlockedLoadError as error:
            got, good = Text(f"refused: {error}", style="red"), False
        table.add_row(Text(honest.package), Text(path.name), Text(honest.call), got)
    out.print(table)
    return good


def _in_words(value: Any) -> str:
    kind = type(value).__name__
    return f"{kind} of {len(value)}" if isinstance(value, dict) else kind


def _show_hostile(out: Console) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        canary = Path(folder, "canary.txt")
        path = Path(folder, "resnet50.pkl")
        path.write_bytes(pickle.dumps({"weights": [0.1, 0.2], "config": Hostile(canary)}))

        out.print(Text("\n2. A hostile file, loaded in a process without safeload", style="bold"))
        _child(PLAIN, path, SAFELOAD_MODE="off")
        fired = canary.exists()
        out.print(
            f"It wrote {canary.name}: '{canary.read_text()}'." if fired else "It did nothing.",
            style="red" if fired else "yellow",
        )
        canary.unlink(missing_ok=True)

        out.print(Text("\n3. The same file after 'import safeload'", style="bold"))
        done = _child(GUARDED, path, SAFELOAD_MODE="enforce", SAFELOAD_LOG="stderr")
        out.print(Text(done.stdout.strip()), soft_wrap=True)
        stopped = not canary.exists() and "did not open" in done.stdout
        out.print(
            f"{canary.name} was not written." if stopped else "IT WAS NOT STOPPED.",
            style="green" if stopped else "red",
        )
        out.print(Text("\n4. The line in the log, on stderr", style="bold"))
        out.print(Text(done.stderr.strip()), soft_wrap=True)
    return fired and stopped and "load.blocked" in done.stderr


def _child(program: str, path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own programs
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **settings},
    )
