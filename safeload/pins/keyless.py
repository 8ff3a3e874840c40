"""Signatures without a key of one's own (sigstore): the official package verifies them, where it can reach no network.

It runs in a process of its own, in which whatever would open a connection fails: its trust root is the file that the
user names, and what that file does not settle is refused, never asked for.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NoReturn

from safeload.pins.keys import NotSignedError
from safeload.scan.report import printable

NEEDS: Final = "signatures without a key need the package sigstore, version 4 or later: pip install 'safeload[sign]'"
OFFLINE: Final = "it cannot be verified offline: the package sigstore asks for the network"
REFUSED: Final = 3  # what the process ends with where it has said why
PATIENCE: Final = 120  # seconds
_HERE: Final = Path(__file__).resolve().parents[2]
_START: Final = "import sys; sys.path.append(sys.argv.pop(1)); from safeload.pins import keyless; keyless.main()"
_ROOM: Final = 2000  # characters of what the package says


def verify(payload: bytes, bundle: bytes, trust_root: Path, identity: str, issuer: str) -> None:
    """Hold a bundle, and the payload that was read from it, against whom it has to be of.

    Args:
        trust_root: sigstore's trusted root, as JSON: the authorities and logs that count.
        identity: whom the certificate names, whole: an address or a workflow.
        issuer: who vouched for that when it was signed.

    Raises:
        NotSignedError: nobody did who counts, or nobody here can tell.
    """
    # -P: what lies in the folder that this is called from is not imported.
    command = [sys.executable, "-P", "-c", _START, str(_HERE), str(trust_root.absolute()), identity, issuer]
    try:
        done = subprocess.run(command, input=bundle, capture_output=True, check=False, timeout=PATIENCE)  # noqa: S603 - this interpreter
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        msg = f"the package sigstore could not be asked: {error}"
        raise NotSignedError(msg) from None
    if done.returncode == REFUSED:
        raise NotSignedError(printable(done.stdout.decode("utf-8", "replace"), _ROOM))
    if done.returncode or done.stdout != payload:
        said = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        msg = f"the package sigstore did not verify it: {printable(said, _ROOM) or 'it read another statement in it'}"
        raise NotSignedError(msg)


# --- in the process of its own ----------------------------------------------------------------------


# What leaves this machine, or asks for a way; an import of urllib3 makes a socket and connects it to nothing.
_OUTWARDS: Final = frozenset(
    f"socket.{call}"
    for call in ("connect", "sendto", "sendmsg", "getaddrinfo", "getnameinfo", "gethostbyname", "gethostbyaddr")
)


class _Offline:
    """An audit hook that lets nothing out, and remembers whether anything wanted to."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if event in _OUTWARDS:
            self.asked = True
            raise ConnectionError(OFFLINE)


def _verified(bundle: bytes, trust_root: str, identity: str, issuer: str) -> bytes:
    try:
        from sigstore.models import Bundle, TrustedRoot
        from sigstore.verify import Verifier, policy
    except ImportError:
        _refuse(NEEDS)
    verifier = Verifier(trusted_root=TrustedRoot.from_file(trust_root))
    kind, payload = verifier.verify_dsse(Bundle.from_json(bundle), policy.Identity(identity=identity, issuer=issuer))
    if kind != "application/vnd.in-toto+json":
        _refuse(f"what is signed is no in-toto statement ({kind!r:.80})")
    return bytes(payload)


def _refuse(words: str) -> NoReturn:
    sys.stdout.write(words)
    sys.stdout.flush()
    sys.exit(REFUSED)


def main() -> None:
    trust_root, identity, issuer = sys.argv[1:]
    offline = _Offline()
    sys.addaudithook(offline)
    try:
        payload = _verified(sys.stdin.buffer.read(), trust_root, identity, issuer)
    except Exception as error:  # noqa: BLE001 - whatever it is, it was not verified
        _refuse(OFFLINE if offline.asked else f"it is not verified: {error}")
    if offline.asked:
        _refuse(OFFLINE)
    sys.stdout.buffer.write(payload)

