"""Signatures without a key of one's own: what the official package says of them offline counts, and nothing else."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("cryptography")
pytest.importorskip("sigstore")

from safeload.pins import keyless, reading
from trust import lab, signer
from trust.test_signatures import FILES, call, put

KEY, OTHER = signer.key(), signer.key()
RIGHT = signer.statement(FILES)
LEAF = lab.certificate(KEY)

Change = Callable[[dict[str, Any]], Any]


def material(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = bundle["verificationMaterial"]
    return found


def entry(bundle: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = material(bundle)["tlogEntries"][0]
    return found


def other_payload(bundle: dict[str, Any]) -> None:
    payload = json.dumps(signer.statement({"a.bin": b"evil"})).encode()
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()


def leaf_of(private: Any, **options: Any) -> dict[str, Any]:
    return lab.bundle(RIGHT, private, lab.certificate(private, **options))


def changed(change: Change) -> dict[str, Any]:
    bundle = lab.bundle(RIGHT, KEY, LEAF)
    change(bundle)
    return bundle


# A bundle, with what is asked of it beside what is right; and what is said, nothing where it holds.
BUNDLES: dict[str, tuple[dict[str, Any], dict[str, str], str]] = {
    "as it was signed": (lab.bundle(RIGHT, KEY, LEAF), {}, ""),
    "another identity": (lab.bundle(RIGHT, KEY, LEAF), {"--identity": "eve@lab.example"}, "do not match"),
    "part of the identity": (lab.bundle(RIGHT, KEY, LEAF), {"--identity": "lab.example"}, "do not match"),
    "another issuer": (lab.bundle(RIGHT, KEY, LEAF), {"--issuer": "https://accounts.other.example"}, "not verified"),
    "a certificate of another issuer": (leaf_of(KEY, issuer="https://x.example"), {}, "not verified"),
    "a certificate that no log has": (leaf_of(KEY, logged_by=OTHER), {}, "SCT"),
    "a certificate of somebody else": (lab.bundle(RIGHT, OTHER, LEAF), {}, "not verified"),
    "a signature that no log has": (changed(lambda b: material(b).update(tlogEntries=[])), {}, "not verified"),
    "a time that no log said": (changed(lambda b: entry(b).update(integratedTime="1767225700")), {}, "not verified"),
    "long after the certificate": (changed(lambda b: entry(b).update(integratedTime="1800000000")), {}, "not verified"),
    "no promise of a log": (changed(lambda b: entry(b).pop("inclusionPromise")), {}, "not verified"),
    "another payload": (changed(other_payload), {}, "not verified"),
    "signed with a key": (signer.bundle(RIGHT, KEY), {}, "no identity is in it"),
    "signed with a certificate of one's own": (signer.bundle(RIGHT, KEY, chain=[LEAF]), {}, "no identity is in it"),
    "other files": (lab.bundle(signer.statement({"b.bin": b"x"}), KEY, LEAF), {}, "'a.bin' is not among"),
    "other bytes": (lab.bundle(signer.statement({"a.bin": b"x"}), KEY, LEAF), {}, "signed other bytes as 'a.bin'"),
}


def options_for(folder: Path, **said: str) -> tuple[str, ...]:
    (folder / "root.json").write_text(lab.trusted_root())
    given = {"--identity": lab.IDENTITY, "--issuer": lab.ISSUER, "--trust-root": str(folder / "root.json"), **said}
    return tuple(part for item in given.items() for part in item)


@pytest.mark.parametrize(("bundle", "said", "problem"), BUNDLES.values(), ids=BUNDLES)
def test_what_was_signed_without_a_key(
    bundle: dict[str, Any], said: dict[str, str], problem: str, tmp_path: Path
) -> None:
    folder = put(tmp_path / "model")
    (folder / "model.sig").write_text(json.dumps(bundle))
    code, output = call("signed", folder / "a.bin", *options_for(tmp_path, **said))
    words = " ".join(output.split())
    assert (code, problem in words) == (int(bool(problem)), True), output
    if not problem:
        assert f"signed by identity:{lab.IDENTITY}, by {lab.ISSUER}" in words


def test_another_trust_root_does_not_know_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path / "model")
    (folder / "model.sig").write_text(json.dumps(lab.bundle(RIGHT, KEY, LEAF)))
    monkeypatch.setattr(lab, "SIGNATURES", signer.key())
    code, output = call("signed", folder / "a.bin", *options_for(tmp_path))
    assert (code, "not verified" in output) == (1, True), output


def test_without_its_trust_root_nothing_is_fetched(tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    (folder / "model.sig").write_text(json.dumps(lab.bundle(RIGHT, KEY, LEAF)))
    code, output = call("signed", folder / "a.bin", "--identity", lab.IDENTITY, "--issuer", lab.ISSUER)
    assert (code, "would ask the network" in " ".join(output.split())) == (2, True), output


def test_pin_writes_the_identity_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"a.pkl": b"cmylab\nHead\n."}
    folder = put(tmp_path / "model", files)
    (folder / "model.sig").write_text(json.dumps(lab.bundle(signer.statement(files), KEY, LEAF)))
    monkeypatch.chdir(tmp_path)
    assert call("pin", "--reason", "signed", "model/a.pkl", *options_for(tmp_path))[0] == 0
    (pin,) = reading.read(Path("safeload.lock")).pins.values()
    assert pin.signed_by == f"identity:{lab.IDENTITY}, by {lab.ISSUER}"


# --- offline ------------------------------------------------------------------------------------------

# A package in sigstore's place: what it does, and what is said of it.
PACKAGES = {
    "one that asks the network": ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", keyless.OFFLINE),
    "one that asks for a name's address": ("import socket; socket.getaddrinfo('localhost', 80)", keyless.OFFLINE),
    "one that asks, and says yes when nobody answers": (
        "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: pass", keyless.OFFLINE,
    ),
    "one whose words write over a terminal": ("raise ValueError(chr(27) + '[2J')", r"it is not verified\: \\x1b\[2J"),
    "one that ends": ("import os; os._exit(0)", "it read another statement in it"),
}  # fmt: skip
CHILD = """
import sys, types
from pathlib import Path
def sigstore(name):
    module = sys.modules[name] = types.ModuleType(name)
    return module
models, verify = sigstore("sigstore.models"), sigstore("sigstore.verify")
sigstore("sigstore").__path__ = []
code, sys.argv[1:] = sys.argv[1], ["root.json", "a", "b"]
class Anything:
    def __init__(self, **_): pass
    @classmethod
    def from_file(cls, _): return cls()
    from_json = from_file
    def verify_dsse(self, *_):
        exec(code)
        return "application/vnd.in-toto+json", b"payload"
models.Bundle = models.TrustedRoot = verify.Verifier = Anything
verify.policy = types.SimpleNamespace(Identity=Anything)
from safeload.pins import keyless
keyless.main()
"""


@pytest.mark.parametrize(("code", "said"), PACKAGES.values(), ids=PACKAGES)
def test_a_package_that_cannot_tell_offline_never_says_yes(
    code: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_its_place(code, monkeypatch)
    with pytest.raises(keyless.NotSignedError, match=said):
        keyless.verify(b"payload", b"{}", Path("root.json"), "a", "b")


def test_what_stands_in_for_the_package_is_believed_where_it_is_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """So it is the question to the network that the rows above are refused for."""
    put_in_its_place("0", monkeypatch)
    keyless.verify(b"payload", b"{}", Path("root.json"), "a", "b")


def test_an_old_package_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "CHILD", CHILD.replace("models.Bundle = models", "models"))
    put_in_its_place("0", monkeypatch)
    with pytest.raises(keyless.NotSignedError, match=keyless.NEEDS.partition(":")[0]):
        keyless.verify(b"payload", b"{}", Path("root.json"), "a", "b")


def put_in_its_place(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = subprocess.run
    stand_in = SimpleNamespace(
        run=lambda command, **options: run([command[0], "-c", CHILD, code], **options),
        SubprocessError=subprocess.SubprocessError,
    )
    monkeypatch.setattr(keyless, "subprocess", stand_in)
