"""``safeload scan`` over many files: caches, archives, addresses, clusters, and what it prints for machines."""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from evasions.builders import BOOM, pickled

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(6):
        (tmp_path / f"good{number}.pkl").write_bytes(pickle.dumps(OrderedDict(a=number)))
    (tmp_path / "evil one.pkl").write_bytes(pickled(BOOM))
    (tmp_path / "cut.pkl").write_bytes(pickle.dumps([1, 2])[:-1])
    (tmp_path / "own.pkl").write_bytes(b"cmylab\nNet\n.")
    (tmp_path / "notes.txt").write_text("notes")
    return tmp_path


def scan(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"} | variables
    command = [sys.executable, "-m", "safeload", "scan", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def rows(*arguments: str | Path, **variables: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in scan("--json", *arguments, **variables).stdout.splitlines()]


WAYS = {
    "one after the other": (),
    "a process for each core": ("--jobs", "-1"),
    "threads": ("--jobs", "2", "--backend", "threading"),
    "a dask cluster": ("--jobs", "2", "--backend", "dask"),
    "a ray cluster": ("--jobs", "2", "--backend", "ray"),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_finds_the_same_in_the_same_order(way: tuple[str, ...], folder: Path) -> None:
    pytest.importorskip("joblib")
    if "dask" in way:
        pytest.importorskip("distributed")
    if "ray" in way:
        pytest.importorskip("ray")
    found = [(Path(row["path"]).name, row["verdict"]) for row in rows(folder, *way)]
    assert found == [
        ("cut.pkl", "unreadable"),
        ("evil one.pkl", "refused"),
        *[(f"good{number}.pkl", "admitted") for number in range(6)],
        ("own.pkl", "refused"),
    ]


def test_the_policy_in_force_judges(folder: Path) -> None:
    (row,) = rows(folder / "own.pkl", "-j", "2", SAFELOAD_ALLOW="mylab:Net")
    assert row["verdict"] == "admitted"


@pytest.mark.parametrize("verb", ["scan", "check"])
def test_a_policy_that_cannot_be_used_is_no_pass(verb: str, folder: Path) -> None:
    """A pipeline with a wrong path in it would be judged by the lists that ship, which may hold more."""
    command = [sys.executable, "-m", "safeload", verb, str(folder / "good1.pkl")]
    for policy, code in (("none.toml", 1), ("", 0)):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off", "SAFELOAD_POLICY": policy}
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == code
        assert ("The configured policy was not used: none.toml" in ended.stderr) is bool(code)


# --- a cache of Hugging Face --------------------------------------------------------------------


def test_a_cache_names_each_file_once_with_its_repository_and_revision(tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--mylab--net"
    (repository / "blobs").mkdir(parents=True)
    (repository / "blobs" / "0a1b").write_bytes(pickled(BOOM))
    (repository / "blobs" / "unnamed").write_bytes(pickled(BOOM))
    (repository / "snapshots" / "rev1" / "sub").mkdir(parents=True)
    (repository / "snapshots" / "rev1" / "sub" / "pytorch_model.bin").symlink_to("../../../blobs/0a1b")
    (repository / "snapshots" / "rev2").mkdir()
    (repository / "snapshots" / "rev2" / "pytorch_model.bin").symlink_to("../../blobs/0a1b")
    found = rows(tmp_path / "hub")
    assert [(Path(row["path"]).name, row.get("source"), row["verdict"]) for row in found] == [
        ("pytorch_model.bin", "mylab/net@rev1", "refused"),
        ("unnamed", None, "refused"),
    ]


def test_a_link_that_leads_nowhere_or_round_is_passed_by(folder: Path) -> None:
    (folder / "nowhere.pkl").symlink_to("none")
    (folder / "round").symlink_to(folder, target_is_directory=True)
    assert len(rows(folder)) == 9


def test_an_archive_is_looked_into(folder: Path) -> None:
    with zipfile.ZipFile(folder / "all.zip", "w") as archive:
        archive.write(folder / "evil one.pkl", "deep/inside.pkl")
    (row,) = rows(folder / "all.zip")
    assert (row["verdict"], list(row["refused"])) == ("refused", ["os:system"])


# --- addresses ----------------------------------------------------------------------------------


def test_addresses_are_searched_like_folders(folder: Path) -> None:
    pytest.importorskip("fsspec")
    found = rows(f"file://{folder}")
    assert {row["path"].rpartition("/")[2]: row["verdict"] for row in found if row["verdict"] != "admitted"} == {
        "cut.pkl": "unreadable",
        "evil one.pkl": "refused",
        "own.pkl": "refused",
    }
    assert all(row["path"].startswith("file://") for row in found)


ADDRESSES = {
    "nothing is there": ("file:///nowhere/at/all", "nothing is there"),
    "a protocol that nobody knows": ("nosuch://bucket/model.pkl", "nosuch"),
}


@pytest.mark.parametrize(("address", "said"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_leads_nowhere_is_a_usage_error(address: str, said: str) -> None:
    pytest.importorskip("fsspec")
    ended = scan(address)
    assert ended.returncode == 2
    assert said in ended.stderr


@pytest.mark.parametrize("options", [("-j", "2"), ("--backend", "threading")], ids=" ".join)
def test_without_joblib_it_says_what_to_install(options: tuple[str, ...], folder: Path) -> None:
    code = f"import sys; sys.modules['joblib'] = None; from safeload.cli import main; main(['scan', {str(folder)!r}, *{options!r}])"
    ended = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert "pip install joblib" in ended.stderr


# --- for machines -------------------------------------------------------------------------------


def test_sarif_has_a_result_for_each_name_and_each_unread_file(folder: Path) -> None:
    ended = scan("--sarif", folder)
    assert ended.returncode == 1
    log = json.loads(ended.stdout)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    said = {}
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        (location,) = result["locations"]
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"file:///[^ ]+", uri)
        said[Path(unquote(uri)).name] = (result["ruleId"], result["message"]["text"])
    assert {name: rule for name, (rule, _) in said.items()} == {
        "cut.pkl": "unreadable",
        "evil one.pkl": "never",
        "own.pkl": "unlisted",
    }
    assert said["evil one.pkl"][1].startswith("os:system: ")


def test_sarif_has_what_github_takes_an_alert_from(folder: Path) -> None:
    """Its pages ask for more than the standard does: a line, three texts for a rule, one fingerprint for one alert."""
    (folder / "two.pkl").write_bytes(b"(cos\nsystem\ncbuiltins\neval\nt.")
    (run,) = json.loads(scan("--sarif", folder).stdout)["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert all(rule[words]["text"] for words in ("shortDescription", "fullDescription", "help"))
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert {place["region"]["startLine"] for place in places} == {1}
    alerts = {
        (place["artifactLocation"]["uri"], result["ruleId"], result["partialFingerprints"]["primaryLocationLineHash"])
        for place, result in zip(places, run["results"], strict=True)
    }
    assert len(alerts) == len(run["results"]) == 5


def test_sarif_is_valid_by_the_schema_of_the_standard(folder: Path) -> None:
    """SAFELOAD_SARIF_SCHEMA is a copy of what `$schema` names; the standard's, so it is not kept here."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = os.environ.get("SAFELOAD_SARIF_SCHEMA") or pytest.skip("SAFELOAD_SARIF_SCHEMA names no copy of the schema")
    rules = json.loads(Path(schema).read_text("utf-8"))
    found = json.loads(scan("--sarif", folder).stdout)
    jsonschema.validators.validator_for(rules)(rules).validate(found)


def test_sarif_of_nothing_amiss_is_a_run_without_results(folder: Path) -> None:
    ended = scan("--sarif", folder / "good1.pkl")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["runs"][0]["results"] == []


def test_a_relative_path_stays_relative_in_sarif(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code scanning finds the file in the repository by it."""
    monkeypatch.chdir(folder)
    results = json.loads(scan("--sarif", "evil one.pkl").stdout)["runs"][0]["results"]
    assert results[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "evil%20one.pkl"


def test_a_file_that_cannot_be_opened_is_no_clean_file(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root opens everything")
    (folder / "good1.pkl").chmod(0)
    ended = scan("--json", folder / "good1.pkl")
    assert ended.returncode == 1
    assert json.loads(ended.stdout)["verdict"] == "error"


def test_the_hook_for_commits_takes_every_name_that_scan_knows() -> None:
    from safeload.cli.findings import SUFFIXES

    text = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    pattern = re.search(r"files: (.*)", text)[1]  # type: ignore[index]
    assert {suffix for suffix in SUFFIXES if not re.search(pattern, f"model{suffix.upper()}")} == set()
    assert not re.search(pattern, "README.md")
    assert "entry: safeload scan" in text
