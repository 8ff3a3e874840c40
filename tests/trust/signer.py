"""Signatures as the format has them, made with ``cryptography`` alone: what a test wants to be wrong, it can be."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HASH = {256: hashes.SHA256, 384: hashes.SHA384, 521: hashes.SHA512}
PAYLOAD = "application/vnd.in-toto+json"


def key(curve: Any = ec.SECP256R1) -> Any:
    return ec.generate_private_key(curve())


def pem(private: Any) -> bytes:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, kind)


def digest(private: Any) -> str:
    kind = serialization.PublicFormat.SubjectPublicKeyInfo
    return "sha256:" + hashlib.sha256(private.public_key().public_bytes(serialization.Encoding.DER, kind)).hexdigest()


def statement(files: dict[str, bytes], *, shard: int = 0) -> dict[str, Any]:
    """What a signer of these files says."""
    resources = []
    for name, data in sorted(files.items()):
        for start in range(0, len(data), shard) if shard else (0,):
            part = data[start : start + shard] if shard else data
            named = f"{name}:{start}:{start + len(part)}" if shard else name
            algorithm = f"sha256-sharded-{shard}" if shard else "sha256"
            resources.append({"name": named, "digest": hashlib.sha256(part).hexdigest(), "algorithm": algorithm})
    method = "shards" if shard else "files"
    serialized: dict[str, Any] = {"method": method, "hash_type": "sha256", "allow_symlinks": False}
    if shard:
        serialized["shard_size"] = shard
    said = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": ""}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {"serialization": serialized | {"ignore_paths": [".git"]}, "resources": resources},
    }
    return rooted(said)


def rooted(said: dict[str, Any]) -> dict[str, Any]:
    """With the subject's digest as it has to be."""
    digests = b"".join(bytes.fromhex(item["digest"]) for item in said["predicate"]["resources"])
    said["subject"][0]["digest"]["sha256"] = hashlib.sha256(digests).hexdigest()
    return said


def bundle(payload: bytes | dict[str, Any], private: Any, *, kind: str = PAYLOAD, chain: Any = ()) -> dict[str, Any]:
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    signature = private.sign(message, ec.ECDSA(HASH[private.curve.key_size]()))
    der = [{"rawBytes": base64.b64encode(one.public_bytes(serialization.Encoding.DER)).decode()} for one in chain]
    material = {"x509CertificateChain": {"certificates": der}} if der else {"publicKey": {"hint": ""}}
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {**material, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"sig": base64.b64encode(signature).decode(), "keyid": ""}],
        },
    }


def sign(folder: Path, private: Any, **options: Any) -> None:
    """Sign every file of a folder, and put the bundle in it."""
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
    (folder / "model.sig").write_text(json.dumps(bundle(statement(files, **options), private)))


# --- certificates -----------------------------------------------------------------------------------

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
YEAR = datetime.timedelta(days=365)
CODE, SERVER = x509.oid.ExtendedKeyUsageOID.CODE_SIGNING, x509.oid.ExtendedKeyUsageOID.SERVER_AUTH


def name(text: str) -> x509.Name:
    return x509.Name.from_rfc4514_string(text)


def certificate(  # a certificate has many parts
    subject: str, private: Any, issuer: str, issuers: Any, *,
    ca: bool = False, usage: Any = (CODE,), path: int | None = None, critical: bool = False, start: Any = START,
) -> x509.Certificate:  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + YEAR)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not ca, key_cert_sign=ca, crl_sign=False, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if usage and not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    if critical:
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
        builder = builder.add_extension(unknown, critical=True)
    return builder.sign(issuers, hashes.SHA256())
