"""The three loading processes, started when first asked for and shared by all rows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from .builders import BOOM, HARMLESS
from .rows import FILE, Row
from .table import ROWS

PACKAGE = __name__.rpartition(".")[0]
ABOVE = Path(__file__).resolve().parents[len(PACKAGE.split("."))]
REPOSITORY = Path(__file__).resolve().parents[2]

QUIET = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "SAFELOAD_LOG": "off",
    "PYTHONWARNINGS": "ignore",
}
"""One thread each: the processes fork."""

Answer = dict[str, Any]


class Arm:
    """A loading process, by line."""

    def __init__(self, name: str) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SAFELOAD_", "TORCH_"))}
        path = os.pathsep.join([str(ABOVE), str(REPOSITORY), *filter(None, [kept.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"{PACKAGE}.arm", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**kept, **QUIET, "PYTHONPATH": path},
        )

    def ask(self, key: str, at: Path) -> Answer:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"row": key, "at": str(at)}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the loading process ended with {self.process.wait()}"
        answer: Answer = json.loads(line)
        return answer

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


Load = Callable[..., Answer]


@pytest.fixture(scope="session")
def load_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Load]:
    """Load a row's files in an arm: ``load_in("first", key, harmless=False)``."""
    arms: dict[str, Arm] = {}
    root = tmp_path_factory.mktemp("evasions")

    def load(name: str, key: str, *, harmless: bool = False) -> Answer:
        row = ROWS[key]
        for need in row.needs:
            if not available(need):
                pytest.skip(f"{need} is not there")
        if row.until is not None and version_of(row.until[0]) >= numbers(row.until[1]):
            pytest.skip(f"{row.until[0]} is past {row.until[1]}")
        at = root / f"{key}-{name}-{'harmless' if harmless else 'armed'}"
        write(row, HARMLESS if harmless else BOOM, at)
        if name not in arms:
            arms[name] = Arm(name)
        answer = arms[name].ask(key, at)
        if "missing" in answer:
            pytest.skip(answer["missing"])
        shutil.rmtree(at)
        return answer

    yield load
    for arm in arms.values():
        arm.close()


def available(module: str) -> bool:
    """Whether a module can be found; its parents are imported for that."""
    try:
        return find_spec(module.partition(".")[0]) is not None
    except ValueError:
        return False


def version_of(library: str) -> tuple[int, ...]:
    return numbers(version(library))


def numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])


def write(row: Row, deed: bytes, at: Path) -> None:
    """The row's files around a deed."""
    files = row.file(deed)
    at.mkdir()
    for name, data in ({FILE: files} if isinstance(files, bytes) else files).items():
        target = at / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
