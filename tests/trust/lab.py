"""A sigstore of one's own: an authority, a log of certificates and a log of signatures, all made with ``cryptography``.

What the public one does with a network, this does in memory; the official package verifies what it made offline.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import struct
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from trust import signer

ISSUER, IDENTITY = "https://accounts.lab.example", "team@lab.example"
SINCE: Final = "2020-01-01T00:00:00Z"
SIGNED_AT: Final = signer.START + datetime.timedelta(minutes=1)
_LIST, _ISSUED_BY = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
AUTHORITY, CERTIFICATES, SIGNATURES = signer.key(), signer.key(), signer.key()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _der(private: Any) -> bytes:
    der: bytes = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def _id(private: Any) -> bytes:
    return hashlib.sha256(_der(private)).digest()


def _sign(private: Any, data: bytes) -> bytes:
    signature: bytes = private.sign(data, ec.ECDSA(hashes.SHA256()))
    return signature


# --- the trusted root -------------------------------------------------------------------------------


def _log(private: Any) -> dict[str, Any]:
    key = {"rawBytes": _b64(_der(private)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": SINCE}}
    said = {"baseUrl": "https://log.lab.example", "hashAlgorithm": "SHA2_256", "publicKey": key}
    return said | {"logId": {"keyId": _b64(_id(private))}}


def trusted_root() -> str:
    authority = {
        "subject": {"organization": "lab", "commonName": "authority"},
        "uri": "https://authority.lab.example",
        "certChain": {"certificates": [{"rawBytes": _b64(_root().public_bytes(serialization.Encoding.DER))}]},
        "validFor": {"start": SINCE},
    }
    return json.dumps({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [_log(SIGNATURES)],
        "certificateAuthorities": [authority],
        "ctlogs": [_log(CERTIFICATES)],
    })  # fmt: skip


def trust_config() -> str:
    """The same as the official package's own command takes it: beside the root, where it would sign."""
    said = {"url": "https://lab.example", "majorApiVersion": 1, "validFor": {"start": SINCE}, "operator": "lab"}
    services: dict[str, Any] = {name: [said] for name in ("caUrls", "oidcUrls", "rekorTlogUrls", "tsaUrls")}
    kind = "application/vnd.dev.sigstore.signingconfig.v0.2+json"
    services |= {"mediaType": kind, "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"}}
    kind = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"
    return json.dumps({"mediaType": kind, "trustedRoot": json.loads(trusted_root()), "signingConfig": services})


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _root() -> x509.Certificate:
    name, public = x509.Name.from_rfc4514_string("CN=authority,O=lab"), AUTHORITY.public_key()
    builder = x509.CertificateBuilder(name, name, public, 1, signer.START, signer.START + 10 * signer.YEAR)
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(ca=True), True),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(AUTHORITY, hashes.SHA256())


# --- a certificate, made for one signature ----------------------------------------------------------


def certificate(private: Any, identity: str = IDENTITY, *, issuer: str = ISSUER, logged_by: Any = None) -> Any:
    until = signer.START + datetime.timedelta(minutes=10)
    builder = x509.CertificateBuilder(
        _root().subject, x509.Name([]), private.public_key(), 2, signer.START, until
    ).add_extension(_usage(ca=False), critical=True)
    for extension, critical in (
        (x509.ExtendedKeyUsage([signer.CODE]), False),
        (x509.SubjectKeyIdentifier.from_public_key(private.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(AUTHORITY.public_key()), False),
        (x509.SubjectAlternativeName([x509.RFC822Name(identity)]), True),
        (x509.UnrecognizedExtension(_ISSUED_BY, issuer.encode()), False),
    ):
        builder = builder.add_extension(extension, critical)
    before = builder.sign(AUTHORITY, hashes.SHA256())
    stamp = x509.UnrecognizedExtension(_LIST, _stamp(before.tbs_certificate_bytes, logged_by or CERTIFICATES))
    return builder.add_extension(stamp, critical=False).sign(AUTHORITY, hashes.SHA256())


def _stamp(body: bytes, log: Any) -> bytes:
    """What a log of certificates says of one, as RFC 6962 packs it."""
    milliseconds = int(signer.START.timestamp() * 1000)
    said = struct.pack("!BBQH", 0, 0, milliseconds, 1) + _id(AUTHORITY) + len(body).to_bytes(3, "big") + body
    signature = _sign(log, said + b"\0\0")
    stamp = struct.pack("!B32sQHBBH", 0, _id(log), milliseconds, 0, 4, 3, len(signature)) + signature
    packed = struct.pack("!HH", len(stamp) + 2, len(stamp)) + stamp
    return b"\x04" + bytes([len(packed)]) + packed  # an OCTET STRING; shorter than 128 bytes


# --- the bundle -------------------------------------------------------------------------------------


def bundle(statement: dict[str, Any], private: Any, leaf: Any) -> dict[str, Any]:
    """What a signer of this lab leaves behind."""
    said = signer.bundle(statement, private)
    payload = base64.b64decode(said["dsseEnvelope"]["payload"])
    signature = said["dsseEnvelope"]["signatures"][0]["sig"]
    pem = leaf.public_bytes(serialization.Encoding.PEM)
    spec = {
        "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
        "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(payload).hexdigest()},
        "signatures": [{"signature": signature, "verifier": _b64(pem)}],
    }
    body = json.dumps({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec}).encode()
    said["verificationMaterial"] = {
        "certificate": {"rawBytes": _b64(leaf.public_bytes(serialization.Encoding.DER))},
        "tlogEntries": [_entry(body)],
    }
    return said


def _entry(body: bytes) -> dict[str, Any]:
    """That a log of signatures has this one, the first and only one that it has."""
    at, log, root = int(SIGNED_AT.timestamp()), _id(SIGNATURES), hashlib.sha256(b"\0" + body).digest()
    promise = {"body": _b64(body), "integratedTime": at, "logID": log.hex(), "logIndex": 0}
    canonical = json.dumps(promise, sort_keys=True, separators=(",", ":")).encode()
    note = f"log.lab.example - 1\n1\n{_b64(root)}\n"
    checkpoint = f"{note}\n\u2014 log.lab.example {_b64(log[:4] + _sign(SIGNATURES, note.encode()))}\n"
    return {
        "logIndex": "0", "logId": {"keyId": _b64(log)}, "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": str(at), "inclusionPromise": {"signedEntryTimestamp": _b64(_sign(SIGNATURES, canonical))},
        "inclusionProof": {
            "logIndex": "0", "rootHash": _b64(root), "treeSize": "1", "hashes": [],
            "checkpoint": {"envelope": checkpoint},
        },
        "canonicalizedBody": _b64(body),
    }  # fmt: skip
