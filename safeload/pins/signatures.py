"""Which pinned key signed a file's bytes under its name: from the bundle that lies beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from safeload import record
from safeload.pins import bundles, held, keyless, keys
from safeload.pins.bundles import BadBundleError, Statement
from safeload.pins.held import Held
from safeload.pins.keys import NotSignedError
from safeload.scan.report import printable
from safeload.state import STATE

NAME: Final = "model.sig"
UPWARDS: Final = 8  # folders, from the file's own, in which a bundle is looked for

Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Signed:
    """What a bundle says of a file.

    Attributes:
        key: the digest of the key whose signature it is; empty if none counts.
        wrong: the bundle is signed, and says that other bytes have this name.
    """

    bundle: str
    key: str = ""
    wrong: str = ""


def beside(path: str) -> Path | None:
    """The nearest bundle in a path's folder or one above."""
    return next(_beside(path), None)


def _beside(path: str) -> Iterator[Path]:
    here = Path(os.path.abspath(path)) if path else Path()  # noqa: PTH100 - a link has the name that it has
    return (folder / NAME for folder in tuple(here.parents)[:UPWARDS] if (folder / NAME).is_file())


def of(path: str, found: Held, known: Keys) -> Signed | None:
    """What the bundles beside a file say of its bytes; None where there is none that speaks of its name.

    One that does not count hides none that does: whoever may write a folder below could lay it there.
    """
    said = [signed for bundle in _beside(path) if (signed := _said(bundle, path, found, known)) is not None]
    return next((signed for signed in said if signed.wrong), said[0] if said else None)


def _said(bundle: Path, path: str, found: Held, known: Keys) -> Signed | None:
    try:
        stamp = held.stamp_of(bundle.stat())
    except OSError:
        return None
    key, statement, problem = _verified(str(bundle), stamp, known)
    if statement is None:
        _tell_once(path, f"{bundle}: {problem}", stamp)
        return None
    name = name_of(Path(path), bundle.parent)
    if not statement.covers(name):
        return None
    if not says(statement, name, found):
        words = f"{bundle}, signed by key:{key}, says that other bytes are {printable(repr(name))}"
        return Signed(str(bundle), wrong=words)
    return Signed(str(bundle), key)


def _tell_once(path: str, problem: str, stamp: tuple[int, ...]) -> None:
    """A bundle is rejected as it is, not load by load: the loads have events of their own."""
    key = f"{problem} {stamp}"
    if key not in STATE.warned:
        STATE.warned.add(key)
        record.emit("signature.rejected", path=path, problem=problem)


@lru_cache(maxsize=16)
def _verified(bundle: str, _stamp: tuple[int, ...], known: Keys) -> tuple[str, Statement | None, str]:
    try:
        return *verified(Path(bundle), known), ""
    except (NotSignedError, BadBundleError, OSError) as error:
        return "", None, str(error)


def verified(path: Path, known: Keys) -> tuple[str, Statement]:
    """The key that signed a bundle, by its digest, and what it says.

    Raises:
        NotSignedError: none of these keys did.
        BadBundleError: it cannot be read.
        OSError: it is not there.
    """
    bundle = bundles.parse(_content(path))
    if bundle.certificates or bundle.is_keyless:
        msg = f"it is signed with a certificate{' of sigstore' if bundle.is_keyless else ''}, and not with a key"
        raise NotSignedError(msg)
    why = "no key is pinned"
    for digest, place in known:
        try:
            found, key = keys.public_key(_content(Path(place)))
            if found != digest:
                why = f"{place} is {found}, and {digest} is pinned"
                continue
            keys.verify(key, bundle)
        except (NotSignedError, OSError) as error:
            why = str(error)
            continue
        return digest, bundles.statement_of(bundle.payload)
    raise NotSignedError(why)


def verified_by_certificate(path: Path, roots: Path, subject: str, at: datetime) -> tuple[str, Statement]:
    """The same for a bundle signed with a certificate."""
    bundle = bundles.parse(_content(path))
    key = keys.certified_key(bundle, _content(roots), subject, at)
    keys.verify(key, bundle)
    return keys.digest_of(key), bundles.statement_of(bundle.payload)


def verified_by_identity(path: Path, trust_root: Path, identity: str, issuer: str) -> Statement:
    """The same for a bundle that was signed without a key of one's own, by the official package."""
    content = _content(path)
    bundle = bundles.parse(content)
    if not bundle.is_keyless:
        msg = "it is signed with a key, or a certificate of somebody's own: no identity is in it"
        raise NotSignedError(msg)
    keyless.verify(bundle.payload, content, trust_root, identity, issuer)
    return bundles.statement_of(bundle.payload)


def says(statement: Statement, name: str, found: Held) -> bool:
    """Whether the verified bytes are those that were signed under a name."""
    content = found.again()
    try:
        return statement.says(name, found.digest, found.size, content)
    finally:
        content.close()


def name_of(path: Path, folder: Path) -> str:
    """A file's name in a signed folder; empty if it does not lie below."""
    whole, root = os.path.abspath(path), os.path.abspath(folder)  # noqa: PTH100 - a link has the name that it has
    try:
        return PurePosixPath(Path(whole).relative_to(root)).as_posix()
    except ValueError:
        return ""


def _content(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > bundles.LIMIT:
            msg = f"{path}: it is no regular file, or too large"
            raise BadBundleError(msg)
        return file.read(bundles.LIMIT + 1)
