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
    client.execute(env=environment)
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
    assert "with safeload.allow('__main__:Mine'): ..." in shown
    assert outputs[3][0]["text"] == "Mine\n"


def test_the_same_stream_fires_without_us(outputs: list[list[dict[str, str]]]) -> None:
    assert outputs[4][0]["text"] == "True\n"
