"""What the proofs on real servers share: users and their files, the log, a notebook in a browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import nbformat
from playwright.sync_api import Page, sync_playwright

WORK = Path(os.environ["PROOF_WORK"])
PYTHON = WORK / "jupyter" / "bin" / "python"
LOG = WORK / "safeload.jsonl"
PATIENCE = 150_000  # milliseconds, for a machine that is busy with other things
REFUSED = "BlockedGlobalError: joblib.load did not open 'evil.joblib'. Nothing in it was run."
GOOD = "import joblib; print(type(joblib.load('good.joblib')).__name__)"
HOSTILE = "import joblib; joblib.load('evil.joblib')"


def fill(home: Path, uid: int) -> Path:
    """A user's folder, with a file that is fine and one that is not; returns what the latter would make."""
    home.mkdir(exist_ok=True)
    joblib.dump(OrderedDict(a=1), home / "good.joblib")
    canary = home / "canary"
    (home / "evil.joblib").write_bytes(b"cos\nmkdir\n(S'" + str(canary).encode() + b"'\ntR.")
    give(uid, home, *home.iterdir())
    return canary


def give(uid: int, *paths: Path) -> None:
    for path in paths:
        os.chown(path, uid, uid)


def run_as(
    uid: int, home: Path, *command: str | Path, check: bool = False, **variables: str
) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": f"{PYTHON.parent}:/usr/bin:/bin", **variables}
    return subprocess.run(
        [str(part) for part in command], env=environment, cwd=home, user=uid, group=uid,
        extra_groups=[], capture_output=True, text=True, check=check,
    )  # fmt: skip


def log_since(start: int) -> list[dict[str, Any]]:
    return [json.loads(line) for line in LOG.read_text().splitlines()[start:]]


def lines_in_the_log() -> int:
    return len(LOG.read_text().splitlines())


# --- servers ------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def serving(command: Iterable[str | Path], address: str, log: Path, **options: Any) -> Iterator[None]:
    """A server that answers at an address, as long as the block lasts."""
    with log.open("wb") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=output, **options)
    try:
        end = time.monotonic() + PATIENCE / 1000
        while not _answers(address):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, "the server does not start"
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address).close()
    except OSError:
        return False
    return True


# --- notebooks ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Notebook:
    """Cells by name, in the order in which a person runs them; and the kernel that runs them."""

    cells: dict[str, str]
    kernel: str = "python3"

    def write(self, path: Path, uid: int) -> None:
        cells = [nbformat.v4.new_code_cell(cell) for cell in self.cells.values()]
        spec = {"name": self.kernel, "display_name": self.kernel, "language": "python"}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
        give(uid, path)

    def run(self, page: Page, kernels: str) -> None:
        """Cell after cell, refused or not, once the page that shows it has a kernel."""
        page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=PATIENCE)
        end = time.monotonic() + PATIENCE / 1000
        while not any(kernel["execution_state"] == "idle" for kernel in page.request.get(kernels).json()):
            assert time.monotonic() < end, "the kernel does not start"
            page.wait_for_timeout(500)
        page.wait_for_timeout(3000)
        for number in range(len(self.cells)):
            cell = page.locator(".jp-Notebook .jp-Cell").nth(number)
            cell.locator(".cm-content").click()
            page.keyboard.press("Control+Enter")
            cell.locator(".jp-InputPrompt").filter(has_text=f"[{number + 1}]:").wait_for(timeout=PATIENCE)

    def shown(self, page: Page) -> dict[str, str]:
        outputs = page.locator(".jp-Notebook .jp-Cell")
        return {
            name: outputs.nth(number).locator(".jp-Cell-outputArea").inner_text()
            for number, name in enumerate(self.cells)
        }


@contextmanager
def browsing(picture: Path) -> Iterator[Page]:
    """A page of a real browser without a window; what it shows in the end is kept as a picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["PROOF_CHROMIUM"])
        page = browser.new_page(viewport={"width": 1400, "height": 2400})
        page.set_default_timeout(PATIENCE)
        try:
            yield page
        finally:
            page.screenshot(path=picture, full_page=True)
            browser.close()
