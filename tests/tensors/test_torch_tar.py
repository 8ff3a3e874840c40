"""torch's files from before 0.1.10, which torch.load still reads: equal tensors, and none where they lie."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from kit_of_tensors import assert_same, sharing

import safeload
from safeload.policy import Twins


def records(*rows: bytes) -> bytes:
    return pickle.dumps(len(rows), 2) + b"".join(rows)


def said(number: int, second: bytes, name: str) -> bytes:
    return b"\x80\x02(" + b"J" + struct.pack("<i", number) + second + b"ctorch\n" + name.encode() + b"\nt."


def storage(number: int, kind: str, numbers: bytes, count: int) -> bytes:
    return said(number, b"X\x03\0\0\0cpu", f"{kind}Storage") + struct.pack("<q", count) + numbers


def tensor(  # noqa: PLR0917 - in the file's order
    number: int, of: int, shape: tuple = (4,), stride: tuple = (1,), offset: int = 0, axes: int | None = None
) -> bytes:
    sizes = struct.pack(f"<{len(shape)}q", *shape) + struct.pack(f"<{len(stride)}q", *stride)
    axes = len(shape) if axes is None else axes
    head = said(number, b"J" + struct.pack("<i", of), "FloatTensor")
    return head + struct.pack("<ii", axes, 0) + sizes + struct.pack("<q", offset)


FLOATS = storage(1, "Float", struct.pack("<4f", 1, 2, 3, 4), 4)
STORAGES = [FLOATS, storage(2, "Long", struct.pack("<2q", 5, -6), 2)]
TENSORS = [
    tensor(11, 1), tensor(12, 1, (2, 2), (1, 2)), tensor(13, 1, (3,), (1,), 1),
    tensor(14, 2, (2,), (1,)), tensor(15, 3, (2,), (1,)), tensor(16, 1, (0, 2), (1, 1)),
]  # fmt: skip
VIEW = (3, 1, 2, 2)  # its number, of which storage, from where on, how many
NAMES = {"whole": 11, "turned": 12, "part": 13, "numbers": 14, "view": 15, "none": 16}


def archive(
    path: Path, *, storages=STORAGES, tensors=TENSORS, views=(VIEW,), names=NAMES, more=(), value: bytes = b""
) -> Path:
    items = b"".join(pickle.dumps(name, 2)[2:-1] + b"P%d\n" % number for name, number in names.items())
    files = {
        "sys_info": pickle.dumps({"protocol_version": 1000, "little_endian": True}, 2),
        "pickle": value or b"\x80\x02}(" + items + b"u.",
        "tensors": records(*tensors),
        "storages": records(*storages) + pickle.dumps(list(views), 2),
    }
    with tarfile.open(path, "w") as out:
        for name, data in [*files.items(), *more]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    return path


def test_it_gives_what_torch_load_gives(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.pt")
    with safeload.activate(safeload.Policy(mode=safeload.Mode.OFF, tensors=Twins.OFF)):
        theirs = torch.load(path, weights_only=False)
    for source in (path, path.read_bytes()):
        ours = safeload.load_tensors(source)
        assert list(ours) == list(theirs)
        for name in theirs:
            assert_same(ours[name], theirs[name])
    assert ours.format == "torch tar"
    assert not ours.left_out
    # A view is a storage of its own here: who writes into one of them does not see it in the other.
    assert frozenset({"whole", "turned", "part"}) in sharing(ours)


def test_a_converted_one_is_the_same(tmp_path: Path) -> None:
    st = pytest.importorskip("safetensors.torch")
    (made,) = safeload.convert(archive(tmp_path / "x.pt"))
    assert st.load_file(made.out)["turned"].tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"tensors": [tensor(11, 1, (5,), (1,))]}, "reaches to byte", id="it reaches beyond"),
        pytest.param({"tensors": [tensor(11, 1, offset=1)]}, "reaches to byte", id="it begins too late"),
        pytest.param({"tensors": [tensor(11, 1, offset=-1)]}, "begins nowhere", id="it begins before"),
        pytest.param({"tensors": [tensor(11, 1, stride=(-1,), offset=3)]}, "no shape", id="it goes backwards"),
        pytest.param({"tensors": [tensor(11, 1, (-1,))]}, "no shape", id="a negative size"),
        pytest.param({"tensors": [tensor(11, 1, (1 << 62, 8), (0, 0))]}, "trap", id="more than there is"),
        pytest.param({"tensors": [tensor(11, 9)]}, "no storage", id="a storage that is not there"),
    ],
)
def test_a_tensor_that_cannot_be_is_left_out(changes, words: str, tmp_path: Path) -> None:
    ours = safeload.load_tensors(archive(tmp_path / "x.pt", names={"t": 11}, **changes))
    assert dict(ours) == {}
    assert words in ours.left_out["t"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"more": [("tensors", records())]}, "2 members", id="a member twice"),
        pytest.param({"storages": [*STORAGES, FLOATS]}, "number 1", id="a storage twice"),
        pytest.param({"tensors": [TENSORS[0], TENSORS[0]]}, "number 11", id="a tensor twice"),
        pytest.param({"tensors": [tensor(1, 1)]}, "number 1", id="a tensor with a storage's number"),
        pytest.param({"tensors": [tensor(11, 1, axes=65)]}, "dimensions", id="more dimensions than there are"),
        pytest.param({"tensors": [tensor(11, 1, axes=-5)]}, "dimensions|broken", id="fewer than none"),
        pytest.param({"storages": [storage(1, "Float", b"", 1 << 60)]}, "break off", id="a storage without its bytes"),
        pytest.param({"storages": [storage(1, "Float", b"", -1)]}, "break off", id="a storage of less than nothing"),
        pytest.param({"storages": [storage(1, "system", b"", 0)]}, "unknown kind", id="a storage of no kind"),
        pytest.param({"views": [(3, 1, 3, 2)]}, "beyond the end", id="a view beyond its storage"),
        pytest.param({"views": [(3, 1, -1, 2)]}, "view of no", id="a view before its storage"),
        pytest.param({"views": [(1, 1, 0, 1)]}, "view of no", id="a view in place of its storage"),
        pytest.param({"views": [(3, [], 0, 1)]}, "view of no", id="a view of what is no number"),
        pytest.param({"names": {"t": 99}}, "not there", id="a tensor that is not there"),
        pytest.param({"value": b"\x80\x02}."[:2] + b"P" + b"9" * 5000 + b"\n."}, "not there", id="an endless number"),
    ],
)
def test_a_file_that_cannot_be_is_refused(changes, words: str, tmp_path: Path) -> None:
    with pytest.raises(safeload.TensorsError, match=words):
        safeload.load_tensors(archive(tmp_path / "x.pt", **changes))


@pytest.mark.parametrize("left", [100, 700, 1700, 3000])
def test_a_file_cut_short_is_refused(left: int, tmp_path: Path) -> None:
    path = archive(tmp_path / "x.pt")
    with pytest.raises(safeload.TensorsError):
        safeload.load_tensors(path.read_bytes()[:left])
