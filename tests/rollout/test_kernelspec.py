"""A kernel of a Python that stays as it is: ``safeload install --kernelspec``, and then the kernel, started for real."""

# ruff: noqa: E501 - a cell is one line
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

ROOT = Path(__file__).parents[2]
STREAM = "b\"cos\\nmkdir\\n(S'\" + {!r}.encode() + b\"'\\ntR.\""
CHILD = "import subprocess, sys; done = subprocess.run([sys.executable, '-c', {!r}], capture_output=True, text=True)"


def cells(folder: Path) -> list[str]:
    """No cell names safeload: the kernel has it from its start."""
    hostile = f"import pickle; pickle.loads({STREAM.format(str(folder / 'canary'))})"
    return [hostile, CHILD.format(hostile) + "\nprint(done.stderr)", "import safeload; print(safeload.status().policy.mode.value)"]


def run(folder: Path) -> list[str]:
    """What each cell shows, by nbclient, which starts the kernel that the specification describes."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells(folder)])
    client = nbclient.NotebookClient(notebook, timeout=120, allow_errors=True, kernel_name="guarded")
    client.execute(env=environment(folder), cwd=str(folder))
    return [
        "".join("\n".join(output.get("traceback", ())) + output.get("text", "") for output in cell["outputs"])
        for cell in notebook["cells"]
    ]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SAFELOAD_")}
    shown = {"PYTHONPATH": str(ROOT), "JUPYTER_PATH": str(folder / "share" / "jupyter"), "SAFELOAD_LOG": "off"}
    return kept | shown


def safeload(folder: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "safeload", *arguments]
    subprocess.run(command, env=environment(folder), cwd=folder, check=True, capture_output=True)


def test_a_kernel_that_is_started_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ipykernel.kernelspec import install

    install(prefix=str(tmp_path), kernel_name="guarded")
    for name, value in environment(tmp_path).items():  # what the server that starts kernels has
        monkeypatch.setenv(name, value)
    safeload(tmp_path, "install", "--kernelspec", "guarded", "--set", "SAFELOAD_TENSORS=off", "--set", "SAFELOAD_LOCKED=1")
    refused, child, mode = run(tmp_path)
    assert refused.startswith("BlockedGlobalError: pickle.loads did not open this data. Nothing in it was run.")
    assert "This policy is locked." in refused
    assert "BlockedGlobalError: pickle.loads did not open this data." in child
    assert mode == "enforce\n"
    assert not (tmp_path / "canary").exists()
    safeload(tmp_path, "uninstall", "--kernelspec", "guarded")
    refused, _, _ = run(tmp_path)
    assert refused == ""
    assert (tmp_path / "canary").is_dir(), "the same cell fires where the specification says nothing"
