"""What a refusal says to do, done: each of its ways forward is pasted as it stands, where safeload has no name yet."""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("joblib")
pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]

LAB = """
import torch
class Head:
    def __init__(self, n): self.n = n
    def __setstate__(self, state): self.__dict__ |= state
class Net(torch.nn.Module):
    def __init__(self): super().__init__(); self.layer = torch.nn.Linear(2, 2)
class Evil:
    def __reduce__(self): import os; return os.mkdir, ("canary",)
"""

MAKE = """
import joblib, numpy, pickle, torch, lab
torch.save({"head": lab.Head(1), "w": torch.ones(2)}, "mixed.pt")
torch.save(lab.Net(), "model's.pt")
torch.save({"best": numpy.float64(1), "w": torch.ones(2)}, "numbers.pt")
torch.save(lab.Evil(), "evil.pt")
joblib.dump([lab.Head(1)], "own.joblib")
joblib.dump(lab.Evil(), "evil.joblib")
pickle.dump([lab.Head(1)], open("own.pkl", "wb"))
joblib.dump([lab.Head(1), numpy.ones(3)], "packed.joblib", compress=3)
for name in ("pointer.pt", "pointer.joblib"):
    open(name, "w").write("version https://git-lfs.github.com/spec/v1\\noid sha256:1\\nsize 1\\n")
torch.save({"a": 1}, "good.pt"); joblib.dump([1], "good.joblib")
open("cut.joblib", "wb").write(pickle.dumps(list(range(100)))[:-9])
"""

# Runs each row, then each way forward in a namespace that has the caller's libraries and not safeload's name.
TRY = """
import json, re, sys
rows = json.loads(sys.argv[1])
found = {}
for name, call in rows.items():
    scope = {}
    exec("import joblib, torch, pickle", scope)
    try:
        exec(call, scope)
        continue
    except Exception as error:
        said = "\\n".join([str(error), *getattr(error, "__notes__", ())])
        kind = type(error).__name__
    ways = {}
    for number, block in re.findall(r"^  (\\d)\\. .*\\n((?:       .*\\n?)*)", said, re.MULTILINE):
        code = "\\n".join(line.strip() for line in block.splitlines() if line.startswith("       "))
        if code.startswith("import safeload"):
            mine = dict(scope)
            exec(code.replace("...  # your load", "loaded = " + call), mine)
            ways[number] = repr(mine.get("loaded", mine.get("tensors")))
    found[name] = {"error": kind, "said": said, "ways": ways}
with safeload.activate(safeload.Policy(mode=safeload.Mode.OFF)):
    try: torch.load("mixed.pt")
    except pickle.UnpicklingError as error: found["off"] = getattr(error, "__notes__", [])
print(json.dumps(found))
"""

OPEN = "torch.load({!r}, weights_only=False)"

# the file: (the call, the error's class, ways forward that run and what they give, words that are said)
ROWS: dict[str, tuple[str, str, dict[str, str], str]] = {
    "a class of one's own beside tensors": (OPEN.format("mixed.pt"), "BlockedGlobalError", {"1": "1 tensors", "2": "lab.Head", "3": "lab.Head"}, "lab:Head"),
    "the same, by torch's default": ("torch.load('mixed.pt')", "UnpicklingError", {"1": "1 tensors", "2": "lab.Head", "3": "lab.Head"}, "safeload, which judges weights_only=False as well"),
    "a model of one's own, whose name has a quote": (OPEN.format("model's.pt"), "BlockedGlobalError", {"1": "2 tensors", "2": "Net(", "3": "Net("}, "'torch-modules', 'lab:Net'"),
    "what our lists hold and torch's does not": ("torch.load('numbers.pt')", "UnpicklingError", {}, "is judged by them: torch.load('numbers.pt', weights_only=False)"),
    "a class in joblib's file": ("joblib.load('own.joblib')", "BlockedGlobalError", {"2": "lab.Head", "3": "lab.Head"}, "lab:Head"),
    "the same beside an array, compressed": ("joblib.load('packed.joblib')", "BlockedGlobalError", {"1": "1 tensors", "2": "lab.Head", "3": "lab.Head"}, "lab:Head"),
    "a plain pickle, which pandas may have opened": ("pickle.load(open('own.pkl', 'rb'))", "BlockedGlobalError", {"2": "lab.Head", "3": "lab.Head"}, "lab:Head"),
    "a pointer in place of a checkpoint": ("torch.load('pointer.pt')", "UnpicklingError", {}, "run 'git lfs pull'"),
    "a pointer in place of joblib's file": ("joblib.load('pointer.joblib')", "KeyError", {}, "run 'git lfs pull'"),
    "joblib's file, cut short": ("joblib.load('cut.joblib')", "IndexError", {}, "cannot be read to its end"),
}  # fmt: skip


def run(folder: Path, code: str, *arguments: str, path: str = str(ROOT)) -> str:
    environment = {"PYTHONPATH": f"{path}:{folder}", "SAFELOAD_LOG": str(folder / "log")}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pasted")
    (folder / "lab.py").write_text(LAB)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """One process makes the files, and is guarded from then on, as by a cell in the middle of a notebook."""
    calls = json.dumps({name: row[0] for name, row in ROWS.items()})
    rows: dict[str, Any] = json.loads(run(folder, f"{MAKE}\nimport safeload\n{TRY}", calls))
    rows["log"] = [json.loads(line) for line in (folder / "log").read_text().splitlines()]
    return rows


@pytest.mark.parametrize("name", ROWS)
def test_what_is_said_can_be_done(name: str, found: dict[str, Any]) -> None:
    _, error, ways, said = ROWS[name]
    assert found[name]["error"] == error
    assert said in found[name]["said"]
    assert found[name]["ways"].keys() == ways.keys()
    assert {way: words for way, words in ways.items() if words not in found[name]["ways"][way]} == {}


def test_who_judges_nothing_says_nothing(found: dict[str, Any]) -> None:
    assert found["off"] == []


def test_what_torch_refused_stands_in_the_log_as_refused(found: dict[str, Any]) -> None:
    """torch's default is the commonest call of all, and its own unpickler the first to say no."""
    events = [event for event in found["log"] if event.get("api") == "torch.load" and event.get("error") == "UnpicklingError"]
    assert [(event["event"], event["path"], event.get("refused")) for event in events] == [
        ("safeload.load.blocked", "mixed.pt", ["lab:Head"]),
        ("safeload.load.admitted", "numbers.pt", None),
        ("safeload.load.blocked", "pointer.pt", None),
        ("safeload.load.admitted", "mixed.pt", None),  # as mode = "off" has it
    ]


BARE = """
import sys
sys.modules |= dict.fromkeys(("wrapt", "structlog", "platformdirs", "click", "rich"))
import safeload, joblib, torch
for call in (lambda: joblib.load("evil.joblib"), lambda: torch.load("evil.pt", weights_only=False)):
    try: call()
    except safeload.BlockedGlobalError as error: print(error.refusal.api, error.refusal.path)
print(joblib.load("good.joblib"), torch.load("good.pt"), safeload.status().doors)
"""


@pytest.mark.usefixtures("found")
def test_without_what_it_needs_it_guards_all_the_same(folder: Path) -> None:
    """An interpreter may have safeload on its path and none of its dependencies: importing torch must not end there."""
    said = run(folder, BARE)
    assert said.startswith("joblib.load evil.joblib\ntorch.load evil.pt\n[1] {'a': 1} ")
    assert "'joblib': 'wrapped', 'torch': 'wrapped'" in said
    assert not (folder / "canary").exists()
    run(folder, "import joblib; joblib.load('evil.joblib')", path="")
    assert (folder / "canary").is_dir()
