"""``safeload signed`` and ``sign``: OpenSSF model signatures, verified here, made by the official package."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click
from rich.text import Text

from safeload.cli.screen import OUT, place_text
from safeload.pins import held, keys, signatures
from safeload.pins.bundles import BadBundleError, Statement
from safeload.pins.keys import NotSignedError

NOT_SIGNED: Final = 1
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def signer_options(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Which bundle, and whose signature counts."""
    options = (
        click.option("--signature", type=_FILE, help=f"The bundle; without it, the {signatures.NAME} above the file."),
        click.option(
            "--root",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="The folder that was signed; without it, the bundle's.",
        ),
        click.option("--key", type=_FILE, help="The signer's public key, as PEM."),
        click.option("--ca", type=_FILE, help="In place of a key: the root that vouches for the certificate, as PEM."),
        click.option("--subject", help="With --ca: whom the certificate has to be of, as in 'CN=team,O=lab'."),
        click.option(
            "--at",
            type=click.DateTime(["%Y-%m-%d"]),
            metavar="DAY",
            help="With --ca: when it was signed, as you know it; without it, the certificate has to hold now.",
        ),
        click.option("--identity", help="In place of a key: whom sigstore's certificate has to be of, whole."),
        click.option("--issuer", help="With --identity: who vouched for it, as in 'https://accounts.example'."),
        click.option("--trust-root", type=_FILE, help="With --identity: sigstore's trusted root, as JSON."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def is_asked(options: dict[str, Any]) -> bool:
    return any(options.values())


def verified(file: Path, **options: Any) -> tuple[str, str]:
    """Who signed a file's bytes under its name, and the digest of those bytes.

    Raises:
        NotSignedError, BadBundleError, NotHeldError, OSError: nobody did whose signature counts.
    """
    root = options.pop("root")
    signer, statement, bundle = _signer(file, **options)
    name = signatures.name_of(file, root or bundle.parent)
    if not statement.covers(name):
        msg = f"{name!r} is not among the {len(statement.files)} files that {signer} signed"
        raise NotSignedError(msg)
    with file.open("rb") as opened:
        found = held.hold(opened.fileno(), remember=False)
    try:
        if not signatures.says(statement, name, found):
            msg = f"{signer} signed other bytes as {name!r}"
            raise NotSignedError(msg)
        return signer, found.digest
    finally:
        found.close()


def _signer(  # noqa: PLR0913 - what a signature is held against
    file: Path,
    *,
    signature: Path | None,
    key: Path | None,
    ca: Path | None,
    subject: str | None,
    at: datetime | None,
    identity: str | None,
    issuer: str | None,
    trust_root: Path | None,
) -> tuple[str, Statement, Path]:
    """Who signed, what, and the bundle."""
    bundle = signature or signatures.beside(str(file))
    if bundle is None:
        msg = f"there is no {signatures.NAME} in its folder or above"
        raise NotSignedError(msg)
    match (key, ca, subject, identity, issuer, trust_root):
        case (Path(), None, None, None, None, None):
            digest, statement = signatures.verified(bundle, ((keys.public_key(key.read_bytes())[0], str(key)),))
            return f"key:{digest}", statement, bundle
        case (None, Path(), str(), None, None, None):
            moment = at.replace(tzinfo=UTC, hour=12) if at is not None else datetime.now(UTC)
            digest, statement = signatures.verified_by_certificate(bundle, ca, subject, moment)
            return f"key:{digest}", statement, bundle
        case (None, None, None, str(), str(), Path()):
            statement = signatures.verified_by_identity(bundle, trust_root, identity, issuer)
            return f"identity:{identity}, by {issuer}", statement, bundle
    msg = "say whose signature counts: --key, or --ca with --subject, or --identity with --issuer and --trust-root"
    if identity is not None and trust_root is None:
        msg = "--identity needs --trust-root: without that file the package sigstore would ask the network"
    raise click.UsageError(msg)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@signer_options
def signed(files: tuple[Path, ...], **options: Any) -> None:
    """Say whether files are what a model signature says, offline; exits with 1 if one is not.

    A file counts if it is listed by its name below the bundle's folder, with exactly its bytes.
    """
    failed = False
    for file in files:
        try:
            signer, problem = verified(file, **options)[0], ""
        except (NotSignedError, BadBundleError, OSError, held.NotHeldError) as error:
            signer, problem = "", str(error)
        failed = failed or bool(problem)
        said = Text(problem, style="red") if problem else Text(f"signed by {signer}", style="green")
        OUT.print(Text.assemble(place_text(str(file)), " ", said))
    sys.exit(NOT_SIGNED if failed else 0)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", required=True, type=_FILE, help="The private key, as PEM.")
@click.option("--signature", type=click.Path(path_type=Path), help=f"The bundle; without it, {signatures.NAME} in it.")
def sign(folder: Path, key: Path, signature: Path | None) -> None:
    """Sign a folder with the package model-signing, which has to be installed here."""
    if find_spec("model_signing") is None:
        msg = "signing is done by the package model-signing: pip install 'safeload[sign]'"
        raise click.UsageError(msg)
    bundle = signature or folder / signatures.NAME
    command = [sys.executable, "-m", "model_signing", "sign", "key", str(folder)]
    command += ["--private_key", str(key), "--signature", str(bundle)]
    if bundle.is_relative_to(folder):
        command += ["--ignore-paths", str(bundle)]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - this interpreter, and paths of its user
