"""The command line, as a shell sees it: what it prints and the code it ends with."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections import OrderedDict
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from evasions.builders import BOOM, pickled

from safeload.cli import main
from safeload.demo import HONEST

FILES = {
    "good.pkl": pickle.dumps(OrderedDict(a=1)),
    "data.pkl": pickle.dumps([1, 2]),
    "evil.pkl": pickled(BOOM),
    "cut.pkl": pickle.dumps([1, 2])[:-1],
    "page.pkl": b"<!doctype html>",
    "notes.txt": b"some notes",
    "evil.txt": pickled(BOOM),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def call(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def json_lines(*arguments: str | Path) -> dict[str, dict[str, Any]]:
    _, output = call("scan", "--json", *arguments)
    rows = [json.loads(line) for line in output.splitlines()]
    return {Path(row["path"]).name: row for row in rows}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["good.pkl"], 0),
        (["data.pkl", "good.pkl"], 0),
        (["evil.pkl"], 1),
        (["good.pkl", "cut.pkl"], 1),
        (["page.pkl"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_scan_ends_with_1_if_something_is_refused(names: list[str], code: int, folder: Path) -> None:
    assert call("scan", *(folder / name for name in names))[0] == code


def test_scan_of_a_folder_passes_by_what_is_no_pickle(folder: Path) -> None:
    found = json_lines(folder)
    assert {name: row["verdict"] for name, row in found.items()} == {
        "good.pkl": "admitted",
        "data.pkl": "admitted",
        "evil.pkl": "refused",
        "cut.pkl": "unreadable",
        "page.pkl": "unreadable",
        "evil.txt": "refused",
    }


def test_a_file_that_is_named_is_never_passed_by(folder: Path) -> None:
    assert json_lines(folder / "notes.txt")["notes.txt"]["verdict"] == "unreadable"


def test_json_has_every_name_with_its_uses_and_why_it_is_refused(folder: Path) -> None:
    row = json_lines(folder / "evil.pkl")["evil.pkl"]
    (name,) = row["names"]
    assert (name["name"], name["uses"]) == ("os:system", "referenced, called")
    assert name["refused"] == row["refused"]["os:system"]
    assert json_lines(folder / "page.pkl")["page.pkl"]["problem"].startswith("this is an HTML page")


def test_check_says_why(folder: Path) -> None:
    code, output = call("check", folder / "good.pkl", folder / "evil.pkl")
    assert code == 1
    assert "allowed by stdlib" in output
    assert "os:system" in output
    assert "refused:" in output
    assert call("check", folder / "good.pkl")[0] == 0


def test_names_cannot_write_over_the_terminal(folder: Path) -> None:
    (folder / "odd.pkl").write_bytes(b"c\x1b[2Kok\nf\n.")
    for command in ("scan", "check"):
        _, output = call(command, folder / "odd.pkl")
        assert "\x1b" not in output
        assert r"\x1b[2Kok:f" in output


def test_status_says_what_is_in_force() -> None:
    code, output = call("status", "--json")
    assert code == 0
    assert json.loads(output)["mode"] == "enforce"
    assert "enforce" in call("status")[1]


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert call("scan", tmp_path / "none")[0] == 2


def test_the_module_runs_as_a_program(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "safeload", "scan", folder / "good.pkl"], check=False)
    assert done.returncode == 0


def are_there(packages: set[str]) -> bool:
    try:
        return all(distribution(name) for name in packages)
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(not are_there({honest.package for honest in HONEST}), reason="pip install 'safeload[demo]'")
def test_the_demo_loads_real_models_and_stops_a_hostile_file() -> None:
    done = subprocess.run([sys.executable, "-m", "safeload", "demo"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "It wrote canary.txt: 'this file ran code'." in done.stdout
    assert "canary.txt was not written." in done.stdout
    assert '"event": "safeload.load.blocked"' in done.stdout
    for words in ("OrderedDict of 5", "CalibratedClassifierCV", "TfidfVectorizer", "dict of 10752"):
        assert words in done.stdout


def test_the_demo_without_its_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from safeload import demo

    monkeypatch.setattr(demo, "HONEST", (demo.Honest("no-such-package", "file", demo._pickle, ""),))
    code, output = call("demo")
    assert code == 2
    assert "safeload[demo]" in output.replace("\n", " ")
