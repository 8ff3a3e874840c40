"""Whose signature it is. The arithmetic is the package ``cryptography``'s, and this its only importer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from safeload.pins.bundles import Bundle

NEEDS: Final = "signatures need the package cryptography: pip install 'safeload[signing]'"
_CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
LONGEST_CHAIN: Final = 5
# Extensions that may be critical in a certificate, as each is looked at here.
_LOOKED_AT: Final = {"2.5.29.15", "2.5.29.19", "2.5.29.37"}


class NotSignedError(Exception):
    """No signature that counts, and why."""


def public_key(pem: bytes) -> tuple[str, Any]:
    """A public key with its digest: the sha256 of it as DER, however the file is written.

    Raises:
        NotSignedError: it is none that is taken here.
    """
    serialization = _cryptography("hazmat.primitives.serialization")
    try:
        key = serialization.load_pem_public_key(pem)
    except Exception as error:  # noqa: BLE001 - it raises errors of many kinds for what is no key
        msg = f"it is no public key: {error}"
        raise NotSignedError(msg) from None
    return digest_of(key), _checked(key)


def digest_of(key: Any) -> str:
    serialization = _cryptography("hazmat.primitives.serialization")
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(der).hexdigest()


def verify(key: Any, bundle: Bundle) -> None:
    """Hold a signature against a key.

    Raises:
        NotSignedError: it is another's, or of something else.
    """
    ec, hashes = _cryptography("hazmat.primitives.asymmetric.ec"), _cryptography("hazmat.primitives.hashes")
    try:
        key.verify(bundle.signature, bundle.message, ec.ECDSA(getattr(hashes, _CURVES[key.curve.name])()))
    except Exception:  # noqa: BLE001 - InvalidSignature, and whatever a malformed one makes of it
        msg = "the signature is not of this key, or of something else"
        raise NotSignedError(msg) from None


def certified_key(bundle: Bundle, roots: bytes, subject: str, at: datetime) -> Any:
    """The key of a certificate that a pinned root vouches for, for code of this subject, at this time.

    Raises:
        NotSignedError: one of these does not hold.
    """
    x509 = _cryptography("x509")
    try:
        anchors = x509.load_pem_x509_certificates(roots)
        chain = [x509.load_der_x509_certificate(der) for der in bundle.certificates[:LONGEST_CHAIN]]
        if not chain or len(bundle.certificates) > LONGEST_CHAIN:
            _fail("it has no certificates, or too many")
        _check_leaf(x509, chain[0], subject)
        _check_chain(x509, chain, anchors, at)
        return _checked(chain[0].public_key())
    except NotSignedError:
        raise
    except Exception as error:  # noqa: BLE001 - errors of many kinds for what is no certificate
        msg = f"its certificates cannot be read: {error}"
        raise NotSignedError(msg) from None


def _check_leaf(x509: Any, leaf: Any, subject: str) -> None:
    said = leaf.subject.rfc4514_string()
    if said != subject:
        _fail(f"the certificate is of {said!r}, not of {subject!r}")
    if not _extension(leaf, x509.KeyUsage).digital_signature:
        _fail("the certificate is not for signatures")
    if _cryptography("x509.oid").ExtendedKeyUsageOID.CODE_SIGNING not in _extension(leaf, x509.ExtendedKeyUsage):
        _fail("the certificate is not for code")


def _check_chain(x509: Any, chain: list[Any], anchors: Iterable[Any], at: datetime) -> None:
    """From the leaf upwards, each by the next; the last is, or is issued by, a root that was pinned."""
    for number, certificate in enumerate(chain):
        _check_time(certificate, at)
        _check_extensions(certificate)
        if any(certificate == anchor for anchor in anchors) and number:
            return
        issuers = [other for other in anchors if _issued(certificate, other)]
        if issuers:
            # A root may be there twice, as it is renewed with the key that it had.
            issuer = next((other for other in issuers if _holds(other, at)), issuers[0])
            _check_time(issuer, at)
            _check_issuer(x509, issuer, number)
            return
        if number + 1 == len(chain) or not _issued(certificate, chain[number + 1]):
            break
        _check_issuer(x509, chain[number + 1], number)
    _fail("no pinned root vouches for the certificate")


def _issued(certificate: Any, issuer: Any) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it did not
        return False
    return True


def _check_issuer(x509: Any, issuer: Any, below: int) -> None:
    constraints = _extension(issuer, x509.BasicConstraints)
    if not constraints.ca or not _extension(issuer, x509.KeyUsage).key_cert_sign:
        _fail("a certificate in between may not issue others")
    if constraints.path_length is not None and constraints.path_length < below:
        _fail("more certificates in between than one of them allows")


def _holds(certificate: Any, at: datetime) -> bool:
    return bool(certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc)


def _check_time(certificate: Any, at: datetime) -> None:
    if not _holds(certificate, at):
        until = certificate.not_valid_after_utc
        _fail(f"a certificate held from {certificate.not_valid_before_utc} to {until}, not at {at}")


def _check_extensions(certificate: Any) -> None:
    unknown = [item.oid.dotted_string for item in certificate.extensions if item.critical]
    if not set(unknown) <= _LOOKED_AT:
        _fail(f"a certificate has a critical extension that is not known here: {', '.join(unknown)}")


def _extension(certificate: Any, kind: Any) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except Exception:  # noqa: BLE001 - not there, or there twice
        _fail(f"a certificate does not say its {kind.__name__}")


def _checked(key: Any) -> Any:
    if getattr(getattr(key, "curve", None), "name", "") not in _CURVES:
        _fail("only keys on the curves P-256, P-384 and P-521 are taken")
    return key


def _fail(words: str) -> Any:
    raise NotSignedError(words)


def _cryptography(module: str) -> Any:
    try:
        import cryptography  # noqa: F401 - as soon as it is known to be here, its parts are
    except ImportError:
        raise NotSignedError(NEEDS) from None
    from importlib import import_module

    return import_module(f"cryptography.{module}")
