"""Model signatures: what the official package signed is verified here, and what is wrong with one is refused."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cryptography")

from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from safeload.cli import main
from safeload.pins import bundles, held, keys, signatures
from safeload.pins.bundles import BadBundleError
from safeload.pins.keys import NotSignedError
from trust import signer
from trust.signer import SERVER, certificate

SIGNED = Path(__file__).parent / "signed"
FILES = {"a.bin": b"some weights", "sub/b.bin": b"some more weights"}
KEY, OTHER = signer.key(), signer.key()


def call(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def put(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    for name, data in (files or FILES).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder.parent / "key.pem").write_bytes(signer.pem(KEY))
    (folder.parent / "other.pem").write_bytes(signer.pem(OTHER))
    return folder


# --- what the package model-signing 1.1.1 signed, as it wrote it ------------------------------------


@pytest.mark.parametrize("kind", ["files", "shards", "p384", "p521"])
@pytest.mark.parametrize("name", ["a.bin", "sub/b.bin"])
def test_what_the_official_package_signed_is_verified(kind: str, name: str) -> None:
    key = SIGNED / f"{kind if kind.startswith('p') else 'p256'}.pem"
    options = ("--signature", SIGNED / f"{kind}.sig", "--root", SIGNED / "model", "--key", key)
    code, output = call("signed", SIGNED / "model" / name, *options)
    assert code == 0, output
    assert keys.public_key(key.read_bytes())[0] in output.replace("\n", "")


@pytest.mark.parametrize("kind", ["blake2b", "blake3"])
def test_other_digests_than_sha256_are_refused(kind: str) -> None:
    options = ("--signature", SIGNED / f"{kind}.sig", "--root", SIGNED / "model", "--key", SIGNED / "p256.pem")
    code, output = call("signed", SIGNED / "model" / "a.bin", *options)
    assert code == 1
    assert "it lists no sha256" in output


# --- what is wrong with a bundle --------------------------------------------------------------------

Change = Callable[[dict[str, Any]], Any]


def resource(number: int = 0, **said: Any) -> Change:
    def change(statement: dict[str, Any]) -> None:
        statement["predicate"]["resources"][number] |= said
        signer.rooted(statement)

    return change


# A change of what is signed, which the right key then signs; and what is said.
STATEMENTS: dict[str, tuple[Change, str]] = {
    "another predicate": (lambda s: s.update(predicateType="https://model_signing/Digests/v0.1"), "no model signature"),
    "another type": (lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"), "no model signature"),
    "no subject": (lambda s: s.update(subject=[]), "not exactly one subject"),
    "two subjects": (lambda s: s.update(subject=s["subject"] * 2), "not exactly one subject"),
    "a subject with another digest": (
        lambda s: s["subject"][0]["digest"].update(sha256="0" * 64), "its subject's digest is not that",
    ),
    "another kind of digest": (
        lambda s: s["predicate"]["serialization"].update(hash_type="md5"), "lists no sha256",
    ),
    "another method": (lambda s: s["predicate"]["serialization"].update(method="trust-me"), "lists no sha256"),
    "no resources": (lambda s: s["predicate"].pop("resources"), "lists no resources"),
    "a resource that is none": (lambda s: s["predicate"]["resources"].append("a.bin"), "lists no resources"),
    "the same name twice": (
        lambda s: (s["predicate"]["resources"].append(dict(s["predicate"]["resources"][0])), signer.rooted(s)),
        "stands there twice",
    ),
    "half of a digest": (resource(digest="ab" * 16), "a resource without a sha256"),
    "a digest in capitals": (resource(digest="AB" * 32), "a resource without a sha256"),
    "an algorithm of the resource's own": (resource(algorithm="md5"), "not by its sha256"),
    "a name that leads out": (resource(name="../a.bin"), "no name of a file below"),
    "a name from the root": (resource(name="/a.bin"), "no name of a file below"),
    "a name with a dot": (resource(name="./a.bin"), "no name of a file below"),
    "a name as Windows writes it": (resource(name="sub\\a.bin"), "no name of a file below"),
    "another name": (resource(name="c.bin"), "'a.bin' is not among the 2 files"),
    "another file's digest": (resource(digest="0" * 64), "signed other bytes as 'a.bin'"),
}  # fmt: skip

@pytest.mark.parametrize(("change", "said"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_that_cannot_be_held_to_is_refused(change: Change, said: str, tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    statement = signer.statement(FILES)
    change(statement)
    (folder / "model.sig").write_text(json.dumps(signer.bundle(statement, KEY)))
    code, output = call("signed", folder / "a.bin", "--key", tmp_path / "key.pem")
    assert code == 1
    assert said in " ".join(output.split())


def envelope(**said: Any) -> Change:
    return lambda bundle: bundle["dsseEnvelope"].update(said)


RIGHT = signer.statement(FILES)
# A change of the bundle, once it is signed; and what is said.
BUNDLES: dict[str, tuple[Change, str]] = {
    "another version": (
        lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2"), "no sigstore bundle",
    ),
    "another payload type": (envelope(payloadType="application/json"), "no in-toto statement"),
    "no signature": (envelope(signatures=[]), "not exactly one signature"),
    "two signatures": (
        lambda b: b["dsseEnvelope"].update(signatures=b["dsseEnvelope"]["signatures"] * 2), "not exactly one",
    ),
    "a signature that is no base64": (envelope(signatures=[{"sig": "!"}]), "its sig is not in base64"),
    "an empty signature": (envelope(signatures=[{"sig": ""}]), "the signature is not of this key"),
    "another payload": (
        lambda b: b["dsseEnvelope"].update(
            payload=signer.bundle(signer.statement({"a.bin": b""}), KEY)["dsseEnvelope"]["payload"]
        ),
        "the signature is not of this key",
    ),
    "no envelope": (lambda b: b.pop("dsseEnvelope"), "it has no dsseEnvelope"),
    "a message in the envelope's place": (
        lambda b: b.update(messageSignature=b.pop("dsseEnvelope")), "it has no dsseEnvelope",
    ),
    "a certificate": (
        lambda b: b["verificationMaterial"].update(x509CertificateChain={"certificates": [{"rawBytes": "AAAA"}]}),
        "signed with a certificate",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), BUNDLES.values(), ids=BUNDLES)
def test_a_bundle_that_was_changed_is_refused(change: Change, said: str, tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    bundle = signer.bundle(RIGHT, KEY)
    (folder / "model.sig").write_text(json.dumps(bundle))
    assert call("signed", folder / "a.bin", folder / "sub" / "b.bin", "--key", tmp_path / "key.pem")[0] == 0
    change(bundle)
    (folder / "model.sig").write_text(json.dumps(bundle))
    code, output = call("signed", folder / "a.bin", "--key", tmp_path / "key.pem")
    assert code == 1
    assert said in " ".join(output.split())


TEXTS = {
    "nothing": b"",
    "a list": b"[]",
    "a key twice": b'{"mediaType": "a", "mediaType": "b"}',
    "a depth that no parser takes": b"[" * 100_000,
    "no UTF-8": b'{"mediaType": "\xff"}',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_no_bundle_is_refused(text: bytes) -> None:
    with pytest.raises(BadBundleError):
        bundles.parse(text)


def test_another_key_does_not_count(tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    signer.sign(folder, KEY)
    code, output = call("signed", folder / "a.bin", "--key", tmp_path / "other.pem")
    assert code == 1
    assert "not of this key" in output


@pytest.mark.parametrize("curve", [ec.SECP256K1, ec.BrainpoolP256R1, None], ids=["k1", "brainpool", "rsa"])
def test_other_kinds_of_keys_are_not_taken(curve: Any) -> None:
    private = rsa.generate_private_key(65537, 2048) if curve is None else signer.key(curve)
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    with pytest.raises(NotSignedError, match="only keys on the curves"):
        keys.public_key(private.public_key().public_bytes(serialization.Encoding.PEM, kind))


# How the parts of a sharded file may lie: (name: start: end, of a file of 12 bytes) and whether that is all of it.
SHARDS = {
    "all of it": ([(0, 5), (5, 10), (10, 12)], True),
    "in one": ([(0, 12)], True),
    "without the end": ([(0, 5), (5, 10)], False),
    "without the beginning": ([(5, 12)], False),
    "with a hole": ([(0, 5), (6, 12)], False),
    "one over another": ([(0, 7), (5, 12)], False),
    "one twice": ([(0, 12), (0, 12)], False),
    "beyond the end": ([(0, 12), (12, 20)], False),
    "an empty one": ([(0, 0), (0, 12)], False),
}


@pytest.mark.parametrize(("parts", "whole"), SHARDS.values(), ids=SHARDS)
def test_shards_have_to_be_all_of_a_file(parts: list[tuple[int, int]], *, whole: bool) -> None:
    data = FILES["a.bin"]
    statement = signer.statement({}, shard=5)
    for start, end in parts:
        (item,) = signer.statement({"a.bin": data[start:end] or b"x"}, shard=99)["predicate"]["resources"]
        statement["predicate"]["resources"].append(item | {"name": f"a.bin:{start}:{end}"})
    read = bundles.statement_of(json.dumps(signer.rooted(statement)).encode())
    assert read.says("a.bin", held.in_memory(data).digest, len(data), io.BytesIO(data)) is whole


def test_a_sharded_file_may_have_a_colon_in_its_name() -> None:
    data = FILES["a.bin"]
    read = bundles.statement_of(json.dumps(signer.statement({"a:1.bin": data}, shard=5)).encode())
    assert read.says("a:1.bin", held.in_memory(data).digest, len(data), io.BytesIO(data))


# --- certificates -------------------------------------------------------------------------------------

TEAM, ROOT, MIDDLE = "CN=team,O=lab", "CN=root,O=lab", "CN=middle,O=lab"
ROOT_KEY, MIDDLE_KEY = signer.key(), signer.key()
ROOT_CERTIFICATE = certificate(ROOT, ROOT_KEY, ROOT, ROOT_KEY, ca=True)


def below(**options: Any) -> Any:
    return certificate(MIDDLE, MIDDLE_KEY, ROOT, ROOT_KEY, **{"ca": True, **options})


def leaf(**options: Any) -> Any:
    return certificate(TEAM, KEY, ROOT, ROOT_KEY, **options)


def leaf_below(**options: Any) -> Any:
    return certificate(TEAM, KEY, MIDDLE, MIDDLE_KEY, **options)


# What the bundle brings: (certificates from the leaf upwards, subject, day, what is said; empty if it holds)
CHAINS: dict[str, tuple[list[Any], str, str, str]] = {
    "issued by the root": ([leaf()], TEAM, "2026-06-01", ""),
    "with the root beside it": ([leaf(), ROOT_CERTIFICATE], TEAM, "2026-06-01", ""),
    "one in between": ([leaf_below(), below()], TEAM, "2026-06-01", ""),
    "one in between that may not issue": ([leaf_below(), below(ca=False)], TEAM, "2026-06-01", "may not issue"),
    "one in between, left out": ([leaf_below()], TEAM, "2026-06-01", "no pinned root vouches"),
    "two in between where one is allowed": (
        [
            certificate(TEAM, KEY, "CN=low", OTHER),
            certificate("CN=low", OTHER, MIDDLE, MIDDLE_KEY, ca=True),
            below(path=0),
        ],
        TEAM, "2026-06-01", "more certificates in between",
    ),
    "another subject": ([leaf()], "CN=team,O=other", "2026-06-01", "the certificate is of"),
    "part of the subject": ([leaf()], "CN=team", "2026-06-01", "the certificate is of"),
    "another root of the same name": (
        [certificate(TEAM, KEY, ROOT, OTHER)], TEAM, "2026-06-01", "no pinned root vouches",
    ),
    "its own root": (
        [certificate(TEAM, KEY, ROOT, OTHER), certificate(ROOT, OTHER, ROOT, OTHER, ca=True)],
        TEAM, "2026-06-01", "no pinned root vouches",
    ),
    "signed by itself": ([certificate(TEAM, KEY, TEAM, KEY)], TEAM, "2026-06-01", "no pinned root vouches"),
    "for servers": ([leaf(usage=(SERVER,))], TEAM, "2026-06-01", "not for code"),
    "for nothing that is said": ([leaf(usage=())], TEAM, "2026-06-01", "does not say its ExtendedKeyUsage"),
    "expired by then": ([leaf()], TEAM, "2027-06-01", "a certificate held from"),
    "not yet by then": ([leaf()], TEAM, "2025-06-01", "a certificate held from"),
    "one in between expired": (
        [leaf_below(), below(start=signer.START - signer.YEAR)], TEAM, "2026-06-01", "a certificate held from",
    ),
    "with something critical that nobody here knows": (
        [leaf(critical=True)], TEAM, "2026-06-01", "critical extension that is not known",
    ),
    "of another key than signed": (
        [certificate(TEAM, OTHER, ROOT, ROOT_KEY)], TEAM, "2026-06-01", "the signature is not of this key",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("chain", "subject", "day", "said"), CHAINS.values(), ids=CHAINS)
def test_a_certificate_counts_for_one_root_one_subject_code_and_a_time(
    chain: list[Any], subject: str, day: str, said: str, tmp_path: Path
) -> None:
    folder = put(tmp_path / "model")
    (folder / "model.sig").write_text(json.dumps(signer.bundle(RIGHT, KEY, chain=chain)))
    (tmp_path / "ca.pem").write_bytes(ROOT_CERTIFICATE.public_bytes(serialization.Encoding.PEM))
    options = ("--ca", tmp_path / "ca.pem", "--subject", subject, "--at", day)
    code, output = call("signed", folder / "a.bin", *options)
    assert (code, said in " ".join(output.split())) == (int(bool(said)), True), output


def test_without_a_day_a_certificate_has_to_hold_now(tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    start = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    ca = certificate(ROOT, ROOT_KEY, ROOT, ROOT_KEY, ca=True, start=start - 3 * signer.YEAR / 2)
    (tmp_path / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    chain = [leaf(start=start - signer.YEAR / 2)]
    (folder / "model.sig").write_text(json.dumps(signer.bundle(RIGHT, KEY, chain=chain)))
    code, output = call("signed", folder / "a.bin", "--ca", tmp_path / "ca.pem", "--subject", TEAM)
    assert code == 1, output
    assert "a certificate held from" in output


# --- what comes of it ----------------------------------------------------------------------------------


def test_pin_writes_down_whose_signature_it_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = put(tmp_path / "model", {"a.pkl": b"cmylab\nHead\n.", "b.pkl": b"N."})
    signer.sign(folder, KEY)
    monkeypatch.chdir(tmp_path)
    common = ("pin", "--reason", "signed by the team", "--key", "key.pem")
    assert call(*common, "model/a.pkl")[0] == 0
    assert f'signed_by = "key:{signer.digest(KEY)}"' in Path("safeload.lock").read_text()
    before = Path("safeload.lock").read_text()
    (folder / "b.pkl").write_bytes(b"I1\n.")
    code, output = call(*common, "model/b.pkl")
    assert code == 1
    assert "signed other bytes as 'b.pkl'" in output
    assert Path("safeload.lock").read_text() == before


def test_whose_signature_counts_has_to_be_said(tmp_path: Path) -> None:
    folder = put(tmp_path / "model")
    signer.sign(folder, KEY)
    key, ca = tmp_path / "key.pem", tmp_path / "other.pem"
    for options in ((), ("--key", key, "--ca", ca, "--subject", TEAM), ("--ca", ca), ("--subject", TEAM)):
        assert call("signed", folder / "a.bin", *options)[0] == 2


def test_signing_without_the_official_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(tmp_path / "model")
    monkeypatch.setattr("safeload.cli.signing.find_spec", lambda _: None)
    code, output = call("sign", folder, "--key", tmp_path / "key.pem")
    assert code == 2
    assert "safeload[sign]" in output


def test_a_name_is_one_below_the_signed_folder(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    assert signatures.name_of(tmp_path / "model" / "x" / ".." / "a.bin", tmp_path / "model") == "a.bin"
    assert signatures.name_of(tmp_path / "a.bin", tmp_path / "model") == ""
