"""Starting a child: a new interpreter with nothing of ours, and a folder of its own."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from safeload.errors import SandboxError
from safeload.sandbox.request import HOMES

PROGRAM: Final = Path(__file__).with_name("start_child.py")
OPTIONS: Final = ("-I", "-S", "-B", "-X", "utf8")

# Nothing of the parent's: no path, no token, no library to preload. One thread for whoever counts on more.
ENVIRONMENT: Final = {
    "LANG": "C.UTF-8",
    "PATH": "/nonexistent",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "",
    "PYTORCH_JIT": "1",
    "MPLBACKEND": "agg",
}

@contextmanager
def scratch_folder(within: str | None = None) -> Iterator[str]:
    """A folder that is the child's own, and gone when it is."""
    folder = tempfile.mkdtemp(prefix="safeload-", dir=within)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reopened(descriptor: int) -> int:
    """The same file with a place of its own, to be read only.

    Raises:
        SandboxError: it is no regular file.
    """
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        msg = "this is no regular file"
        raise SandboxError(msg)
    try:
        return os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        msg = f"the file cannot be opened for a child: {error.strerror}"
        raise SandboxError(msg) from None


def started(scratch: str, descriptors: tuple[int, ...], *first: str) -> subprocess.Popen[bytes]:
    """A new interpreter with these descriptors and nothing else of ours.

    Raises:
        SandboxError: there is no interpreter to start.
    """
    if not sys.executable or not PROGRAM.is_file():
        msg = "no interpreter can be started from here"
        raise SandboxError(msg)
    environment = ENVIRONMENT | dict.fromkeys(HOMES, scratch)
    return subprocess.Popen(  # noqa: S603 - this interpreter, and a program of ours
        [sys.executable, *OPTIONS, str(PROGRAM), *first, *map(str, descriptors)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=descriptors,
        env=environment,
        cwd=scratch,
        start_new_session=True,
    )
