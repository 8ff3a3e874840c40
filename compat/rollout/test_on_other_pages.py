"""The same outputs on other pages than JupyterLab's: the classic notebook, which runs them, and VS Code, which shows them.

Started by ``prove.py``. VS Code is code-server, which brings VS Code's own notebook and its renderers; Jupyter's
extension, which runs cells there, comes from no registry that this proof uses: the cells were run before.
"""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from kit import (
    GOOD,
    HOSTILE,
    PATIENCE,
    PYTHON,
    REFUSED,
    WORK,
    Notebook,
    browsing,
    fill,
    free_port,
    run_as,
    serving,
)
from playwright.sync_api import Frame, Page
from playwright.sync_api import TimeoutError as TooLate

NOBODY = 65534
as_user = partial(run_as, NOBODY)
CODE_SERVER = os.environ["PROOF_CODE_SERVER"]
NOTEBOOK = Notebook({
    "good": GOOD, "hostile": HOSTILE, "status": "import safeload; safeload.status()", "report": "safeload.scan('evil.joblib')",
})  # fmt: skip


@pytest.fixture
def home() -> Iterator[Path]:
    folder = WORK / f"home-{time.monotonic_ns()}"
    canary = fill(folder, NOBODY)
    NOTEBOOK.write(folder / "work.ipynb", NOBODY)
    yield folder
    assert not canary.exists()


def as_nobody(home: Path) -> dict[str, object]:
    environment = {"HOME": str(home), "PATH": f"{PYTHON.parent}:/usr/bin:/bin"}
    return {"env": environment, "cwd": home, "user": NOBODY, "group": NOBODY, "extra_groups": []}


def test_the_classic_notebook(home: Path) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [PYTHON, "-m", "nbclassic", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=proof"]
    with serving(command, f"{address}/api?token=proof", WORK / "classic.log", **as_nobody(home)), browsing(WORK / "classic.png") as page:
        page.goto(f"{address}/notebooks/work.ipynb?token=proof")
        page.wait_for_function("window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel && Jupyter.notebook.kernel.is_connected()")
        # One by one: what a person's "Run all" does, but for the cells behind a refused one, which it leaves out.
        page.evaluate("Jupyter.notebook.get_cells().forEach(cell => cell.execute(false))")
        cells = page.locator(".code_cell")
        cells.nth(3).locator("table").wait_for()
        good, hostile = (cells.nth(number).locator(".output_wrapper").inner_text() for number in (0, 1))
        assert "OrderedDict" in good
        assert_is_the_message_alone(hostile)
        assert "mode" in cells.nth(2).locator("table").inner_text()
        assert "os:mkdir" in cells.nth(3).locator("table").inner_text()


@pytest.mark.skipif(not CODE_SERVER, reason="code-server could not be installed")
def test_vs_code(home: Path) -> None:
    ran = as_user(home, PYTHON, "-m", "jupyter", "execute", "--inplace", "--allow-errors", "work.ipynb")
    assert ran.returncode == 0, ran.stderr
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [
        shutil.which("node") or "node", Path(CODE_SERVER, "out", "node", "entry.js"), "--auth", "none", "--bind-addr", f"127.0.0.1:{port}",
        "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust", home,
    ]  # fmt: skip
    with serving(command, f"{address}/healthz", WORK / "vscode.log", **as_nobody(home)), browsing(WORK / "vscode.png") as page:
        page.goto(f"{address}/?folder={home}")
        open_as_a_notebook(page)
        shown = frame_with(page, "OrderedDict", "referenced, called")
        assert_is_the_message_alone(shown.locator(".output.error").inner_text())
        tables = shown.locator("table")
        assert tables.count() == 2
        text = "".join(tables.nth(number).inner_text() for number in range(2))
        assert "enforce" in text
        assert "os:mkdir" in text


def open_as_a_notebook(page: Page) -> None:
    """A file that is opened before its extensions have started is opened as text, and has to be opened again."""
    file = page.get_by_role("treeitem", name="work.ipynb")
    file.wait_for()
    for _ in range(10):
        page.wait_for_timeout(6000)
        file.dblclick()
        try:
            page.get_by_text("Select Kernel").first.wait_for(timeout=15_000)
        except TooLate:
            page.locator(".tab .codicon-close").first.click()
        else:
            return
    pytest.fail("VS Code opens no notebooks")


def frame_with(page: Page, *texts: str) -> Frame:
    """The frame in which the outputs are: VS Code renders them apart from the page."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        for frame in page.frames:
            body = frame.locator("body")
            text = body.inner_text() if body.count() else ""
            if all(part in text for part in texts):
                return frame
        page.wait_for_timeout(500)
    pytest.fail("the outputs do not show")


def assert_is_the_message_alone(text: str) -> None:
    assert text.strip().startswith(REFUSED)
    assert "os:mkdir" in text
    assert "Send this message to ml-platform@example.org." in text
    assert text.strip().endswith("Policy: enforce, /etc/safeload/policy.toml.")
    for other in ("Traceback", "\x1b", '"event"', "site-packages"):
        assert other not in text
