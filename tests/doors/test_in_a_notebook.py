"""What a notebook's user sees: a real kernel, a refused cell, and the cells after it."""

from __future__ import annotations

import os
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
