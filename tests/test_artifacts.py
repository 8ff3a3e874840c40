"""Files of old versions, kept in compat/artifacts: each loads as it does without safeload.

What today's libraries cannot read any more without it is judged alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(p.name for p in (ROOT / "compat" / "artifacts").iterdir() if p.suffix not in (".py", "") and p.is_file())
LOADS = """
import json, pickle, sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
guarded = sys.argv[1] == "guarded"
if guarded:
    import safeload
sys.path.insert(0, sys.argv[2])
from shapes import fingerprint

def load(path):
    if path.suffix == ".pt":
        import torch
        return torch.load(path, weights_only=False)
    if path.suffix == ".npz":
        import numpy
        return dict(numpy.load(path, allow_pickle=True))
    if path.name.startswith("joblib"):
        import joblib
        return joblib.load(path)
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1" if path.name.startswith("python2") else "ASCII")

found = {}
for path in sorted(Path(sys.argv[3]).iterdir()):
    if path.name not in sys.argv[4:]:
        continue
    refused = str(safeload.check(path).refused) if guarded else "()"
    try:
        found[path.name] = [refused, fingerprint(load(path))]
    except Exception as error:
        found[path.name] = [refused, f"{type(error).__name__}: {error}"[:200]]
print(json.dumps(found))
"""


@cache
def loaded(how: str) -> dict[str, list[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SAFELOAD_")}
    environment |= {"PYTHONHASHSEED": "0", "SAFELOAD_LOG": "off", "PYTHONPATH": str(ROOT)}
    folders = [str(ROOT / "compat"), str(ROOT / "compat" / "artifacts")]
    command = [sys.executable, "-c", LOADS, how, *folders, *FILES]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert not done.returncode, done.stderr[-2000:]
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_an_old_version_loads(name: str) -> None:
    pytest.importorskip(name.partition("-")[0].replace("python2", "numpy"))
    refused, value = loaded("guarded")[name]
    assert refused == "()"
    assert value == loaded("plain")[name][1]


def test_most_of_them_are_read_by_the_libraries_of_today() -> None:
    pytest.importorskip("sklearn")
    read = [name for name, (_, value) in loaded("plain").items() if ": " not in value]
    assert len(read) >= 35, loaded("plain")
