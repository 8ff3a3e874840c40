"""Signatures of models, both ways: what the package model-signing signs and accepts, and what safeload makes of it.

``python compat/signing/run.py`` makes an environment with ``model-signing`` beside this one, does every row in both,
and writes ``RESULTS.md``. Nothing is asked of a network but the package registry.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from cryptography.hazmat.primitives import serialization
from trust import lab, signer

PACKAGE = "model-signing==1.1.1"
KEY, OTHER, CA = signer.key(), signer.key(), signer.key()
ROOT_NAME, TEAM = "CN=root,O=lab", "CN=team,O=lab"

# The official package by its functions: its command line knows no shards, and no digests but sha256.
API = """
import sys
from pathlib import Path
from model_signing import hashing, signing, verifying
verb, kind, key, folder, bundle = sys.argv[1:]
config = hashing.Config()
if kind == "shards":
    config.use_shard_serialization(hashing_algorithm="sha256", shard_size=5)
else:
    config.use_file_serialization(hashing_algorithm=kind)
key, folder, bundle = map(Path, (key, folder, bundle))
if verb == "sign":
    signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(config).sign(folder, bundle)
else:
    config.set_ignored_paths(paths=[bundle], ignore_git_paths=True)
    verifying.Config().use_elliptic_key_verifier(public_key=key).set_hashing_config(config).verify(folder, bundle)
"""


class Row(NamedTuple):
    """What is signed and how, what lies there afterwards, and what both make of one file.

    Attributes:
        by: who signs: ``files``, ``shards``, ``blake2``, ``blake3``, ``other`` (the official package), or safeload's
            tests.
        then: what is done after that.
        file: the file that safeload is asked about.
        reason: why the two differ, where they do.
    """

    by: str
    then: Callable[[Path], Any] = lambda _: None
    file: str = "a.bin"
    reason: str = ""
    certified: bool = False
    identified: bool = False


def server_certificate(folder: Path) -> None:
    """A certificate for a web server, which expired long ago, of somebody else."""
    start = signer.START - 20 * signer.YEAR
    leaf = signer.certificate("CN=some-website.example", KEY, ROOT_NAME, CA, usage=(signer.SERVER,), start=start)
    _resign(folder, [leaf])


def _resign(folder: Path, chain: list[Any]) -> None:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.bin")}
    _put(folder, signer.bundle(signer.statement(files), KEY, chain=chain))


def _put(folder: Path, bundle: dict[str, Any]) -> None:
    (folder / "model.sig").write_text(json.dumps(bundle))


def without_a_key(folder: Path, identity: str = lab.IDENTITY) -> None:
    """As sigstore's own authority and logs do it; these are ours, and the same files of trust are given to both."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.bin")}
    _put(folder, lab.bundle(signer.statement(files), KEY, lab.certificate(KEY, identity)))


def old_statement(folder: Path) -> None:
    statement = signer.statement({"a.bin": (folder / "a.bin").read_bytes()})
    resources = statement["predicate"]["resources"]
    digests = [{"name": item["name"], "digest": {"sha256": item["digest"]}} for item in resources]
    statement |= {"predicateType": "https://model_signing/Digests/v0.1", "subject": digests, "predicate": {"a": "b"}}
    (folder / "sub" / "b.bin").unlink()
    _put(folder, signer.bundle(statement, KEY))


def planted(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "evil.bin").write_bytes(b"evil")


def planted_where_the_signer_says(folder: Path) -> None:
    statement = signer.statement({path: (folder / path).read_bytes() for path in ("a.bin", "sub/b.bin")})
    statement["predicate"]["serialization"]["ignore_paths"] = ["cache"]
    _put(folder, signer.bundle(statement, KEY))
    (folder / "cache").mkdir()
    (folder / "cache" / "evil.bin").write_bytes(b"evil")


def no_team(folder: Path) -> None:
    _resign(folder, [signer.certificate(TEAM, KEY, ROOT_NAME, CA)])


def by_name_twice(folder: Path) -> None:
    statement = signer.statement({path: (folder / path).read_bytes() for path in ("a.bin", "sub/b.bin")})
    resources = statement["predicate"]["resources"]
    resources.insert(0, resources[0] | {"digest": "0" * 64})
    _put(folder, signer.bundle(signer.rooted(statement), KEY))


ROWS = {
    "files, as signed": Row("files"),
    "shards, as signed": Row("shards"),
    "files, by `safeload sign`": Row("sign"),
    "signed as safeload's tests do": Row("safeload"),
    "in shards, as safeload's tests do": Row("safeload-shards"),
    "a certificate of the team": Row("safeload", no_team, certified=True),
    "without a key, by the team": Row("safeload", without_a_key, identified=True),
    "without a key, by another": Row(
        "safeload", lambda folder: without_a_key(folder, "eve@lab.example"), identified=True
    ),
    "a changed file": Row("files", lambda folder: (folder / "a.bin").write_bytes(b"other")),
    "a changed file, in shards": Row("shards", lambda folder: (folder / "a.bin").write_bytes(b"other weight")),
    "another key": Row("other"),
    "another file is gone": Row(
        "files", lambda folder: (folder / "sub" / "b.bin").unlink(),
        reason="one file is asked about, and its bytes are those that were signed",
    ),
    "another file was changed": Row(
        "files", lambda folder: (folder / "sub" / "b.bin").write_bytes(b"other"),
        reason="one file is asked about, and its bytes are those that were signed",
    ),
    "a file too many, and one that is signed": Row(
        "files", lambda folder: (folder / "extra.bin").write_bytes(b"x"),
        reason="one file is asked about, and its bytes are those that were signed",
    ),
    "the file too many": Row("files", lambda folder: (folder / "extra.bin").write_bytes(b"x"), file="extra.bin"),
    "a file planted in `.git/`": Row(
        "files", planted, file=".git/evil.bin", reason="it is in no list of signed files, so nobody signed it"
    ),
    "a file planted where the signer said to look away": Row(
        "safeload", planted_where_the_signer_says, file="cache/evil.bin",
        reason="it is in no list of signed files, so nobody signed it",
    ),
    "a web server's certificate, expired, of another subject": Row(
        "safeload", server_certificate, certified=True,
        reason="it is not for code, does not hold at the time that is said, and is not the subject's that is pinned",
    ),
    "the statement of version 0.2": Row(
        "safeload", old_statement, reason="it has no digest over all files, and says nothing of how they were hashed"
    ),
    "digests by BLAKE2b": Row("blake2", reason="a file has one digest here, its sha256"),
    "digests by BLAKE3": Row("blake3", reason="a file has one digest here, its sha256"),
    "one name with two digests": Row(
        "safeload", by_name_twice, reason="which of the two is meant, nobody could say"
    ),
}  # fmt: skip


def environment(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    # It imports pyopenssl, which it does not say that it needs.
    command = [python, "-m", "pip", "install", "-q", PACKAGE, "pyopenssl", *(requires("safeload") or ())]
    subprocess.run([part for part in command if "extra ==" not in str(part)], check=True, stderr=subprocess.DEVNULL)
    return python


def run(*command: Any) -> tuple[bool, str]:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, cwd=ROOT, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    return done.returncode == 0, lines[-1].strip() if lines else ""


def do(row: Row, folder: Path, official: Path) -> tuple[bool, bool, str]:
    """Whether the official package accepts the folder, whether safeload does the file, and what that says."""
    model = folder / "model"
    (model / "sub").mkdir(parents=True)
    (model / "a.bin").write_bytes(b"some weights")
    (model / "sub" / "b.bin").write_bytes(b"some more weights")
    _keys(folder)
    bundle = model / "model.sig"
    kind = {"safeload-shards": "shards"}.get(row.by, row.by)
    kind = kind if kind in ("shards", "blake2", "blake3") else "sha256"
    if row.by.startswith("safeload"):
        signer.sign(model, KEY, **({"shard": 5} if row.by.endswith("shards") else {}))
    elif row.by == "sign":
        verb = [official, "-m", "safeload", "sign", model, "--key", folder / "key.key"]
        subprocess.run(verb, env={"PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.DEVNULL)
    else:
        key = folder / ("other.key" if row.by == "other" else "key.key")
        subprocess.run([official, "-c", API, "sign", kind, key, model, folder / "made.sig"], check=True)
        shutil.move(folder / "made.sig", bundle)
    row.then(model)
    if row.certified:
        theirs = [official, "-m", "model_signing", "verify", "certificate", model, "--signature", bundle]
        theirs += ["--certificate_chain", folder / "ca.pem", "--ignore-paths", bundle]
        ours = ["--ca", folder / "ca.pem", "--subject", TEAM, "--at", "2026-06-01"]
    else:
        theirs = [official, "-c", API, "verify", kind, folder / "key.pem", model, bundle]
        ours = ["--key", folder / "key.pem"]
    if row.identified:
        whose = ["--identity", lab.IDENTITY]
        theirs = [official, "-m", "model_signing", "verify", "sigstore", model, "--signature", bundle, *whose]
        theirs += ["--identity_provider", lab.ISSUER, "--trust_config", folder / "trust.json", "--ignore-paths", bundle]
        ours = [*whose, "--issuer", lab.ISSUER, "--trust-root", folder / "root.json"]
        (folder / "trust.json").write_text(lab.trust_config())
        (folder / "root.json").write_text(lab.trusted_root())
    accepted, _ = run(*theirs)
    verified, words = run(official, "-m", "safeload", "signed", model / row.file, *ours)
    return accepted, verified, words.partition(f"{model / row.file} ")[2]


def _keys(folder: Path) -> None:
    encoding, kind = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
    for name, key in (("key", KEY), ("other", OTHER)):
        (folder / f"{name}.pem").write_bytes(signer.pem(key))
        (folder / f"{name}.key").write_bytes(key.private_bytes(encoding, kind, serialization.NoEncryption()))
    ca = signer.certificate(ROOT_NAME, CA, ROOT_NAME, CA, ca=True, start=signer.START - 20 * signer.YEAR)
    long = [ca, signer.certificate(ROOT_NAME, CA, ROOT_NAME, CA, ca=True)]
    (folder / "ca.pem").write_bytes(b"".join(one.public_bytes(encoding) for one in long))


def results(official: Path) -> Iterator[tuple[str, Row, bool, bool, str]]:
    for name, row in ROWS.items():
        with tempfile.TemporaryDirectory() as folder:
            yield name, row, *do(row, Path(folder), official)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        official = Path(sys.argv[1]) if sys.argv[1:] else environment(Path(folder, "official"))
        found = list(results(official))
    lines = [
        "# Model signatures, here and in the official package",
        "",
        f"Written by `python compat/signing/run.py`: {PACKAGE}, cryptography {version('cryptography')}. The official",
        "package verifies a folder, safeload one file of it; both are given the same bundle and the same key or root.",
        "",
        "| what is there | model-signing | safeload | what safeload says | why they differ |",
        "|---|---|---|---|---|",
    ]
    words = {True: "accepts", False: "refuses"}
    for name, row, theirs, ours, said in found:
        key = said.replace(signer.digest(KEY), "sha256:…")
        lines.append(f"| {name} | {words[theirs]} | {words[ours]} | {key} | {row.reason} |")
    unexplained = [name for name, row, theirs, ours, _ in found if (theirs != ours) != bool(row.reason)]
    (HERE / "RESULTS.md").write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))
    sys.exit(f"different without a reason, or the same with one: {unexplained}" if unexplained else 0)


main()
