"""What a notebook's user sees: a real kernel, a refused cell, and the cells after it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]

CELLS = (
    "import safeload",
    (
        "import pickle, os\n"
        "stream = b\"cos\\nmkdir\\n(S'\" + os.environ['CANARY'].encode() + b\"'\\ntR.\"\n"
        "pickle.loads(stream)"
    ),
    "class Mine: pass\npickle.loads(pickle.dumps(Mine()))",
    "with safeload.allow(Mine):\n    print(type(pickle.loads(pickle.dumps(Mine()))).__name__)",
    "safeload.deactivate(); pickle.loads(stream); print(os.path.isdir(os.environ['CANARY']))",
    "%load_ext safeload",
    "%env SAFELOAD_MODE=off",
    "safeload.status()",
    "safeload.scan(stream)",
    (
        "import joblib\n"
        "with open('m.joblib', 'wb') as file: file.write(pickle.dumps(Mine()))\n"
        "with safeload.activate(safeload.Policy(mode=safeload.Mode.AUDIT)):\n"
        "    for _ in range(3): joblib.load('m.joblib')"
    ),
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, str]]]:
    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "CANARY": str(folder / "canary"),
        "SAFELOAD_LOG": str(folder / "log"),
    }
    client = nbclient.NotebookClient(
        notebook, timeout=120, allow_errors=True, kernel_name=kernel(folder, environment)
    )
    client.execute(env=environment, cwd=str(folder))
    assert '"safeload.load.blocked"' in (folder / "log").read_text()
    return [cell["outputs"] for cell in notebook["cells"]]


def kernel(folder: Path, environment: dict[str, str]) -> str:
    """Install a kernel of this very interpreter, for this test alone."""
    from ipykernel.kernelspec import install

    install(prefix=str(folder), kernel_name="guarded")
    environment["JUPYTER_PATH"] = str(folder / "share" / "jupyter")
    os.environ["JUPYTER_PATH"] = environment["JUPYTER_PATH"]
    assert Path(sys.executable).exists()
    return "guarded"


def test_importing_prints_nothing(outputs: list[list[dict[str, str]]]) -> None:
    assert outputs[0] == []


def test_a_refused_cell_shows_the_message_alone(outputs: list[list[dict[str, str]]]) -> None:
    (error,) = outputs[1]
    shown = "\n".join(error["traceback"])
    assert shown.startswith("BlockedGlobalError: pickle.loads did not open this data.")
    assert "os:mkdir" in shown
    assert "Traceback" not in shown
    assert "safeload/" not in shown


def test_the_line_it_offers_is_the_way_forward(outputs: list[list[dict[str, str]]]) -> None:
    shown = "\n".join(outputs[2][0]["traceback"])
    assert "with safeload.allow('__main__:Mine'): ...  # your load" in shown
    assert outputs[3][0]["text"] == "Mine\n"


def test_the_same_stream_fires_without_us(outputs: list[list[dict[str, str]]]) -> None:
    assert outputs[4][0]["text"] == "True\n"


def test_the_extension_says_what_is_on(outputs: list[list[dict[str, str]]]) -> None:
    assert outputs[5][0]["text"].startswith("safeload is on: enforce, policy shipped")


def test_a_setting_that_comes_too_late_is_told_after_the_cell(outputs: list[list[dict[str, str]]]) -> None:
    said = "".join(output.get("text", "") for output in outputs[6])
    assert "SAFELOAD_MODE changed nothing here" in said


def test_status_and_reports_are_tables(outputs: list[list[dict[str, str]]]) -> None:
    for cell in (7, 8):
        assert "<table>" in outputs[cell][0]["data"]["text/html"]  # type: ignore[index]
    assert "os:mkdir" in outputs[8][0]["data"]["text/html"]  # type: ignore[index]


def test_audit_mode_warns_once_for_each_file(outputs: list[list[dict[str, str]]]) -> None:
    shown = "".join(output.get("text", "") for output in outputs[9])
    assert shown.count("SafeloadWarning") == 1
    assert "joblib.load would not have opened 'm.joblib'." in shown


# --- where events go to stderr, as they do where nobody says otherwise -------------------------------

REFUSED = f"import pickle, safeload\n{CELLS[1]}"
STARTED = """
import os, sys
with open("stderr", "wb") as file:
    os.dup2(file.fileno(), 2)
os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", "-f", sys.argv[1]])
"""


def unlogged(folder: Path) -> dict[str, str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CANARY": str(folder / "canary")}
    return {name: value for name, value in environment.items() if name != "SAFELOAD_LOG"}


def test_a_line_of_the_log_is_the_servers_and_not_the_cells(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(REFUSED)])
    # Where it believes that it is tested, ipykernel has no stderr of its own.
    environment = unlogged(tmp_path)
    del environment["PYTEST_CURRENT_TEST"]
    name = kernel(tmp_path, environment)
    spec = tmp_path / "share" / "jupyter" / "kernels" / name / "kernel.json"
    spec.write_text(json.dumps({"argv": [sys.executable, "-c", STARTED, "{connection_file}"], "display_name": name}))
    client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name=name)
    client.execute(env=environment, cwd=str(tmp_path))
    (error,) = notebook["cells"][0]["outputs"]
    assert error["ename"] == "BlockedGlobalError"
    assert not (tmp_path / "canary").exists()
    assert '"safeload.load.blocked"' in (tmp_path / "stderr").read_text()


# What IPython is started with at a terminal: whether its stderr is that terminal, and whether the line is shown.
TERMINALS = {"a terminal": (False, False), "a terminal, with stderr in a file": (True, True)}


@pytest.mark.parametrize(("in_a_file", "is_written"), TERMINALS.values(), ids=TERMINALS)
def test_at_a_prompt_the_message_stands_alone(in_a_file: bool, is_written: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a row
    pty = pytest.importorskip("pty")
    environment = unlogged(tmp_path) | {"HOME": str(tmp_path), "TERM": "dumb"}
    ours, theirs = pty.openpty()
    with (tmp_path / "stderr").open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "IPython", "--simple-prompt", "--colors=NoColor", "-c", REFUSED], env=environment,
            stdin=theirs, stdout=theirs, stderr=file if in_a_file else theirs, cwd=tmp_path,
        )  # fmt: skip
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # how a terminal ends
            while piece := os.read(ours, 1 << 16):
                shown += piece
        process.wait()
    os.close(ours)
    text = shown.decode() + (tmp_path / "stderr").read_text()
    assert "BlockedGlobalError: pickle.loads did not open this data." in text
    assert ('"safeload.load.blocked"' in text, "Traceback" in text) == (is_written, False)
    assert not (tmp_path / "canary").exists()
