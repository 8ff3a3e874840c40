"""One field of the event says which grant let a load in, and how its bytes were verified."""

from __future__ import annotations

import fractions
import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LOAD = """
import contextlib, fractions, pickle, safeload, sys, types
sys.modules["mylab"] = types.ModuleType("mylab")
sys.modules["mylab"].Head = type("Head", (), {"__module__": "mylab"})
with contextlib.suppress(pickle.UnpicklingError): pickle.load(open("m.pkl", "rb"))
"""
PLAIN, OWN, EVIL = pickle.dumps(fractions.Fraction(1, 2)), b"cmylab\nHead\n)\x81.", b"cos\ngetcwd\n(tR."

# What is pinned how: (bytes, what the lock file says, the event, allowed_by, grant and how it was verified)
ROWS: dict[str, tuple[bytes, str, str, list[str], tuple[str, ...] | None]] = {
    "nothing": (PLAIN, "", "admitted", ["stdlib"], None),
    "for data": (PLAIN, 'grant = "data"', "admitted", ["pin", "stdlib"], ("pin", "data", "sealed copy")),
    "for names": (
        OWN, 'grant = "names"\nglobals = ["mylab:Head"]', "admitted", ["pin"], ("pin", "names", "sealed copy"),
    ),
    "whole": (EVIL, 'grant = "pickle"', "admitted", ["pin"], ("pin", "pickle", "sealed copy")),
    "for data, and it is code": (EVIL, 'grant = "data"', "blocked", ["pin"], ("pin", "data", "sealed copy")),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
def test_the_event_says_which_grant_it_was(row: str, tmp_path: Path) -> None:
    data, said, event, allowed_by, grant = ROWS[row]
    (tmp_path / "m.pkl").write_bytes(data)
    entry = f'[[file]]\nsha256 = "{hashlib.sha256(data).hexdigest()}"\nsize = {len(data)}\nreason = "a test"\n'
    text = "version = 1\n" + (f"{entry}pinned = 2026-01-31\n{said}\n" if said else "")
    (tmp_path / "safeload.lock").write_text(text)
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "log", "SAFELOAD_LOCK": "safeload.lock"}
    subprocess.run([sys.executable, "-c", LOAD], env=environment, cwd=tmp_path, check=True)
    events: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (load,) = [item for item in events if item["event"].startswith("safeload.load.")]
    assert (load["event"], sorted(load["allowed_by"])) == (f"safeload.load.{event}", allowed_by)
    found = load.get("grant")
    assert (found and (found["by"], found["grant"], found["verified"])) == grant
    if found:
        assert (found["sha256"], found["reason"]) == (hashlib.sha256(data).hexdigest(), "a test")
        assert found["origin"] == str(tmp_path / "safeload.lock")


SIGNED = """
import contextlib, pickle, safeload
from pathlib import Path
from trust import signer
KEY, OTHER = signer.key(), signer.key()
Path("m").mkdir()
for name in ("a.pkl", "b.pkl"): Path("m", name).write_bytes(b"cmylab\\nHead\\n.")
Path("key.pem").write_bytes(signer.pem(KEY))
safeload.activate(safeload.Policy(keys=((signer.digest(KEY), "key.pem"),)))
for key in (OTHER, OTHER, signer.key()):
    signer.sign(Path("m"), key)
    for name in ("a.pkl", "b.pkl", "a.pkl"):
        with contextlib.suppress(pickle.UnpicklingError): pickle.load(open(f"m/{name}", "rb"))
"""


def test_a_signature_is_rejected_once_for_each_state_of_its_bundle(tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    environment = {"PYTHONPATH": path, "SAFELOAD_LOG": "log"}
    subprocess.run([sys.executable, "-c", SIGNED], env=environment, cwd=tmp_path, check=True)
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert events.count("safeload.load.blocked") == 9
    assert events.count("safeload.signature.rejected") == 3
