"""Files that the libraries themselves write: complete, of the right format, and let through."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from safeload.files import judged, scan

np = pytest.importorskip("numpy")


def arrays() -> dict[str, Any]:
    return {
        "floats": np.arange(100_000.0),
        "objects": np.array([1, "a", None], dtype=object),
        "structured": np.zeros(3, dtype=[("a", "<f4"), ("b", "<U5", (2,)), ("c", "<M8[ns]")]),
        "empty": np.zeros((0, 3)),
        "scalar": np.float32(1),
    }


def joblib_file(path: Path, compress: Any = 0) -> None:
    joblib = pytest.importorskip("joblib")
    if compress == ("lz4", 3):
        pytest.importorskip("lz4")
    joblib.dump(arrays(), path, compress=compress)


def frame(path: Path, compression: str | None) -> None:
    pandas = pytest.importorskip("pandas")
    pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}).to_pickle(path, compression=compression)


def aligned_and_padded(path: Path) -> None:
    kind = np.dtype([("a", "u1"), ("b", "f8"), ("c", "S0")], align=True)
    with path.open("wb") as file:
        np.save(file, np.zeros((2, 3), kind))
        np.save(file, np.zeros((), "?"))
        np.save(file, np.array([{}], dtype=object))


def torch_file(path: Path, **options: Any) -> None:
    torch = pytest.importorskip("torch")
    tensors = {
        "f32": torch.zeros(10, 10),
        "view": torch.ones(8)[2:5],
        "bf16": torch.zeros(3, dtype=torch.bfloat16),
        "bool": torch.zeros(3, dtype=torch.bool),
        "empty": torch.zeros(0),
    }
    torch.save(tensors, path, **options)


def without_checksums(path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.serialization.set_crc32_options(False)
    try:
        torch_file(path)
    finally:
        torch.serialization.set_crc32_options(True)


def script(path: Path) -> None:
    torch = pytest.importorskip("torch")
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), path)


def safetensors(path: Path) -> None:
    pytest.importorskip("safetensors.numpy").save_file({"a": np.zeros(3), "b": np.ones((2, 2))}, path)


def within(pack: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        torch_file(path)
        path.write_bytes(pack(path.read_bytes()))

    return make


CASES: dict[str, tuple[Callable[[Path], None], str]] = {
    "joblib": (joblib_file, "joblib"),
    **{
        f"joblib, {name}": (lambda path, name=name: joblib_file(path, (name, 3)), f"joblib in {name}")
        for name in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4")
    },
    "npy": (lambda path: np.save(path.open("wb"), arrays()["floats"]), "npy"),
    "npy of objects": (lambda path: np.save(path.open("wb"), arrays()["objects"]), "npy"),
    "npy of structures": (lambda path: np.save(path.open("wb"), arrays()["structured"]), "npy"),
    "npy, several and padded": (aligned_and_padded, "npy"),
    "npz": (lambda path: np.savez(path.open("wb"), **arrays()), "npz"),
    "npz, compressed": (lambda path: np.savez_compressed(path.open("wb"), **arrays()), "npz"),
    "pandas": (lambda path: frame(path, None), "pickle"),
    "pandas, gzip": (lambda path: frame(path, "gzip"), "pickle in gzip"),
    "pandas, bz2": (lambda path: frame(path, "bz2"), "pickle in bz2"),
    "pandas, xz": (lambda path: frame(path, "xz"), "pickle in xz"),
    "pandas, zip": (lambda path: frame(path, "zip"), "pickle in zip"),
    "pandas, tar": (lambda path: frame(path, "tar"), "tar"),
    "torch": (torch_file, "torch zip"),
    "torch, without checksums": (without_checksums, "torch zip"),
    "torch, legacy": (lambda path: torch_file(path, _use_new_zipfile_serialization=False), "torch legacy"),
    "torch in gzip": (within(gzip.compress), "torch zip in gzip"),
    "torch in bz2": (within(bz2.compress), "torch zip in bz2"),
    "torch in xz": (within(lzma.compress), "torch zip in xz"),
    "safetensors": (safetensors, "safetensors"),
}


@pytest.mark.parametrize(("make", "form"), CASES.values(), ids=CASES)
def test_what_libraries_write_is_read_to_its_end_and_admitted(
    make: Callable[[Path], None], form: str, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    make(path)
    report, verdict = judged(path)
    assert (report.problem, verdict.refused) == ("", ())
    assert report.format == form
    assert report.consumed == path.stat().st_size or " in " in form


@pytest.mark.parametrize("form", ["joblib", "torch, legacy", "npy of objects", "npz", "torch", "pandas, gzip"])
def test_what_is_cut_is_never_complete(form: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    CASES[form][0](path)
    data = path.read_bytes()
    for kept in (0.3, 0.7, 0.99):
        assert scan(data[: int(len(data) * kept)]).problem, kept
    assert scan(data[:-1]).problem


def test_a_script_asks_for_leave_to_run_code(tmp_path: Path) -> None:
    script(tmp_path / "file")
    report, verdict = judged(tmp_path / "file")
    assert report.format == "TorchScript"
    assert [str(item.ref) for item in verdict.refused] == ["torch.jit:TorchScript"]


def test_torchs_own_reader_has_to_agree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another reader's view of the archive: one more member, other bytes, none at all."""
    from safeload import files

    torch_file(tmp_path / "file")
    honest = files._torch_archive

    class Other:
        def __init__(self, file: Any, more: frozenset[str], added: bytes) -> None:
            self.reader, self.more, self.added = honest(file), more, added

        def names(self) -> frozenset[str]:
            return self.reader.names() | self.more

        def record(self, name: str) -> bytes:
            return self.reader.record(name) + self.added

    def refusing(_file: Any) -> Any:
        message = "PytorchStreamReader failed"
        raise RuntimeError(message)

    for archive, problem in (
        (lambda file: Other(file, frozenset({"extra.pkl"}), b""), "same members"),
        (lambda file: Other(file, frozenset(), b"."), "different bytes"),
        (refusing, "does not take it"),
        (honest, ""),
    ):
        monkeypatch.setattr(files, "_torch_archive", archive)
        found = scan(tmp_path / "file").problem
        assert problem in found
        assert bool(problem) == bool(found)


def test_a_big_file_is_scanned_without_reading_its_arrays(tmp_path: Path) -> None:
    """Half a gigabyte that a sparse file does not even have on disk."""
    import pickle

    path = tmp_path / "file"
    size = 500 << 20
    with path.open("wb") as file:
        file.write(b"\x80\x04ccollections\nOrderedDict\n)R\x8e" + size.to_bytes(8, "little"))
        file.seek(size, io.SEEK_CUR)
        file.write(b"\x86" + pickle.STOP)
    read = 0

    class Counting(io.FileIO):
        def readinto(self, into: Any) -> Any:
            nonlocal read
            count = super().readinto(into)
            read += count or 0
            return count

        def read(self, size: int = -1) -> Any:
            nonlocal read
            data = super().read(size)
            read += len(data)
            return data

    with Counting(path) as file:
        report = scan(file)
    assert not report.problem
    assert [str(ref) for ref in report.globals] == ["collections:OrderedDict"]
    assert read < 1 << 20
