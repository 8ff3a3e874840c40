"""``safeload scan --format cyclonedx``: a component for each file, with its digest, its verdict and what lets it in."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from evasions.builders import BOOM, pickled

import safeload
from safeload.cli import findings, hashing, main
from safeload.cli.findings import Target

FILES = {
    "cut.pkl": pickle.dumps([1, 2])[:-1],
    "evil.pkl": pickled(BOOM),
    "good.pkl": pickle.dumps(OrderedDict(a=1)),
    "notes.txt": b"some notes",
    "own.pkl": b"cmylab.nets\nHead\n)R.",
    "weights.safetensors": b"\x02\0\0\0\0\0\0\0{}",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return tmp_path


def scan(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(main, ["scan", *arguments], env=variables)


def bom(*arguments: str, **variables: str) -> dict[str, Any]:
    done: dict[str, Any] = json.loads(scan("--format", "cyclonedx", *arguments, **variables).stdout)
    return done


def said(component: dict[str, Any], name: str) -> list[str]:
    return [item["value"] for item in component["properties"] if item["name"] == f"safeload:{name}"]


def validator() -> Any:
    """What says what is wrong by the published schema: that of a package, or a copy that a variable names."""
    schema = os.environ.get("SAFELOAD_CYCLONEDX_SCHEMA")
    if schema:
        jsonschema = pytest.importorskip("jsonschema")
        rules = json.loads(Path(schema).read_text("utf-8"))
        check = jsonschema.validators.validator_for(rules)(rules)
        return lambda text: next(check.iter_errors(json.loads(text)), None)
    pytest.importorskip("cyclonedx")
    from cyclonedx.schema import SchemaVersion  # type: ignore[import-not-found]  # only some have it
    from cyclonedx.validation import json as validation  # type: ignore[import-not-found]  # the same

    try:
        strict = validation.JsonStrictValidator(SchemaVersion.V1_6)
        strict.validate_str("{}")
    except validation.MissingOptionalDependencyException:
        pytest.skip("cyclonedx-python-lib[json-validation] is not here")
    return strict.validate_str


# what the document says of each file: (verdict, format, what is refused)
ROWS = {
    "cut.pkl": ("unreadable", "pickle", []),
    "evil.pkl": ("refused", "pickle", ["os:system"]),
    "good.pkl": ("admitted", "pickle", []),
    "own.pkl": ("refused", "pickle", ["mylab.nets:Head"]),
    "weights.safetensors": ("admitted", "safetensors", []),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_file_is_a_component(name: str, folder: Path) -> None:
    (found,) = [item for item in bom(".")["components"] if item["name"] == name]
    verdict, form, refused = ROWS[name]
    assert found["type"] == "machine-learning-model"
    assert found["hashes"] == [{"alg": "SHA-256", "content": hashlib.sha256(FILES[name]).hexdigest()}]
    assert (said(found, "verdict"), said(found, "format")) == ([verdict], [form])
    assert [text.partition(": ")[0] for text in said(found, "refused")] == refused


def test_what_is_no_model_is_none_and_a_bad_one_ends_with_1(folder: Path) -> None:
    done = scan("--format", "cyclonedx", ".")
    assert done.exit_code == 1
    assert [item["name"] for item in json.loads(done.stdout)["components"]] == list(ROWS)
    assert scan("--format", "cyclonedx", "good.pkl").exit_code == 0


def test_the_published_schema_holds_and_does_find_what_is_wrong(folder: Path) -> None:
    wrong = validator()
    (folder / "\udcff.pkl").write_bytes(FILES["good.pkl"])
    text = scan("--format", "cyclonedx", ".", "good.pkl", "good.pkl", SOURCE_DATE_EPOCH="1764000000").stdout
    assert wrong(text) is None
    assert wrong(text.replace('"SHA-256"', '"SHA-2"')) is not None
    text.encode("utf-8")
    assert "\\udcff" not in json.dumps(json.loads(text)["components"][-1]["name"]).replace("\\\\", "")


def test_the_same_files_give_the_same_document(folder: Path) -> None:
    first = scan("--format", "cyclonedx", ".").stdout
    assert scan("--format", "cyclonedx", ".", "-j", "2", "--backend", "threading").stdout == first
    assert "timestamp" not in first
    (folder / "good.pkl").write_bytes(FILES["own.pkl"])
    assert bom(".")["serialNumber"] != json.loads(first)["serialNumber"]


def test_the_time_is_the_one_that_is_given(folder: Path) -> None:
    assert bom("good.pkl", SOURCE_DATE_EPOCH="86400")["metadata"]["timestamp"] == "1970-01-02T00:00:00Z"
    done = scan("--format", "cyclonedx", "good.pkl", SOURCE_DATE_EPOCH="today")
    assert (done.exit_code, "SOURCE_DATE_EPOCH is no number" in done.stderr) == (2, True)


def test_what_lets_it_in_is_said(folder: Path) -> None:
    pin = ["pin", "evil.pkl", "--grant", "pickle", "--reason", "a test of ours"]
    assert CliRunner().invoke(main, pin).exit_code == 0
    path = folder / "safeload.lock"
    path.write_text(path.read_text().replace("grant =", f'signed_by = "key:sha256:{"d" * 64}"\ngrant ='))
    with safeload.activate(safeload.Policy(lock=str(path))):
        (found,) = bom("evil.pkl")["components"]
    names = ("verdict", "grant", "grant:level", "grant:reason", "signer")
    assert [said(found, name) for name in names] == [
        ["admitted"], ["pin"], ["pickle"], ["a test of ours"], [f"key:sha256:{'d' * 64}"],
    ]  # fmt: skip


def test_a_file_that_changes_under_the_look_has_no_digest(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = findings.find

    def find(target: Target) -> Any:
        finding = look(target)
        Path(target.place).write_bytes(FILES["evil.pkl"])
        return finding

    monkeypatch.setattr(hashing, "find", find)
    finding = hashing.find_hashed(Target("good.pkl", named=True))
    assert (finding.outcome, finding.error, finding.sha256) == ("error", hashing.CHANGED, "")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        pytest.param(("--format", "json", "--json"), 0, id="said twice"),
        pytest.param(("--format", "cyclonedx", "--sarif"), 2, id="two formats"),
        pytest.param(("--format", "spdx"), 2, id="one that nobody knows"),
    ],
)
def test_one_format_is_asked_for(options: tuple[str, ...], code: int, folder: Path) -> None:
    assert scan("good.pkl", *options).exit_code == code


def test_what_its_cache_says_otherwise_is_refused(folder: Path) -> None:
    repository = folder / "models--org--name"
    blob, place = repository / "blobs" / ("a" * 64), repository / "snapshots" / "c0ffee0"
    blob.parent.mkdir(parents=True)
    place.mkdir(parents=True)
    blob.write_bytes(FILES["good.pkl"])
    (place / "m.pkl").symlink_to(f"../../blobs/{blob.name}")
    (found,) = bom("models--org--name")["components"]
    assert (said(found, "verdict"), said(found, "source")) == (["refused"], ["org/name@c0ffee0"])
    assert f"says that it is sha256:{blob.name}" in said(found, "problem")[0]
