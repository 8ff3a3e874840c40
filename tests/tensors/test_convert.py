"""``convert``: whole or not at all, equal to the source, and nothing of it run."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

torch = pytest.importorskip("torch")
st = pytest.importorskip("safetensors.torch")
from kit_of_tensors import STATES, Head, Hostile, bits
from safetensors import safe_open

import safeload
from safeload.cli import main
from safeload.state import STATE

HELD = [name for name in STATES if "complex128" not in name]


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", HELD)
def test_safetensors_reads_what_torch_saved(name: str, zipped, tmp_path: Path) -> None:
    state = STATES[name]
    torch.save(state, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    (made,) = safeload.convert(tmp_path / "x.pt")
    theirs = st.load_file(made.out)
    assert theirs.keys() | made.ties.keys() == state.keys()
    for key, tensor in state.items():
        found = theirs[made.ties.get(key, key)]
        assert (found.dtype, found.shape) == (tensor.dtype, tensor.shape)
        assert bits(found) == bits(tensor)
    assert safeload.load_tensors(made.out).keys() == state.keys()


def test_the_metadata_says_where_it_comes_from(tmp_path: Path) -> None:
    state = Head().state_dict()
    torch.save(state, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    with safe_open(made.out, "pt") as file:
        said = file.metadata()
    assert said["format"] == "pt"
    assert said["safeload.source_sha256"] == made.sha256
    assert made.sha256 == hashlib.sha256((tmp_path / "x.pt").read_bytes()).hexdigest()
    assert said["safeload.version"] == safeload.__version__
    assert said["other.weight"] == "tied.weight"
    assert safeload.load_tensors(made.out)._metadata == state._metadata


def test_tensors_begin_where_their_numbers_are_aligned(tmp_path: Path) -> None:
    state = {"a": torch.ones(3, dtype=torch.uint8), "b": torch.ones(3), "c": torch.ones(3, dtype=torch.float64)}
    torch.save(state, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    data = made.out.read_bytes()
    length = int.from_bytes(data[:8], "little")
    for entry in json.loads(data[8 : 8 + length]).values():
        if "dtype" in entry:
            assert (8 + length + entry["data_offsets"][0]) % {"U8": 1, "F32": 4, "F64": 8}[entry["dtype"]] == 0


def test_what_is_no_tensor_goes_beside(tmp_path: Path) -> None:
    held = {"w": torch.ones(1), "s": torch.eye(2).to_sparse()}
    held |= {"epoch": 3, "loss": float("nan"), "name": "x", "raw": b"x"}
    torch.save(held, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    said = json.loads(made.sidecar.read_text())
    assert said["values"] == {"epoch": 3, "loss": "nan", "name": "x"}
    assert said["left_out"].keys() == made.left_out.keys() == {"raw", "s"}


def test_what_goes_beside_does_not_outlive_its_file(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "epoch": 3}, tmp_path / "x.pt")
    safeload.convert(tmp_path / "x.pt")
    torch.save({"w": torch.zeros(1)}, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    assert made.sidecar is None
    assert sorted(os.listdir(tmp_path)) == ["x.pt", "x.safetensors"]


@pytest.mark.parametrize("content", ["{}", "not JSON", '{"source": 1}'])
def test_somebodys_own_file_beside_is_not_written_over(content: str, tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1), "epoch": 3}, tmp_path / "x.pt")
    own = tmp_path / "x.safetensors.json"
    own.write_text(content)
    with pytest.raises(safeload.TensorsError, match="was not made by this"):
        safeload.convert(tmp_path / "x.pt")
    assert (own.read_text(), (tmp_path / "x.safetensors").exists()) == (content, False)
    safeload.convert(tmp_path / "x.pt", overwrite=True)
    assert "epoch" in own.read_text()


def test_arrays_of_numpys(tmp_path: Path) -> None:
    import pickle

    arrays = {"a": np.arange(6).reshape(2, 3).T, "b": np.arange(3, dtype=">i4"), "t": np.array(["x"])}
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(arrays))
    (made,) = safeload.convert(tmp_path / "x.pkl")
    import safetensors.numpy

    theirs = safetensors.numpy.load_file(made.out)
    assert theirs.keys() == {"a", "b"}
    np.testing.assert_array_equal(theirs["a"], arrays["a"])
    np.testing.assert_array_equal(theirs["b"], arrays["b"])
    assert "t" in made.left_out


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    (first,) = safeload.convert(tmp_path / "x.pt")
    before = first.out.stat()
    (again,) = safeload.convert(tmp_path / "x.pt")
    assert (first.fresh, again.fresh) == (True, False)
    assert (again.out.stat().st_ino, again.out.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    torch.save({"w": torch.zeros(2)}, tmp_path / "x.pt")
    assert safeload.convert(tmp_path / "x.pt")[0].fresh
    assert st.load_file(first.out)["w"].tolist() == [0, 0]


def test_the_authors_own_file_is_not_written_over(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    st.save_file({"w": torch.zeros(2)}, tmp_path / "x.safetensors")
    with pytest.raises(safeload.TensorsError, match="was not made by this"):
        safeload.convert(tmp_path / "x.pt")
    assert st.load_file(tmp_path / "x.safetensors")["w"].tolist() == [0, 0]
    assert safeload.convert(tmp_path / "x.pt", overwrite=True)[0].fresh
    assert st.load_file(tmp_path / "x.safetensors")["w"].tolist() == [1, 1]


def test_a_file_is_not_written_over_itself(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    with pytest.raises(safeload.TensorsError, match="over itself"):
        safeload.convert(tmp_path / "x.pt", tmp_path / "x.pt", overwrite=True)


@pytest.mark.parametrize("what", ["write_entries", "_verify"])
def test_where_it_fails_nothing_is_left(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")

    def fails(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(f"safeload.tensors.convert.{what}", fails)
    with pytest.raises(OSError, match="no space"):
        safeload.convert(tmp_path / "x.pt")
    assert os.listdir(tmp_path) == ["x.pt"]


@pytest.mark.parametrize("where", ["numbers", "header"])
def test_what_was_written_is_read_back(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that keeps another byte than it was given."""
    write = os.pwrite

    def spoiled(into: int, data, at: int) -> int:
        if (at == 0) == (where == "header"):
            data = bytearray(data)
            data[-1 if at else 8] ^= 1
        return write(into, data, at)

    torch.save({"w": torch.zeros(100)}, tmp_path / "x.pt")
    monkeypatch.setattr(os, "pwrite", spoiled)
    with pytest.raises(safeload.TensorsError, match="not what was read"):
        safeload.convert(tmp_path / "x.pt")
    assert os.listdir(tmp_path) == ["x.pt"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(lambda path: os.truncate(path, os.path.getsize(path) // 2), "shorter|changed", id="cut short"),
        pytest.param(lambda path: os.pwrite(os.open(path, os.O_WRONLY), b"x", 2 << 20), "changed", id="written to"),
    ],
)
def test_a_file_that_changes_meanwhile_is_not_converted(change, words: str, tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(1 << 19), "b": torch.zeros(1 << 19)}, tmp_path / "x.pt")
    todo = [change]

    def watch(_path: Path):
        return lambda _done, _total: todo.pop()(tmp_path / "x.pt") if todo else None

    with pytest.raises(safeload.TensorsError, match=words):
        safeload.convert(tmp_path / "x.pt", watch=watch)
    assert os.listdir(tmp_path) == ["x.pt"]


def test_views_across_blocks_go_where_they_belong(tmp_path: Path) -> None:
    """Views of one storage that overlap, begin and end inside the blocks it is read in, of two widths."""
    base = torch.randn(300_000)
    state = {"all": base, "middle": base[65_530:200_001], "last": base[-3:], "d": torch.randn(70_000).double()}
    torch.save(state, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    theirs = st.load_file(made.out)
    assert {name: bits(theirs[name]) == bits(tensor) for name, tensor in state.items()} == dict.fromkeys(state, True)


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({"epoch": 3}, id="no tensor at all"),
        pytest.param({f"v{i}": torch.ones(1 << 20).expand(8, -1) for i in range(80)}, id="gigabytes made of megabytes"),
    ],
)
def test_what_makes_no_file(held, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "x.pt")
    with pytest.raises(safeload.TensorsError):
        safeload.convert(tmp_path / "x.pt")
    assert os.listdir(tmp_path) == ["x.pt"]


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "fired"
    torch.save({"w": torch.ones(2), "evil": Hostile(mark)}, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt")
    assert made.left_out == {"evil": "made by calling posix:system"}
    assert not mark.exists()
    with safeload.activate(safeload.Policy(mode=safeload.Mode.OFF)):
        torch.load(tmp_path / "x.pt", weights_only=False)
    assert mark.exists()


# --- folders, shards, the cache -----------------------------------------------------------------


def sharded(folder: Path) -> None:
    folder.mkdir()
    names = {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}
    for tensor, name in names.items():
        torch.save({tensor: torch.full((3,), ord(tensor))}, folder / name)
    index = {"metadata": {"total_size": 24}, "weight_map": names}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    torch.save({"x": 1}, folder / "training_args.bin")


def test_a_sharded_checkpoint_gets_a_new_index(tmp_path: Path) -> None:
    sharded(tmp_path / "m")
    made = safeload.convert(tmp_path / "m")
    assert len(made) == 2
    index = json.loads((tmp_path / "m" / "model.safetensors.index.json").read_text())
    assert index["weight_map"]["b"] == "model-00002-of-00002.safetensors"
    assert index["metadata"] == {"total_size": 24}
    assert not any(one.fresh for one in safeload.convert(tmp_path / "m"))
    torch.load(tmp_path / "m" / "pytorch_model-00001-of-00002.bin")


def test_an_index_that_leads_outside_is_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(1)}, tmp_path / "x.bin")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "pytorch_model.bin.index.json").write_text('{"weight_map": {"a": "../x.bin"}}')
    with pytest.raises(safeload.TensorsError, match="outside"):
        safeload.convert(tmp_path / "m")


def test_a_folder_into_another(tmp_path: Path) -> None:
    sharded(tmp_path / "m")
    safeload.convert(tmp_path / "m", tmp_path / "new")
    assert sorted(os.listdir(tmp_path / "new")) == [
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ]


def test_the_cache_is_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    (made,) = safeload.convert(tmp_path / "x.pt", into_cache=True)
    assert made.out.name == f"{made.sha256}.safetensors"
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    assert not safeload.convert(tmp_path / "x.pt", into_cache=True)[0].fresh


def test_nothing_else_gets_into_the_cache_under_a_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced once it was hashed: what lies in the cache under a digest is believed."""
    from safeload.tensors import cache

    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    place = cache.place_for

    def replaced(path: Path):
        found = place(path)
        torch.save({"w": torch.zeros(2)}, path)
        return found

    monkeypatch.setattr(cache, "place_for", replaced)
    with pytest.raises(safeload.TensorsError, match="changed while"):
        safeload.convert(tmp_path / "x.pt", into_cache=True)
    assert os.listdir(tmp_path / "cache") == []


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_cache_that_others_write_is_not_used(mode: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(mode)
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    with pytest.raises(safeload.TensorsError, match="write into it"):
        safeload.convert(tmp_path / "x.pt", into_cache=True)


def test_a_link_is_no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to(tmp_path / "elsewhere")
    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    torch.save({"w": torch.ones(2)}, tmp_path / "x.pt")
    with pytest.raises(safeload.TensorsError, match="link"):
        safeload.convert(tmp_path / "x.pt", into_cache=True)


# --- the command line ---------------------------------------------------------------------------


def test_the_command(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "epoch": 3}, tmp_path / "x.pt")
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "x.pt"), str(tmp_path / "y.safetensors")])
    assert done.exit_code == 0, done.output
    assert st.load_file(tmp_path / "y.safetensors")["w"].tolist() == [1, 1]
    again = CliRunner().invoke(main, ["convert", str(tmp_path / "x.pt"), str(tmp_path / "y.safetensors")])
    assert (again.exit_code, "there already" in again.output) == (0, True)


def test_the_command_fails_in_words(tmp_path: Path) -> None:
    (tmp_path / "x.pt").write_bytes(b"<html>")
    done = CliRunner().invoke(main, ["convert", str(tmp_path / "x.pt")])
    assert done.exit_code == 1
    assert "HTML" in done.output
    assert "Traceback" not in done.output


def test_progress_comes_to_its_end(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1000), "b": torch.ones(10)}, tmp_path / "x.pt")
    seen: list[tuple[int, int]] = []
    safeload.convert(tmp_path / "x.pt", watch=lambda _path: lambda done, total: seen.append((done, total)))
    assert seen[-1] == (4040, 4040)


def test_bytes_that_are_not_mapped_come_out_the_same(tmp_path: Path) -> None:
    """A pickle's tensors are in memory, a compressed file's in a temporary one."""
    import gzip
    import pickle

    (tmp_path / "x.pkl").write_bytes(pickle.dumps({"w": torch.arange(50_000.0)}))
    out = io.BytesIO()
    torch.save({"w": torch.arange(50_000.0)}, out)
    (tmp_path / "y.pt").write_bytes(gzip.compress(out.getvalue()))
    for name in ("x.pkl", "y.pt"):
        (made,) = safeload.convert(tmp_path / name)
        assert torch.equal(st.load_file(made.out)["w"], torch.arange(50_000.0))
