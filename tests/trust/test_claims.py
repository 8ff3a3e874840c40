"""What a Hugging Face cache claims of a file: shown where a load is refused, and an alarm where bytes are hashed."""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from evasions.builders import BOOM, pickled

from safeload import events
from safeload.cli import main
from safeload.pins import claims, reading
from safeload.pins.lock import Level
from safeload.state import STATE
from trust.test_lock_file import A, cache

ROOT = Path(__file__).parents[2]
COMMIT = "0123abc" + "0" * 33
CHILD = """
import gzip, io, json, os, pickle, sys, zipfile
GUARDED, place = sys.argv[1] == "guarded", sys.argv[2]
if GUARDED:
    import safeload
import joblib, torch
from pathlib import Path
from trust import signer

class evil:
    def __reduce__(self): return os.mkdir, ("ran",)

def row(arrange, load, policy, trusts):
    exec(arrange, globals())
    if not GUARDED:
        return exec(load, globals())
    said = {"lock": os.path.abspath("safeload.lock")} if os.path.exists("safeload.lock") else {}
    if os.path.exists("key.pem"):
        said["keys"] = ((signer.digest(KEY), os.path.abspath("key.pem")),)
    said["require_pins"] = os.path.exists("required")
    with safeload.activate(safeload.Policy(mode=safeload.Mode(policy), **said)):
        if not trusts:
            return exec(load, globals())
        with safeload.trust("sha256:" + digest(FILE), reason="a test"):
            exec(load, globals())

import hashlib, warnings
warnings.simplefilter("ignore")
def digest(path): return hashlib.sha256(open(path, "rb").read()).hexdigest()
def pin(path):
    text = f'version = 1\\n[[file]]\\nsha256 = "{digest(path)}"\\nsize = {os.path.getsize(path)}\\ngrant = "pickle"\\nreason = "a test"\\npinned = 2026-01-31\\n'
    open("safeload.lock", "w").write(text)
def put(path, data):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    open(path, "wb").write(data)
def link(path, blob):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.symlink(os.path.relpath(blob, os.path.dirname(path)), path)

def tensors(*things):
    file = io.BytesIO()
    torch.save([*things, torch.ones(9)], file)
    return file.getvalue()
def sign(folder):
    put("key.pem", signer.pem(KEY))
    signer.sign(Path(folder), KEY)
def as_if_huge(copied=False):
    if GUARDED:
        held.COPY_LIMIT, grants.DIGEST_LIMIT = 1 << 30 if copied else 3, 3

KEY = signer.key()
EVIL = pickle.dumps(evil())
TRUE, OTHER = hashlib.sha256(EVIL).hexdigest(), "a" * 64
FILE = "models--org--name/snapshots/COMMIT/sub/m.pkl"
def cached(name, data=EVIL):
    put(f"models--org--name/blobs/{name}", data)
    link(FILE, f"models--org--name/blobs/{name}")
def downloaded(etag, data=EVIL):
    put("got/sub/m.pkl", data)
    put("got/.cache/huggingface/download/sub/m.pkl.metadata", f"COMMIT\\n{etag}\\n1.5\\n".encode())
def zipped():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive: archive.writestr("m.pkl", EVIL)
    return file.getvalue()

told = {}
for number, (name, rows) in enumerate(json.load(sys.stdin).items()):
    os.makedirs(f"{place}/{number}")
    os.chdir(f"{place}/{number}")
    if GUARDED:
        from safeload import grants
        from safeload.pins import held
        from safeload.state import STATE
        STATE.log = os.path.abspath("log")
        held.COPY_LIMIT, grants.DIGEST_LIMIT = 1 << 33, 1 << 30
    try:
        row(*rows)
        said = "loaded"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    log = [json.loads(line) for line in open("log")] if os.path.exists("log") else []
    claim = next((item.get("claim") for item in log if item["event"].startswith("safeload.load.")), None)
    told[name] = ["ran" if os.path.isdir("ran") else said, claim]
print(json.dumps(told))
""".replace("COMMIT", COMMIT)

OPEN = "pickle.load(open(FILE, 'rb'))"
GOT = "pickle.load(open('got/sub/m.pkl', 'rb'))"
SOURCE = f"hf:org/name@{COMMIT}/sub/m.pkl"
ALARM = "NotPinnedError: says that it is sha256:" + "a" * 64
SHOWN = f"BlockedGlobalError: By its cache it is {SOURCE}: a claim"


class Row(NamedTuple):
    """What lies there, how it is loaded, what comes of it, and what the event says of the claim."""

    arrange: str
    load: str
    outcome: str
    source: str = SOURCE
    bytes_are: str = "other than claimed"
    mode: str = "enforce"
    trusts: bool = False
    bare: str = ""


ROWS = {
    "pinned, and the cache says other bytes": Row("cached(OTHER); pin(FILE)", OPEN, ALARM),
    "trusted, and the cache says other bytes": Row("cached(OTHER)", OPEN, ALARM, trusts=True),
    "pinned, by joblib": Row("cached(OTHER); pin(FILE)", "joblib.load(FILE)", ALARM),
    "pinned, by a path with dots": Row("cached(OTHER); pin(FILE)", "pickle.load(open(FILE.replace('sub/', 'sub/../sub/'), 'rb'))", ALARM),
    "pinned, from within the folder": Row("cached(OTHER); pin(FILE)", "top = os.getcwd(); os.chdir(os.path.dirname(FILE)); file = open('m.pkl', 'rb'); os.chdir(top); pickle.load(open(os.path.abspath(FILE), 'rb'))", ALARM),
    "pinned, the blob itself": Row("cached(OTHER); pin(FILE)", "pickle.load(open('models--org--name/blobs/' + OTHER, 'rb'))", ALARM, "hf:org/name"),
    "pinned, without a name": Row("cached(OTHER); pin(FILE)", "pickle.load(os.fdopen(os.open(FILE, os.O_RDONLY), 'rb'))", ALARM, "", ""),
    "pinned, a gzip": Row("cached(OTHER, gzip.compress(EVIL)); pin(FILE)", "pickle.load(gzip.open(FILE))", ALARM),
    "pinned, a member of a zip": Row("cached(OTHER, zipped()); pin(FILE)", "pickle.load(zipfile.ZipFile(FILE).open('m.pkl'))", ALARM, "", ""),
    "pinned, downloaded into a folder": Row("downloaded(OTHER); pin('got/sub/m.pkl')", GOT, ALARM, f"hf:@{COMMIT}/sub/m.pkl"),
    "refused anyhow: the message has the claim and the alarm": Row("cached(OTHER)", OPEN, f"{SHOWN}, and an ALARM: sha256:{'a' * 64} is claimed"),
    "refused anyhow: the bytes are those that are claimed": Row("cached(TRUE)", OPEN, f"{SHOWN}, and it has the digest that is claimed", bytes_are="as claimed"),
    "pinned, by torch": Row("cached(OTHER, tensors(evil())); pin(FILE)", "torch.load(FILE, weights_only=False)", ALARM),
    "pinned, mapped by torch": Row("cached(OTHER, tensors(evil())); pin(FILE)", "torch.load(FILE, weights_only=False, mmap=True)", ALARM),
    "pinned, by torch from an open file": Row("cached(OTHER, tensors(evil())); pin(FILE)", "torch.load(open(FILE, 'rb'), weights_only=False)", ALARM),
    "pinned, tensors for torch's own unpickler": Row("cached(OTHER, tensors()); pin(FILE)", "torch.load(FILE)", ALARM, bare="loaded"),
    "pinned, by torch, downloaded into a folder": Row("downloaded(OTHER, tensors(evil())); pin('got/sub/m.pkl')", "torch.load('got/sub/m.pkl', weights_only=False)", ALARM, f"hf:@{COMMIT}/sub/m.pkl"),
    "pinned, by torch, and the cache says these bytes": Row("data = tensors(evil()); cached(hashlib.sha256(data).hexdigest(), data); pin(FILE)", "torch.load(FILE, weights_only=False)", "ran", bytes_are="as claimed"),
    "refused anyhow, by torch": Row("cached(OTHER, tensors(evil()))", "torch.load(FILE, weights_only=False)", f"{SHOWN}, and an ALARM: sha256:{'a' * 64} is claimed"),
    "tensors that nothing hashes, by torch": Row("cached(OTHER, tensors())", "torch.load(FILE)", "loaded", bytes_are="not compared"),
    "signed, and the cache says other bytes": Row("cached(OTHER); sign(os.path.dirname(FILE))", OPEN, ALARM),
    "signed, by torch, and the cache says other bytes": Row("cached(OTHER, tensors(evil())); sign(os.path.dirname(FILE))", "torch.load(FILE, weights_only=False)", ALARM),
    "signed, and the cache says these bytes": Row("cached(TRUE); sign(os.path.dirname(FILE))", OPEN, "ran", bytes_are="as claimed"),
    "pinned, longer than what is copied": Row("cached(OTHER); pin(FILE); as_if_huge()", OPEN, ALARM),
    "pinned, longer than what a refusal hashes": Row("cached(OTHER); pin(FILE); as_if_huge(copied=True)", OPEN, ALARM),
    "signed, longer than what is copied": Row("cached(OTHER); sign(os.path.dirname(FILE)); as_if_huge()", OPEN, ALARM),
    "required, longer than what is copied, and everybody may write it": Row("cached(OTHER, pickle.dumps([1])); as_if_huge(); put('required', b''); os.chmod(FILE, 0o666)", OPEN, "NotPinnedError: it is too large to be copied", bytes_are="not compared", bare="loaded"),
    "refused anyhow, longer than what a refusal hashes": Row("cached(OTHER); as_if_huge()", OPEN, f"{SHOWN}, which nobody checked", bytes_are="not compared"),
    "refused anyhow: no digest is claimed": Row("cached('c' * 40)", OPEN, f"{SHOWN}, which nobody checked", bytes_are=""),
    "refused anyhow, outside a cache": Row("put('m.pkl', EVIL)", "pickle.load(open('m.pkl', 'rb'))", "BlockedGlobalError: never allowed", "", ""),
    "audit mode says it and lets it through": Row("cached(OTHER)", OPEN, "ran", mode="audit"),
    "pinned, and the cache says these bytes": Row("cached(TRUE); pin(FILE)", OPEN, "ran", bytes_are="as claimed"),
    "pinned, downloaded into a folder, these bytes": Row("downloaded(TRUE); pin('got/sub/m.pkl')", GOT, "ran", f"hf:@{COMMIT}/sub/m.pkl", "as claimed"),
    "pinned, outside a cache": Row("put('m.pkl', EVIL); pin('m.pkl')", "pickle.load(open('m.pkl', 'rb'))", "ran", "", ""),
    "pinned, a copy of what the cache does not know": Row("cached(OTHER); pin(FILE); put('copy.pkl', EVIL)", "pickle.load(open('copy.pkl', 'rb'))", "ran", "", ""),
    "nothing needs its digest: it is not hashed, and only shown": Row("cached(OTHER, pickle.dumps([1]))", OPEN, "loaded", bytes_are="not compared"),
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    for library in ("joblib", "torch", "cryptography"):
        pytest.importorskip(library)
    rows = json.dumps({name: [row.arrange, row.load, row.mode, row.trusts] for name, row in ROWS.items()})
    environment = {"PYTHONPATH": os.pathsep.join([*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT), str(ROOT / "tests")])}
    arms = {}
    for arm in ("guarded", "bare"):
        command = [sys.executable, "-c", CHILD, arm, str(tmp_path_factory.mktemp(arm))]
        done = subprocess.run(command, env=environment, input=rows, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        arms[arm] = json.loads(done.stdout)
    return arms


@pytest.mark.parametrize("name", ROWS)
def test_what_a_load_makes_of_a_claim(name: str, told: dict[str, Any]) -> None:
    row = ROWS[name]
    said, claim = told["guarded"][name]
    kind, _, words = row.outcome.partition(": ")
    assert said.partition(":")[0] == kind, said
    assert words in said
    assert ((claim or {}).get("source", ""), (claim or {}).get("bytes", "")) == (row.source, row.bytes_are)
    assert told["bare"][name][0] == (row.bare or ("loaded" if row.outcome == "loaded" else "ran"))


def test_what_was_changed_is_to_be_fetched_again_and_not_to_be_trusted(told: dict[str, Any]) -> None:
    said, _ = told["guarded"]["refused anyhow: the message has the claim and the alarm"]
    assert "fetch it again" in said
    assert "safeload.trust" not in said


def test_where_paths_are_hashed_so_is_what_a_claim_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "paths", "hashed")
    line = events._line("safeload.load.blocked", "error", {"claim": {"source": SOURCE, "sha256": A}})
    assert (SOURCE in line, A in line, "org" in line) == (False, True, False)


# --- what is kept beside files that were downloaded into a folder -----------------------------------

TREE = json.dumps({"files": {"sub/m.pkl": {"lfs_sha256": A}}})
# what lies there: (the note, the list of the commit's files, the claim)
NOTES: dict[str, tuple[str, str, tuple[str, str] | None]] = {
    "a digest": (f"{COMMIT}\n{A}\n1.5\n", "", (f"hf:@{COMMIT}/sub/m.pkl", A)),
    "a git name": (f"{COMMIT}\n{'c' * 40}\n1.5\n", "", (f"hf:@{COMMIT}/sub/m.pkl", "")),
    "a git name, and a list": (f"{COMMIT}\n{'c' * 40}\n1.5\n", TREE, (f"hf:@{COMMIT}/sub/m.pkl", A)),
    "a commit that is a path": (f"../{COMMIT}\n{A}\n1.5\n", "", None),
    "half a note": (f"{COMMIT}\n", "", None),
    "an empty note": ("", "", None),
    "what is no note": ("\u20ac" * 3, "", None),
    "a note without end": (f"{COMMIT}\n{A}\n{'1' * 5000}", "", None),
}


@pytest.mark.parametrize(("note", "tree", "expected"), NOTES.values(), ids=NOTES)
def test_what_a_download_claims(note: str, tree: str, expected: tuple[str, str] | None, tmp_path: Path) -> None:
    place = downloaded(tmp_path, note)
    (tmp_path / ".cache/huggingface/trees").mkdir()
    (tmp_path / ".cache/huggingface/trees" / f"{COMMIT}.json").write_text(tree)
    claim = claims.claim_of(place)
    assert (claim and (claim.source, claim.sha256)) == expected


def downloaded(folder: Path, note: str) -> Path:
    place, kept = folder / "sub" / "m.pkl", folder / ".cache/huggingface/download/sub/m.pkl.metadata"
    for path, text in ((place, "x"), (kept, note)):
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    return place


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 1)() != 0, reason="only root gives files away")
def test_a_note_of_somebody_else_stops_nothing(tmp_path: Path) -> None:
    place = downloaded(tmp_path, f"{COMMIT}\n{A}\n1.5\n")
    assert claims.claim_of(place) is not None
    os.chown(tmp_path / ".cache/huggingface/download/sub/m.pkl.metadata", 12345, 12345)
    assert claims.claim_of(place) is None


@pytest.mark.parametrize("path", ["", "\0", "m.pkl", "/", "models--org--name/snapshots", "models--org--name/blobs/readme"])
def test_what_is_no_file_of_a_cache_claims_nothing(path: str) -> None:
    assert claims.claim_of(path) is None


# --- pin hf:org/name@COMMIT -------------------------------------------------------------------------

FILES = {
    "README.md": b"# a model",
    "config.json": b'{"a": 1}',
    "model.safetensors": b"\x02\0\0\0\0\0\0\0{}",
    "sub/own.pkl": b"cmylab.nets\nHead\n)R.",
    "sub/plain.bin": pickle.dumps(OrderedDict(a=1)),
}
REPOSITORIES = {
    "hf:org/name": "models--org--name", "hf:name": "models--name",
    "hf:datasets/org/name": "datasets--org--name", "hf:spaces/org/name": "spaces--org--name",
}  # fmt: skip


def hub(folder: Path, repository: str = "models--org--name", evil: bytes = b"") -> Path:
    for name, data in (FILES | ({"evil.pkl": evil} if evil else {})).items():
        blob = folder / repository / "blobs" / hashlib.sha256(data).hexdigest()
        place = folder / repository / "snapshots" / COMMIT / name
        for path in (blob, place):
            path.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(data)
        place.symlink_to(os.path.relpath(blob, place.parent))
    return folder / repository / "snapshots" / COMMIT


def pin(folder: Path, place: str, *options: str) -> tuple[int, str]:
    arguments = ["pin", place, "--reason", "a test", "--lock", str(folder / "safeload.lock"), *options]
    done = CliRunner().invoke(main, arguments, env={"HF_HUB_CACHE": str(folder)})
    return done.exit_code, done.output


@pytest.mark.parametrize(("place", "repository"), REPOSITORIES.items(), ids=REPOSITORIES)
def test_a_commit_is_pinned_file_by_file(place: str, repository: str, tmp_path: Path) -> None:
    snapshot = hub(tmp_path, repository)
    (snapshot / "not-fetched.bin").symlink_to("../../blobs/none")
    code, output = pin(tmp_path, f"{place}@{COMMIT}")
    assert code == 0, output
    found = {item.source: item.level for item in reading.read(tmp_path / "safeload.lock").pins.values()}
    own = f"{place}@{COMMIT}/sub/own.pkl"
    assert found == {f"{place}@{COMMIT}/{name}": Level.DATA for name in FILES} | {own: Level.NAMES}


def test_of_a_commit_only_what_is_a_pickle_is_pinned_whole(tmp_path: Path) -> None:
    hub(tmp_path, evil=pickled(BOOM))
    code, output = pin(tmp_path, f"hf:org/name@{COMMIT}")
    assert (code, "--grant pickle" in output, (tmp_path / "safeload.lock").exists()) == (1, True, False)
    assert pin(tmp_path, f"hf:org/name@{COMMIT}", "--grant", "pickle")[0] == 0
    levels = {Path(item.paths[0]).name: item.level for item in reading.read(tmp_path / "safeload.lock").pins.values()}
    assert (levels["evil.pkl"], levels["README.md"], levels["config.json"]) == (Level.PICKLE, Level.DATA, Level.DATA)


def test_a_commit_of_one_file_that_is_no_model(tmp_path: Path) -> None:
    for path in hub(tmp_path).rglob("*"):
        if path.is_symlink() and path.name != "README.md":
            path.unlink()
    assert pin(tmp_path, f"hf:org/name@{COMMIT}")[0] == 0


def test_one_changed_file_of_a_commit_and_nothing_is_pinned(tmp_path: Path) -> None:
    (hub(tmp_path) / "config.json").write_bytes(b"{}")
    code, output = pin(tmp_path, f"hf:org/name@{COMMIT}")
    assert (code, "config.json: the cache that it lies in says" in output) == (1, True)
    assert not (tmp_path / "safeload.lock").exists()


WRONG = {
    "a branch": ("hf:org/name@main", "a branch or a tag moves"),
    "no commit": ("hf:org/name", "a branch or a tag moves"),
    "the beginning of a commit": (f"hf:org/name@{COMMIT[:9]}", f"of this repository it holds {COMMIT}"),
    "another repository": (f"hf:org/nome@{COMMIT}", "there is nothing of it in"),
    "a way out": (f"hf:../models--org/name@{COMMIT}", "a branch or a tag moves"),
    "two names for one": (f"hf:org--name@{COMMIT}", "a branch or a tag moves"),
}


@pytest.mark.parametrize(("place", "said"), WRONG.values(), ids=WRONG)
def test_what_the_cache_does_not_hold_is_not_pinned(place: str, said: str, tmp_path: Path) -> None:
    hub(tmp_path)
    code, output = pin(tmp_path, place)
    assert (code, said in " ".join(output.replace("\n", " ").split())) == (2, True), output
    assert not (tmp_path / "safeload.lock").exists()


PLACES = {
    "named whole": ({"HF_HUB_CACHE": "{0}/x", "HF_HOME": "{0}/y"}, "x"),
    "by its old name": ({"HUGGINGFACE_HUB_CACHE": "{0}/x"}, "x"),
    "in a home": ({"HF_HOME": "{0}/y", "XDG_CACHE_HOME": "{0}/z"}, "y/hub"),
    "in the user's caches": ({"XDG_CACHE_HOME": "{0}/z"}, "z/huggingface/hub"),
    "nowhere said": ({"HOME": "{0}"}, ".cache/huggingface/hub"),
}


@pytest.mark.parametrize(("variables", "place"), PLACES.values(), ids=PLACES)
def test_where_the_cache_is(variables: dict[str, str], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safeload import settings

    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert settings.hub_cache() == tmp_path / place


def test_a_snapshot_claims_through_one_link(tmp_path: Path) -> None:
    claim = claims.claim_of(cache(tmp_path, A))
    assert claim is not None
    assert (claim.against(A), A in claim.against("b" * 64)) == ("", True)
