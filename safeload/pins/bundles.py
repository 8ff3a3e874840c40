"""OpenSSF model signatures as text: a sigstore bundle, the DSSE envelope in it, and the statement in that.

Only what version 1.0 of the format says, and of that only what can be held to: anything else is refused. A file is
signed if a resource of its very name has its very digest. What a statement leaves out (``ignore_paths``, links)
is not signed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, Final

LIMIT: Final = 64 << 20  # bytes of a bundle
BUNDLE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD: Final = "application/vnd.in-toto+json"
STATEMENT: Final = "https://in-toto.io/Statement/v1"
PREDICATE: Final = "https://model_signing/signature/v1.0"
_DIGITS: Final = re.compile(r"[0-9a-f]{64}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class BadBundleError(ValueError):
    """It is none, or not one that can be held to."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is signed, with the signature, nothing of it verified.

    Attributes:
        message: the bytes that the signature is of.
        certificates: the signer's certificate and those between it and a root, as DER; none for a bare key.
        is_keyless: it has a certificate of sigstore's own authority, made for this one signature.
    """

    payload: bytes
    message: bytes
    signature: bytes
    certificates: tuple[bytes, ...] = ()
    is_keyless: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Which files are signed.

    Attributes:
        model: what the signer calls the folder.
        files: each name with its parts: from where to where, and the digest. A whole file is one part without an end.
    """

    model: str
    files: Mapping[str, tuple[tuple[int, int | None, str], ...]]

    def covers(self, name: str) -> bool:
        return name in self.files

    def says(self, name: str, digest: str, size: int, content: BinaryIO) -> bool:
        """Whether these are the bytes that were signed under this name, all of them."""
        parts = self.files.get(name, ())
        if len(parts) == 1 and parts[0][1] is None:
            return parts[0][2] == digest
        at = 0
        for start, end, expected in parts:
            if start != at or end is None or end <= start or end > size:
                return False
            if _digest_of(content, start, end) != expected:
                return False
            at = end
        return bool(parts) and at == size


def _digest_of(content: BinaryIO, start: int, end: int) -> str:
    content.seek(start)
    sha256, left = hashlib.sha256(), end - start
    while left and (piece := content.read(min(left, 1 << 20))):
        sha256.update(piece)
        left -= len(piece)
    return sha256.hexdigest()


def parse(content: bytes) -> Bundle:
    """A bundle as it is written.

    Raises:
        BadBundleError: it is none of the kind that is read here.
    """
    table = _json(content)
    if table.get("mediaType") != BUNDLE:
        msg = f"it is no sigstore bundle of version 0.3 ({table.get('mediaType')!r:.80})"
        raise BadBundleError(msg)
    envelope = _table(table, "dsseEnvelope")
    if envelope.get("payloadType") != PAYLOAD:
        msg = f"what is signed is no in-toto statement ({envelope.get('payloadType')!r:.80})"
        raise BadBundleError(msg)
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or len(signatures) != 1 or not isinstance(signatures[0], dict):
        msg = "it has not exactly one signature"
        raise BadBundleError(msg)
    payload = _bytes(envelope, "payload")
    kind = PAYLOAD.encode()
    message = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    material = _table(table, "verificationMaterial")
    return Bundle(payload, message, _bytes(signatures[0], "sig"), _certificates(material), "certificate" in material)


def _certificates(material: dict[str, Any]) -> tuple[bytes, ...]:
    chain = material.get("x509CertificateChain")
    if chain is None:
        return ()
    listed = chain.get("certificates") if isinstance(chain, dict) else None
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        msg = "its certificates are none"
        raise BadBundleError(msg)
    return tuple(_bytes(item, "rawBytes") for item in listed)


def statement_of(payload: bytes) -> Statement:
    """What a payload says, once its signature was verified.

    Raises:
        BadBundleError: it says something that cannot be held to.
    """
    table = _json(payload)
    if table.get("_type") != STATEMENT or table.get("predicateType") != PREDICATE:
        msg = f"it is no model signature of version 1.0 ({table.get('predicateType')!r:.80})"
        raise BadBundleError(msg)
    subjects = table.get("subject")
    if not isinstance(subjects, list) or len(subjects) != 1 or not isinstance(subjects[0], dict):
        msg = "it has not exactly one subject"
        raise BadBundleError(msg)
    predicate = _table(table, "predicate")
    method = _table(predicate, "serialization")
    resources = predicate.get("resources")
    if not isinstance(resources, list) or not all(isinstance(item, dict) for item in resources):
        msg = "it lists no resources"
        raise BadBundleError(msg)
    if method.get("hash_type") != "sha256" or method.get("method") not in ("files", "shards"):
        msg = f"it lists no sha256 of files or shards ({method.get('hash_type')!r:.40}, {method.get('method')!r:.40})"
        raise BadBundleError(msg)
    _root(subjects[0], resources)
    files = _files(resources) if method["method"] == "files" else _shards(resources)
    return Statement(str(subjects[0].get("name", "")), MappingProxyType(files))


def _root(subject: dict[str, Any], resources: Iterable[dict[str, Any]]) -> None:
    """The subject's digest is one over all others: a statement that contradicts itself is no good for any."""
    digests = b"".join(bytes.fromhex(_digits(item)) for item in resources)
    if _table(subject, "digest").get("sha256") != hashlib.sha256(digests).hexdigest():
        msg = "its subject's digest is not that of its resources"
        raise BadBundleError(msg)


def _digits(resource: dict[str, Any]) -> str:
    digest = resource.get("digest")
    if not isinstance(digest, str) or not _DIGITS.fullmatch(digest):
        msg = f"a resource without a sha256 ({digest!r:.80})"
        raise BadBundleError(msg)
    return digest


def _files(resources: Iterable[dict[str, Any]]) -> dict[str, tuple[tuple[int, int | None, str], ...]]:
    found: dict[str, tuple[tuple[int, int | None, str], ...]] = {}
    for item in resources:
        name = _name(item.get("name"))
        if item.get("algorithm") != "sha256" or name in found:
            msg = f"{name!r:.80} stands there twice, or not by its sha256"
            raise BadBundleError(msg)
        found[name] = ((0, None, _digits(item)),)
    return found


def _shards(resources: Iterable[dict[str, Any]]) -> dict[str, tuple[tuple[int, int | None, str], ...]]:
    parts: dict[str, list[tuple[int, int | None, str]]] = {}
    for item in resources:
        named = str(item.get("name")).rsplit(":", 2)  # a file's name may have colons, too
        name, start, end = named if len(named) == 3 else ("", "", "")  # noqa: PLR2004 - as is written here
        algorithm = str(item.get("algorithm"))
        if not (_NUMBER.fullmatch(start) and _NUMBER.fullmatch(end)) or not algorithm.startswith("sha256-sharded-"):
            msg = f"{item.get('name')!r:.80} is no shard by its sha256"
            raise BadBundleError(msg)
        parts.setdefault(_name(name), []).append((int(start), int(end), _digits(item)))
    return {name: tuple(sorted(listed)) for name, listed in parts.items()}


def _name(name: Any) -> str:
    """A name inside the folder, in the one way to write it."""
    parts = name.split("/") if isinstance(name, str) else [""]
    if not isinstance(name, str) or {"", ".", ".."} & set(parts) or "\\" in name or "\0" in name:
        msg = f"{name!r:.80} is no name of a file below the folder"
        raise BadBundleError(msg)
    return name


def _json(content: bytes) -> dict[str, Any]:
    try:
        table = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        msg = f"it cannot be read: {error}"
        raise BadBundleError(msg) from None
    if not isinstance(table, dict):
        msg = "it is no table"
        raise BadBundleError(msg)
    return table


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        msg = "a key stands there twice"
        raise BadBundleError(msg)
    return table


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    found = table.get(key)
    if not isinstance(found, dict):
        msg = f"it has no {key}"
        raise BadBundleError(msg)
    return found


def _bytes(table: dict[str, Any], key: str) -> bytes:
    try:
        return base64.b64decode(table[key], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        msg = f"its {key} is not in base64"
        raise BadBundleError(msg) from None
