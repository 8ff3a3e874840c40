"""The lock file as text: what is read, what is refused and in which line, what is written."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest

from safeload.errors import PolicyError
from safeload.pins import claims, reading, writing
from safeload.pins.lock import Level, Lock, Pin
from safeload.scan.report import GlobalRef

A, B = "a" * 64, "b" * 64
TABLE = f"""[[file]]
sha256 = "{A}"
size = 3
grant = "pickle"
reason = "reviewed"
pinned = 2026-01-31
"""
HEAD = "version = 1\n"


def with_line(line: str) -> str:
    """A table whose seventh line, the eighth of the file, is this."""
    return HEAD + TABLE + line


# what is wrong: (the file, what the error says)
ERRORS = {
    "nothing": ("", "line 1: it has to say version = 1 first"),
    "another version": ("version = 2\n", "line 1: it has to say version = 1 first"),
    "a version that is true": ("version = true\n", "line 1: it has to say version = 1 first"),
    "an unknown key above": (HEAD + "trust = 'all'\n", "line 2: there is no key 'trust' above the files"),
    "one table in place of many": (HEAD + TABLE.replace("[[file]]", "[file]"), "files are written as [[file]] tables"),
    "an unknown key": (with_line("grants = 'pickle'"), "line 8: there is no key 'grants'; there are sha256, size"),
    "a size that is text": (
        HEAD + TABLE.replace("size = 3", "size = '3'"), "line 4: size has to be a number, not '3'",
    ),
    "a size that is true": (HEAD + TABLE.replace("size = 3", "size = true"), "line 4: size has to be a number"),
    "a size below zero": (HEAD + TABLE.replace("size = 3", "size = -3"), "line 4: a size is not below zero"),
    "a digest with its name": (
        HEAD + TABLE.replace(A, f"sha256:{A}"), "line 3: a digest is all 64 digits, in small letters",
    ),
    "a digest in capitals": (HEAD + TABLE.replace(A, A.upper()), "line 3: a digest is all 64 digits"),
    "a digest with a line behind it": (HEAD + TABLE.replace(A, A + "\\n"), "line 3: a digest is all 64 digits"),
    "digits of another alphabet": (HEAD + TABLE.replace(A, "\u0661" * 64), "line 3: a digest is all 64 digits"),
    "no reason": (HEAD + TABLE.replace("reviewed", " "), "line 6: reason is empty"),
    "no grant": (HEAD + TABLE.replace('grant = "pickle"\n', ""), "line 2: this file has no grant"),
    "a grant that there is not": (HEAD + TABLE.replace("pickle", "Pickle"), "line 5: grant is data, names or pickle"),
    "a day that is text": (HEAD + TABLE.replace("2026-01-31", "'2026-01-31'"), "line 7: pinned has to be a day"),
    "a day with a time": (HEAD + TABLE.replace("2026-01-31", "2026-01-31T00:00:00"), "line 7: pinned has to be a day"),
    "a day that there is not": (HEAD + TABLE.replace("2026-01-31", "2026-02-31"), "line 7: "),
    "an expiry that is never": (with_line("expires = false"), "line 8: expires has to be a day"),
    "one path that is no list": (with_line("paths = 'a.pt'"), "line 8: paths has to be a list of texts"),
    "a path that is no text": (with_line("paths = [3]"), "line 8: paths has to be a list of texts"),
    "an empty path": (with_line("paths = ['']"), "line 8: '' is no path"),
    "no name": (
        with_line("globals = [\n  'a:b',\n  'torch.nn',\n]"), "line 10: globals: 'torch.nn' is not of the form",
    ),
    "a twin by its path": (with_line("safetensors = 'a.safetensors'"), "line 8: safetensors is sha256: and all 64"),
    "a signer by name": (with_line("signed_by = 'me'"), "line 8: signed_by is key:sha256: and all 64"),
    "a digest twice": (HEAD + TABLE + TABLE, "line 8: this digest stands in line 2 already"),
    "a path twice": (
        HEAD + TABLE + "paths = ['x']\n" + TABLE.replace(A, B) + "paths = ['x']\n",
        "line 9: 'x' is bound in line 2 already",
    ),
    "a key twice": (with_line("size = 4"), "line 8: Cannot overwrite a value"),
    "no TOML": (HEAD + "[[file\n", "line 2: "),
    "a merge's first marker": (HEAD + "<<<<<<< HEAD\n" + TABLE, "line 2: a merge was left half done"),
    "a merge's second marker": (HEAD + TABLE + "=======\n", "line 8: a merge was left half done"),
    "a merge's last marker": (HEAD + TABLE + ">>>>>>> theirs\n", "line 8: a merge was left half done"),
    "a merge's base": (HEAD + TABLE + "||||||| base\n", "line 8: a merge was left half done"),
    "never, by name": (
        HEAD + TABLE.replace("pickle", "names") + "globals = [\n  'a:b',\n  'os:system',\n]",
        "line 10: os:system can never be allowed by name: it runs",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), ERRORS.values(), ids=ERRORS)
def test_what_is_wrong_is_told_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "safeload.lock"
    with pytest.raises(PolicyError) as error:
        reading.parse(path, text)
    assert f"{path}" in str(error.value)
    assert said in str(error.value)
    path.write_text(text)
    lock = reading.read(path)
    assert (lock.pins, bool(lock.problem)) == ({}, True)


def test_never_may_stand_among_the_names_of_what_is_pinned_whole() -> None:
    lock = reading.parse(Path("safeload.lock"), with_line("globals = ['os:system']"))
    assert lock.pins[A].globals == (GlobalRef("os", "system"),)


FULL = Pin(
    sha256=A,
    size=3,
    level=Level.NAMES,
    reason='a "quoted"\nreason \\ with \x1b[31m and ü',
    pinned=date(2026, 1, 31),
    expires=date(2027, 1, 31),
    paths=("a.pt", "weights/b.pt"),
    globals=(GlobalRef("mylab", "A"), GlobalRef("mylab", "B")),
    source="hf:org/name@commit/a.pt",
    safetensors=f"sha256:{B}",
    signed_by=f"key:sha256:{B}",
)
SMALL = Pin(sha256=B, size=0, level=Level.DATA, reason="x", pinned=date(2026, 1, 31))


def test_what_is_written_is_read_again_and_always_the_same() -> None:
    lock = Lock(path="safeload.lock", pins=MappingProxyType({B: SMALL, A: FULL}))
    text = writing.as_text(lock)
    assert reading.parse(Path("safeload.lock"), text).pins == lock.pins
    assert text == writing.as_text(reading.parse(Path("safeload.lock"), text))
    assert "\x1b" not in text
    assert text.index(A) < text.index(B)
    assert max(map(len, text.splitlines())) < 120


def test_a_lock_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "safeload.lock"
    path.write_text("before")
    bad = Pin(sha256="short", size=0, level=Level.DATA, reason="x", pinned=date(2026, 1, 31))
    with pytest.raises(PolicyError, match="all 64 digits"):
        writing.write(Lock(path=str(path), pins=MappingProxyType({"short": bad})))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(PolicyError, match="it is a link"):
        writing.write(Lock(path=str(tmp_path / "link")))
    assert path.read_text() == "before"


# --- claims of a cache ----------------------------------------------------------------------------

SNAPSHOT = "models--org--name/snapshots/0123abc"


def cache(folder: Path, blob: str, tree: str = "", link: str = "") -> Path:
    place = folder / SNAPSHOT / "sub" / "m.pkl"
    (folder / "models--org--name" / "blobs").mkdir(parents=True)
    place.parent.mkdir(parents=True)
    target = folder / "models--org--name" / "blobs" / blob
    if link:
        (folder / "shared").mkdir()
        (folder / "shared" / link).write_bytes(b"x")
        target.symlink_to(folder / "shared" / link)
    else:
        target.write_bytes(b"x")
    place.symlink_to(os.path.relpath(target, place.parent))
    if tree:
        (folder / "models--org--name" / "trees").mkdir()
        (folder / "models--org--name" / "trees" / "0123abc.json").write_text(tree)
    return place


FILES = {"sub/m.pkl": {"size": 1, "blob_id": "c", "lfs_sha256": A}}
TREE = json.dumps({"format_version": 1, "files": FILES})
# what lies there: (blob, tree, where the blob leads to, the digest that is claimed)
CACHES = {
    "a blob by its digest": (A, "", "", A),
    "a blob that leads to a shared one, whose name is no digest of it": (A, "", B, A),
    "a small file, by its git name": ("c" * 40, "", "", ""),
    "a list of the commit's files": ("c" * 40, TREE, "", A),
    "a list of other files": ("c" * 40, TREE.replace("sub/m.pkl", "m.pkl"), "", ""),
    "a list that is none": ("c" * 40, "[" * 100_000, "", ""),
    "a list with a digest that is none": ("c" * 40, TREE.replace(A, "../" + A), "", ""),
}


@pytest.mark.parametrize(("blob", "tree", "link", "digest"), CACHES.values(), ids=CACHES)
def test_what_a_cache_claims(blob: str, tree: str, link: str, digest: str, tmp_path: Path) -> None:
    claim = claims.claim_of(cache(tmp_path, blob, tree, link))
    assert claim is not None
    assert (claim.source, claim.sha256) == ("hf:org/name@0123abc/sub/m.pkl", digest)


def test_what_is_in_no_cache_claims_nothing(tmp_path: Path) -> None:
    assert claims.claim_of(tmp_path / "m.pkl") is None


INSTALLED = f"{sys.prefix}/lib/models/en.dat"


@pytest.mark.parametrize(
    ("path", "text", "may"),
    [
        pytest.param("/home/ada/m.pkl", "", True, id="a file of the user's"),
        pytest.param("m.pkl", "", True, id="one by a relative path"),
        pytest.param(INSTALLED, "", False, id="one that was installed"),
        pytest.param(INSTALLED, 'paths = ["../lib/models/en.dat"]', True, id="one that was installed, and is named"),
        pytest.param(f"{sys.prefix}/../m.pkl", "", True, id="one that only seems to be installed"),
        pytest.param("", "", False, id="what has no name"),
    ],
)
def test_what_a_broken_lock_file_may_have_bound(path: str, text: str, *, may: bool) -> None:
    assert Lock(path="/srv/safeload.lock", problem="line 3: no", text=text).may_bind(path) is may
    assert not Lock(path="/srv/safeload.lock", text=text).may_bind(path)
