"""What ``scan`` reports of each format, on bytes made by hand: nothing but the standard library."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import json
import lzma
import pickle
import sys
import tarfile
import zipfile
import zlib
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions import archives
from evasions.builders import (
    BINPERSID,
    BOOM,
    HARMLESS,
    NONE,
    TRUE,
    calling,
    group,
    listing,
    named,
    number,
    octets,
    pickled,
    text,
)

import safeload
from safeload.files import scan
from safeload.scan import unpack
from safeload.scan.reading import goes_on_behind
from safeload.scan.report import GlobalRef, Use

SYSTEM = {"os:system"}
ORDERED = {"collections:OrderedDict"}
BIG = octets(bytes(90_000))
PLAIN = pickle.dumps([1, 2])
EVIL = pickled(BOOM)
LIST = pickle.dumps(OrderedDict(a=1))


def records(kind: str, size: int = 8) -> bytes:
    """One element of a type that has parts."""
    data = archives.npy(bytes(size), code="<f8".ljust(len(kind) - 2))
    return data.replace(repr("<f8".ljust(len(kind) - 2)).encode(), kind.encode())


def storage(count: int, key: str = "0") -> bytes:
    """The persistent id of so many bytes, as legacy files have it."""
    return group(text("storage"), named("torch:ByteStorage"), text(key), text("cpu"), number(count), NONE) + BINPERSID


def packed(data: bytes, name: str = "frame.pkl") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def torch_tar_with_tensors(end: bytes = b"") -> bytes:
    """A storage of three floats, one tensor on it, and an object that names the tensor."""
    float_storage = b"\x80\x02(K\x07X\x03\0\0\0cpuctorch\nFloatStorage\nt."
    files = {
        "storages": pickle.dumps(1, 2)
        + float_storage
        + (3).to_bytes(8, "little")
        + bytes(12)
        + pickle.dumps([], 2)
        + end,
        "tensors": pickle.dumps(1, 2)
        + b"\x80\x02(K\x09K\x07ctorch\nFloatTensor\nt."
        + (1).to_bytes(4, "little")
        + bytes(4)
        + (3).to_bytes(8, "little")
        + (1).to_bytes(8, "little")
        + bytes(8),
        "pickle": b"\x80\x02P9\n.",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def safetensors(header: Any, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


FLOATS = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def safetensors_and_pickle() -> bytes:
    """The header's length is BINUNICODE to a pickle, which passes over the header to the payload."""
    header = b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}'
    filled = header.ljust(0x58 + 256 * 4)
    hop = int.from_bytes(len(filled).to_bytes(8, "little")[1:5], "little")
    return len(filled).to_bytes(8, "little") + filled[: hop - 3] + b"0" + BOOM + b"."


def tar_and_pickle() -> bytes:
    """The member's name begins with opcodes that run before the first zero byte."""
    return packed(b"", "cos\nsystem\n(S'touch canary'\ntR.")


def zf(data: bytes) -> bytes:
    """joblib up to 0.9, compressed."""
    return b"ZF" + hex(len(data)).encode().ljust(19) + zlib.compress(data)


Bytes = Callable[[], bytes]

CASES: dict[str, tuple[Bytes, str, set[str], str]] = {
    # what it is                      bytes            format      names       problem
    "data only": (lambda: PLAIN, "pickle", set(), ""),
    "one name": (lambda: LIST, "pickle", ORDERED, ""),
    "payload": (lambda: EVIL, "pickle", SYSTEM, ""),
    "protocol 0": (lambda: pickle.dumps(OrderedDict(), 0), "pickle", ORDERED, ""),
    "payload in the third pickle": (lambda: PLAIN * 2 + EVIL, "pickle", SYSTEM, ""),
    "padding behind": (lambda: LIST + b"\n\0\0", "pickle", ORDERED, ""),
    "garbage behind": (lambda: LIST + b"\xff\xff", "pickle", ORDERED, "from byte"),
    "cut before STOP": (lambda: PLAIN[:-1], "pickle", set(), "truncated"),
    "payload, then cut": (lambda: EVIL[:-1], "pickle", SYSTEM, "Ran out of input"),
    "big buffer that is cut": (lambda: pickle.dumps(bytes(200_000), 4)[:-50_000], "pickle", set(), "Ran out"),
    "nested in a big buffer": (
        lambda: pickled(calling("torch.storage:_load_from_bytes", octets(archives.torch_zip(BIG + b"0" + BOOM)))),
        "pickle",
        {"torch.storage:_load_from_bytes", *SYSTEM},
        "",
    ),
    "gzip": (lambda: gzip.compress(LIST), "pickle in gzip", ORDERED, ""),
    "two gzip streams": (lambda: gzip.compress(PLAIN) + gzip.compress(LIST), "pickle in gzip", ORDERED, ""),
    "gzip with garbage behind": (lambda: gzip.compress(LIST) + b"rest", "pickle in gzip", ORDERED, "cannot be read"),
    "gzip that is cut": (lambda: gzip.compress(LIST)[:-4], "pickle in gzip", ORDERED, "breaks off"),
    "bzip2": (lambda: bz2.compress(EVIL), "pickle in bz2", SYSTEM, ""),
    "xz": (lambda: lzma.compress(EVIL), "pickle in xz", SYSTEM, ""),
    "lzma": (lambda: lzma.compress(EVIL, lzma.FORMAT_ALONE), "pickle in lzma", SYSTEM, ""),
    "zlib": (lambda: zlib.compress(EVIL), "pickle in zlib", SYSTEM, ""),
    "joblib of old, compressed": (lambda: zf(EVIL), "pickle in joblib zlib", SYSTEM, ""),
    "gzip in xz in bzip2": (
        lambda: bz2.compress(lzma.compress(gzip.compress(EVIL))),
        "pickle in gzip in xz in bz2",
        SYSTEM,
        "",
    ),
    "nine gzips": (lambda: nine_times(EVIL), "pickle" + " in gzip" * 9, set(), "containers in one another"),
    "torch zip": (lambda: archives.torch_zip(BOOM), "torch zip", SYSTEM, ""),
    "torch zip, deflated": (
        lambda: archives.zipped(archives.torch_members(BOOM), method=zipfile.ZIP_DEFLATED),
        "torch zip",
        SYSTEM,
        "",
    ),
    "torch zip with a name in capitals": (
        lambda: archives.zipped([("a/DATA.PKL", pickled(BOOM, 2)), ("a/version", b"3\n")]),
        "torch zip",
        SYSTEM,
        "",
    ),
    "torch zip with a second pickle": (
        lambda: archives.zipped([*archives.torch_members(HARMLESS), ("archive/extra.pkl", EVIL)]),
        "torch zip",
        SYSTEM,
        "",
    ),
    "torch zip whose tensors look like a pickle": (
        lambda: archives.zipped([*archives.torch_members(HARMLESS), ("archive/data/0", EVIL)]),
        "torch zip",
        set(),
        "",
    ),
    "two members of one name": (
        lambda: archives.zipped(archives.torch_members(BOOM) + archives.torch_members(HARMLESS)[:1]),
        "torch zip",
        SYSTEM,
        "two members of one name",
    ),
    "bytes before the archive": (
        lambda: archives.torch_zip(HARMLESS) + archives.torch_zip(HARMLESS),
        "torch zip",
        set(),
        "bytes before",
    ),
    "zip that is cut": (lambda: archives.torch_zip(BOOM)[:-30], "zip", set(), "truncated"),
    "TorchScript": (
        lambda: archives.zipped([*archives.torch_members(HARMLESS), ("archive/constants.pkl", PLAIN)]),
        "TorchScript",
        {"torch.jit:TorchScript"},
        "",
    ),
    "torch package": (
        lambda: archives.zipped([("p/.data/extern_modules", b""), ("p/model/model.pkl", EVIL)]),
        "torch package",
        {"torch.package:PackageImporter", *SYSTEM},
        "",
    ),
    "zip of nothing": (lambda: archives.zipped([]), "zip", set(), ""),
    "zipped pickle": (lambda: archives.zipped([("frame.pkl", EVIL)]), "pickle in zip", SYSTEM, ""),
    "zip of text": (lambda: archives.zipped([("readme.txt", b"text"), ("b.json", b"{}")]), "zip", set(), ""),
    "pickle among text": (lambda: archives.zipped([("readme.txt", b"text"), ("b", EVIL)]), "zip", SYSTEM, ""),
    "zip that unpacks to too much": (lambda: bomb(), "pickle in zip", set(), "a trap"),
    "torch legacy": (lambda: archives.torch_legacy(BOOM), "torch legacy", SYSTEM, ""),
    "torch legacy, payload in the keys": (
        lambda: archives.torch_legacy(BOOM, place="keys"),
        "torch legacy",
        SYSTEM,
        "",
    ),
    **{
        f"torch legacy with a storage of {what}": (
            lambda count=count: archives.torch_legacy(storage(count)),
            "torch legacy",
            {"torch:ByteStorage"},
            "break off",
        )
        for what, count in {
            "more than any disk has": 1 << 50,
            "more than there are numbers for": 1 << 70,
            "less than nothing": -(1 << 40),
        }.items()
    },
    "torch legacy with a storage that takes another's place away": (
        lambda: archives.torch_legacy(group(storage(100), storage(-50, "1"))) + bytes(8 + 8 + 50),
        "torch legacy",
        {"torch:ByteStorage"},
        "break off",
    ),
    "torch legacy with garbage behind": (
        lambda: archives.torch_legacy(HARMLESS) + b"rest",
        "torch legacy",
        set(),
        "something follows",
    ),
    "torch tar": (
        torch_tar_with_tensors,
        "torch tar",
        {"torch:FloatStorage", "torch:FloatTensor"},
        "",
    ),
    "torch tar, payload in the storages": (lambda: archives.torch_tar(BOOM, "storages"), "torch tar", SYSTEM, ""),
    "torch tar with more than torch reads": (
        lambda: torch_tar_with_tensors(EVIL),
        "torch tar",
        {"torch:FloatStorage", "torch:FloatTensor"},
        "something follows",
    ),
    "tarred pickle": (lambda: packed(EVIL), "tar", SYSTEM, ""),
    "tarred pickle, in gzip": (lambda: gzip.compress(packed(EVIL)), "tar in gzip", SYSTEM, ""),
    "tar that is a pickle": (tar_and_pickle, "tar", SYSTEM, "a pickle as well"),
    "npy of objects": (lambda: archives.npy(EVIL), "npy", SYSTEM, ""),
    "npy of numbers": (lambda: archives.npy(bytes(8), code="<f8"), "npy", set(), ""),
    "npy of numbers that is cut": (lambda: archives.npy(bytes(7), code="<f8"), "npy", set(), "break off"),
    "npy with a pickle behind": (lambda: archives.npy(bytes(8), code="<f8") + EVIL, "npy", set(), "something follows"),
    "npy of more than any disk has": (
        lambda: archives.npy(bytes(8), code="|u1", shape=f"({1 << 50},)"), "npy", set(), "break off",
    ),
    "npy of more than there are numbers for": (
        lambda: archives.npy(bytes(8), code="|u1", shape=f"({1 << 70},)"), "npy", set(), "break off",
    ),
    # Behind the array the reader would be where it was before it, or before an array that it has read.
    "npy of a length below nothing": (
        lambda: archives.npy(bytes(8), code="<f8", shape="(-15,)"), "npy", set(), "no possible shape",
    ),
    "npy of two lengths below nothing": (
        lambda: archives.npy(bytes(8), code="<f8", shape="(-1, -1)"), "npy", set(), "no possible shape",
    ),
    "npy of a length that is no number": (
        lambda: archives.npy(bytes(8), code="<f8", shape="(1.0,)"), "npy", set(), "no possible shape",
    ),
    **{
        f"npy of records of {what}": (lambda kind=kind: records(kind), "npy", set(), "no possible shape")
        for what, kind in {
            "a length below nothing": "[('a', '<f8', (-15,))]",
            "one length below nothing": "[('a', '<f8', -15)]",
            "arrays of a length below nothing": "('<f8', (-15,))",
        }.items()
    },
    "npy of records": (lambda: records("[('a', '<f8', (3,)), ('b', 'U2', 2), ('c', '?')]", 41), "npy", set(), ""),
    "npy of records that is cut": (
        lambda: records("[('a', '<f8', (3,)), ('b', 'U2', 2), ('c', '?')]", 40), "npy", set(), "break off",
    ),
    "npy of no type": (lambda: archives.npy(bytes(8), code="f8;"), "npy", set(), "an unknown type: 'f8;'"),
    "two npy, objects in the second": (
        lambda: archives.npy(bytes(8), code="<f8") + archives.npy(EVIL),
        "npy",
        SYSTEM,
        "",
    ),
    "npz": (lambda: archives.zipped([("a.npy", archives.npy(EVIL))]), "npz", SYSTEM, ""),
    "joblib": (
        lambda: pickled(archives.joblib_array(bytes(8)) + b"0" + BOOM),
        "joblib",
        {"joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype", "numpy:ndarray", *SYSTEM},
        "",
    ),
    "joblib whose array is a payload to pickle": (
        lambda: pickled(archives.joblib_array(b"0cos\nabort\n(tR.".ljust(16, b"."), shape=b"K\x02\x85")),
        "joblib",
        {"joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype", "numpy:ndarray"},
        "read by pickle instead of joblib, it asks for os:abort",
    ),
    **{
        f"joblib with an array of {what}": (
            lambda shape=shape: pickled(archives.joblib_array(bytes(8), shape=shape) + b"0" + BOOM),
            "joblib",
            {"joblib.numpy_pickle:NumpyArrayWrapper", "numpy:dtype", "numpy:ndarray"},
            "an array of no possible shape",
        )
        for what, shape in {
            "a length below nothing": group(number(-1)),
            "two lengths below nothing": group(number(-1), number(-1)),
            "a length that is a truth": group(TRUE),
            "a length that is no tuple": listing(number(1)),
        }.items()
    },
    "safetensors": (lambda: safetensors(FLOATS, bytes(8)), "safetensors", set(), ""),
    "safetensors that is cut": (lambda: safetensors(FLOATS, bytes(7)), "safetensors", set(), "there are 7"),
    "safetensors with a gap": (
        lambda: safetensors({"a": {"data_offsets": [4, 8]}}, bytes(8)),
        "safetensors",
        set(),
        "gaps",
    ),
    "safetensors with a broken header": (
        lambda: (5).to_bytes(8, "little") + b"{oops",
        "safetensors",
        set(),
        "cannot be read",
    ),
    "git-LFS pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\n", "unknown", set(), "git lfs pull"),
    "HTML": (lambda: b"<!doctype html>", "unknown", set(), "HTML"),
    "JSON": (lambda: b'{"a": 1}', "unknown", set(), "JSON"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c\0\4", "unknown", set(), "7z"),
    "empty": (lambda: b"", "unknown", set(), "empty"),
}  # fmt: skip


def nine_times(data: bytes) -> bytes:
    for _ in range(9):
        data = gzip.compress(data)
    return data


def bomb() -> bytes:
    """A member that says it is longer than anything so small may be."""
    data = archives.zipped([("a.pkl", PLAIN)], method=zipfile.ZIP_DEFLATED)
    at = data.index(archives.CENTRAL)
    return data[: at + 24] + (0xFFFFFFFE).to_bytes(4, "little") + data[at + 28 :] + bytes(0)


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Traps small enough for a test."""
    from safeload.scan import zips

    for module in (unpack, zips):
        monkeypatch.setattr(module, "FREE", 1 << 24)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize(("make", "form", "names", "problem"), CASES.values(), ids=CASES)
def test_scan_says_what_bytes_ask_for(make: Bytes, form: str, names: set[str], problem: str, tmp_path: Path) -> None:
    data = make()
    report = scan(data)
    assert report.format == form
    assert {str(ref) for ref in report.globals} == names
    assert problem in report.problem
    assert bool(problem) == bool(report.problem)

    path = tmp_path / "file"
    path.write_bytes(data)
    assert scan(path) == report


@pytest.mark.parametrize("name", ["bzip2", "gzip", "zlib", "xz"])
def test_a_stream_that_unpacks_to_too_much_is_a_trap(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "FREE", 1 << 20)
    pack = {"bzip2": bz2.compress, "gzip": gzip.compress, "zlib": zlib.compress, "xz": lzma.compress}[name]
    report = scan(pack(pickle.dumps(bytes(8 << 20), 4)))
    assert "taken for a trap" in report.problem


def test_lz4_where_its_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lz4.frame", None)
    report = scan(b"\x04\x22\x4d\x18" + bytes(30))
    assert "the package lz4 is not installed" in report.problem


def test_safetensors_that_is_a_pickle_is_found() -> None:
    report = scan(safetensors_and_pickle())
    assert report.problem
    assert {str(ref) for ref in report.globals} == SYSTEM


def test_uses_are_complete_for_names_without_rules() -> None:
    report = scan(pickle.dumps([Counter("aab"), OrderedDict(a=1)], 2))
    assert report.uses[GlobalRef("collections", "Counter")] & Use.CALLED
    assert report.uses[GlobalRef("collections", "OrderedDict")] == Use.REFERENCED | Use.CALLED | Use.ITEMS_SET


def test_a_file_is_scanned_from_where_it_stands_and_left_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(EVIL + LIST)
    for stream in (path.open("rb"), path.open("rb", buffering=0), io.BytesIO(EVIL + LIST)):
        with stream:
            stream.seek(len(EVIL))
            assert {str(ref) for ref in scan(stream).globals} == ORDERED
            assert stream.tell() == len(EVIL)


def test_a_file_of_the_users_own_is_enough() -> None:
    class Ours:
        def __init__(self) -> None:
            self.inner = io.BytesIO(LIST)
            self.tell, self.seek, self.read = self.inner.tell, self.inner.seek, self.inner.read

    assert {str(ref) for ref in scan(Ours()).globals} == ORDERED  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [io.StringIO("text"), 7, None], ids=["text", "number", "none"])
def test_what_is_no_binary_file_is_a_type_error(source: Any) -> None:
    with pytest.raises(TypeError, match="binary"):
        scan(source)


def test_what_cannot_go_back_is_a_type_error() -> None:
    class Pipe(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(TypeError, match="go back"):
        scan(Pipe())  # type: ignore[arg-type]


def test_an_array_longer_than_a_file_of_this_disk_breaks_off() -> None:
    class OnASmallDisk(io.BytesIO):
        def seek(self, place: int, whence: int = 0) -> int:
            if place > 1 << 32:
                raise OSError(errno.EINVAL, "Invalid argument")
            return super().seek(place, whence)

    file = io.BufferedReader(OnASmallDisk(b"abc"))
    assert not goes_on_behind(file, 1 << 33)
    assert not goes_on_behind(file, -1)
    assert goes_on_behind(file, 2)
    assert file.read() == b"c"


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "none")


def test_nothing_is_imported_or_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "landmine.py").write_text("raise SystemExit")
    monkeypatch.syspath_prepend(str(tmp_path))
    report = scan(pickled(named("landmine:thing")))
    assert report.globals == (GlobalRef("landmine", "thing"),)
    assert "landmine" not in sys.modules


def test_check_judges_by_the_policy_it_is_given() -> None:
    ours = pickled(named("ours:Class"))
    assert not safeload.check(ours).admitted
    allowing = safeload.Policy(allow=frozenset({GlobalRef("ours", "Class")}))
    assert safeload.check(ours, allowing).admitted
    with safeload.allow("ours:Class"):
        assert safeload.check(ours).admitted
    assert not safeload.check(ours).admitted


def test_check_knows_a_trusted_digest() -> None:
    import hashlib

    digest = "sha256:" + hashlib.sha256(EVIL).hexdigest()
    with safeload.trust(digest, reason="a test"):
        assert safeload.check(EVIL).admitted
        assert not safeload.check(EVIL + b"\n").admitted
    assert not safeload.check(EVIL).admitted
