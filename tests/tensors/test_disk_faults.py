"""``convert`` on a disk that is full, read-only or failing, killed in the middle, and many times at once."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

torch = pytest.importorskip("torch")
st = pytest.importorskip("safetensors.torch")
from kit_of_faults import at_once, in_a_child, open_to_anybody

import safeload
from safeload.pins import held, known
from safeload.state import STATE
from safeload.tensors import copying

ROOM: Final = 100_000  # bytes that a file may have, where the disk is full


def small(folder: Path) -> Path:
    torch.save({"w": torch.ones(3)}, folder / "x.pt")
    return folder / "x.pt"


def large(folder: Path) -> Path:
    torch.save({"w": torch.ones(ROOM)}, folder / "x.pt")
    return folder / "x.pt"


def wordy(folder: Path) -> Path:
    """Its tensors have room; the texts beside them have not."""
    torch.save({"w": torch.ones(3), "note": "n" * 2 * ROOM}, folder / "x.pt")
    return folder / "x.pt"


def sharded(folder: Path) -> Path:
    """Its index has no room."""
    torch.save({"w": torch.ones(3)}, folder / "pytorch_model-00001-of-00001.bin")
    index = {"metadata": {"note": "n" * 2 * ROOM}, "weight_map": {"w": "pytorch_model-00001-of-00001.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    return folder / "pytorch_model.bin.index.json"


def content(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    return tmp_path / "cache"


# What has no room: what is made, where the old one is, and which files may be new.
FULL: Final[dict[str, tuple[Callable[[Path], Path], set[str]]]] = {
    "the tensors": (large, set()),
    "the texts beside them": (wordy, set()),
    "the index of shards, which are whole": (sharded, {"model-00001-of-00001.safetensors"}),
}


@pytest.mark.parametrize(("make", "new"), FULL.values(), ids=FULL)
def test_a_full_disk(make: Callable[[Path], Path], new: set[str], tmp_path: Path) -> None:
    source = make(tmp_path)
    before = content(tmp_path)
    assert in_a_child(lambda: safeload.convert(source), room=ROOM) == "OSError"
    after = content(tmp_path)
    assert after.keys() - before.keys() == new
    assert {name: after[name] for name in before} == before
    assert in_a_child(lambda: safeload.convert(source)) == "done"
    for file in tmp_path.glob("*.json"):
        json.loads(file.read_text())


@pytest.mark.parametrize("make", [large, wordy], ids=["the tensors", "the texts"])
def test_a_full_disk_leaves_an_earlier_conversion_as_it_was(make: Callable[[Path], Path], tmp_path: Path) -> None:
    torch.save({"w": torch.zeros(2), "n": 1}, tmp_path / "x.pt")
    safeload.convert(tmp_path / "x.pt")
    made = {name: data for name, data in content(tmp_path).items() if name != "x.pt"}
    source = make(tmp_path)
    assert in_a_child(lambda: safeload.convert(source), room=ROOM) == "OSError"
    assert {name: data for name, data in content(tmp_path).items() if name != "x.pt"} == made
    assert len(made) == 2


def test_a_full_disk_under_the_cache(tmp_path: Path, cache: Path) -> None:
    source = large(tmp_path)
    assert in_a_child(lambda: safeload.convert(source, into_cache=True), room=ROOM) == "OSError"
    assert os.listdir(cache) == []
    assert in_a_child(lambda: torch.load(source), room=1) == "done"


def test_no_room_for_a_digest_to_be_remembered(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "WORTH", 1)
    source = small(tmp_path)
    os.utime(source, (1, 1))
    monkeypatch.setattr(known, "YOUNG", -1 << 62)

    def digest() -> None:
        with open(source, "rb") as file:
            found = held.hold(file.fileno(), remember=True)
        assert found.digest == hashlib.sha256(source.read_bytes()).hexdigest()
        found.close()

    monkeypatch.setattr(held, "copy_limit", lambda: 0)
    assert in_a_child(digest, room=10) == "done"
    assert os.listdir(cache / "digests") == []
    assert in_a_child(digest) == "done"
    assert len(os.listdir(cache / "digests")) == 1


def test_a_folder_that_may_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = small(tmp_path)
    open_to_anybody(tmp_path)
    tmp_path.chmod(0o555)
    try:
        assert in_a_child(lambda: safeload.convert(source), unprivileged=True) == "PermissionError"
        monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
        assert in_a_child(lambda: safeload.convert(source, into_cache=True), unprivileged=True) == "PermissionError"
        assert in_a_child(lambda: torch.load(source), unprivileged=True) == "done"
        assert in_a_child(lambda: safeload.load_tensors(source), unprivileged=True) == "done"
    finally:
        tmp_path.chmod(0o755)
    assert os.listdir(tmp_path) == ["x.pt"]


# --- killed, failing ----------------------------------------------------------------------------


def killed(path: Path) -> None:
    """kill -9 once the first bytes are written."""
    safeload.convert(path, overwrite=True, watch=lambda _: lambda _done, _total: os.kill(os.getpid(), signal.SIGKILL))


NAMELESS: Final = {"files without a name": True, "every file has a name": False}


@pytest.mark.parametrize("nameless", NAMELESS.values(), ids=NAMELESS)
def test_a_conversion_that_is_killed(nameless: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    if not nameless:
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    safeload.convert(small(tmp_path))
    made = (tmp_path / "x.safetensors").read_bytes()
    source = large(tmp_path)
    assert in_a_child(lambda: killed(source)) == ""
    assert (tmp_path / "x.safetensors").read_bytes() == made
    left = sorted(name for name in os.listdir(tmp_path) if name.endswith(".part"))
    assert len(left) == (0 if nameless and hasattr(os, "O_TMPFILE") else 1)
    (again,) = safeload.convert(source)
    assert again.fresh
    assert st.load_file(again.out)["w"].sum() == ROOM


def test_a_disk_that_fails_while_it_writes_in_the_background(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system tells of it once, to whoever syncs first."""
    source, failed = small(tmp_path), []

    def failing(_descriptor: int) -> None:
        failed.append(True)
        raise OSError(errno.EIO, "the disk")

    monkeypatch.setattr(os, "fdatasync", failing)
    monkeypatch.setattr(copying, "PAUSE", 0.001)

    def watch(_path: Path) -> Callable[[int, int], None]:
        def waiting(_done: int, _total: int) -> None:
            while not failed:
                time.sleep(0.001)

        return waiting

    with pytest.raises(OSError, match="the disk"):
        safeload.convert(source, watch=watch)
    assert os.listdir(tmp_path) == ["x.pt"]


# --- at once ------------------------------------------------------------------------------------


def test_sixteen_processes_that_convert_the_same_file(tmp_path: Path, cache: Path) -> None:
    source = large(tmp_path)
    assert at_once(16, lambda _: safeload.convert(source, into_cache=True)) == ["done"] * 16
    (place,) = cache.iterdir()
    assert place.name == f"{hashlib.sha256(source.read_bytes()).hexdigest()}.safetensors"
    assert st.load_file(place)["w"].sum() == ROOM
