"""Containers that lie about what is in them: refused in words, or none of their tensors given."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")
np = pytest.importorskip("numpy")
from evasions.archives import torch_legacy
from evasions.builders import FALSE, NONE, TRUE, call, group, listing, mapping, named_by_line, number, text
from kit_of_tensors import saved

import safeload

# --- torch's zip --------------------------------------------------------------------------------


def reference(key: str, kind: str = "Float", count: int = 4) -> bytes:
    """A storage by its key."""
    return (
        b"(X\x07\0\0\0storagectorch\n" + f"{kind}Storage\n".encode() + pickle.dumps(key, 2)[2:-1]
        + b"X\x03\0\0\0cpu" + pickle.dumps(count, 2)[2:-1] + b"tQ"
    )  # fmt: skip


def view(storage: bytes, shape: tuple = (4,), stride: tuple = (1,), offset: int = 0) -> bytes:
    parts = b"".join(pickle.dumps(part, 2)[2:-1] for part in (offset, shape, stride))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + parts + b"\x89ccollections\nOrderedDict\n)RtR"


def pickled(**tensors: bytes) -> bytes:
    items = b"".join(pickle.dumps(name, 2)[2:-1] + tensor for name, tensor in tensors.items())
    return b"\x80\x02}(" + items + b"u."


W = pickled(w=view(reference("0")))


def holding(**tensors: bytes) -> bytes:
    """The honest archive with another pickle."""
    return zipped({**HONEST, "a/data.pkl": pickled(**tensors)})


HONEST = {"a/data.pkl": W, "a/data/0": struct.pack("<4f", 1, 2, 3, 4), "a/version": b"3\n"}


def zipped(members: dict[str, bytes] | list[tuple[str, bytes]], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", **options) as archive:
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data)
    return out.getvalue()


def central(data: bytes, name: str) -> int:
    """Where a member's entry in the directory begins."""
    start = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    assert data[start + 46 :].startswith(name.encode())
    return start


def put(data: bytes, at: int, form: str, *values: int) -> bytes:
    packed = struct.pack(form, *values)
    return data[:at] + packed + data[at + len(packed) :]


def in_the_directory(offset: int, form: str, *values: int, name: str = "a/data/0") -> Callable[[], bytes]:
    def make() -> bytes:
        data = zipped(HONEST)
        return put(data, central(data, name) + offset, form, *values)

    return make


def pointing_at(other: str) -> bytes:
    """The directory gives two members one place."""
    data = zipped(HONEST | {"a/data/1": bytes(16)})
    (there,) = struct.unpack_from("<I", data, central(data, other) + 42)
    return put(data, central(data, "a/data/0") + 42, "<I", there)


def into_the_directory() -> bytes:
    """The last member's bytes are the archive's own directory as well."""
    data = zipped({**HONEST, "a/data/1": bytes(16)})
    at = central(data, "a/data/1")
    size = 16 + len(data) - data.index(b"PK\x01\x02")
    return put(data, at + 20, "<II", size, size)


def with_zip64(size: int, packed: int, place: int) -> bytes:
    """The directory leaves sizes and place to a record of zip64, which says these."""
    data = zipped(HONEST)
    at = central(data, "a/version")
    data = put(data, at + 20, "<II", 0xFFFFFFFF, 0xFFFFFFFF)
    data = put(data, at + 42, "<I", 0xFFFFFFFF)
    extra = struct.pack("<HHQQQ", 1, 24, size, packed, place)
    data = put(data, at + 30, "<H", len(extra))
    name_end = at + 46 + len("a/version")
    data = data[:name_end] + extra + data[name_end:]
    end = data.rindex(b"PK\x05\x06")
    (length,) = struct.unpack_from("<I", data, end + 12)
    return put(data, end + 12, "<I", length + len(extra))


ZIPS = {
    "two members of one name": (lambda: zipped([*HONEST.items(), ("a/data/0", bytes(16))]), "one name"),
    "two members of one name but for the case": (lambda: zipped(HONEST | {"A/DATA/0": bytes(16)}), "one name"),
    "two pickles in two folders": (lambda: zipped({"b/data.pkl": W, **HONEST}), "not there"),
    "a member that is another's bytes": (lambda: pointing_at("a/data/1"), "own header"),
    "a member that is the pickle's bytes": (lambda: pointing_at("a/data.pkl"), "own header"),
    "a member longer than what is there": (in_the_directory(20, "<II", 1 << 20, 1 << 20), "overlap|bytes where"),
    "a member that reaches into the next": (in_the_directory(20, "<II", 80, 80), "overlap|bytes where"),
    "a member that reaches into the directory": (lambda: into_the_directory(), "overlap"),
    "a stored member of two sizes": (in_the_directory(20, "<II", 8, 16), "two sizes"),
    "a member that begins behind the end": (in_the_directory(42, "<I", 1 << 30), "zip|header|breaks"),
    "a member packed in another way than it says": (in_the_directory(10, "<H", 8), "own header"),
    "an encrypted member": (in_the_directory(8, "<H", 1), "encrypted"),
    "zip64: a size of 2**62": (lambda: with_zip64(1 << 62, 1 << 62, 0), "zip|trap|overlap|reach|header"),
    "zip64: a place of 2**62": (lambda: with_zip64(2, 2, 1 << 62), "zip|header|overlap|reach|trap|Invalid|big"),
    "zip64: another member's place": (lambda: with_zip64(16, 16, 0), "own header|overlap"),
    "bytes before the archive": (lambda: b"x" * 20 + zipped(HONEST), None),
    "numbers of the other byte order": (lambda: zipped(HONEST | {"a/byteorder": b"big"}), "big-endian"),
    "no pickle": (lambda: zipped({"a/constants.pkl": W, "a/data/0": bytes(16)}), "no data.pkl"),
    "a storage outside its folder": (lambda: holding(w=view(reference("../version"))), "not there|bytes where"),
    "a storage by a path of its own": (lambda: holding(w=view(reference("/etc/passwd"))), "not there"),
    "a storage of two types of two sizes": (
        lambda: holding(w=view(reference("0")), d=view(reference("0", "Double"))), "two types",
    ),
    "a storage of two types of one size": (
        lambda: holding(w=view(reference("0")), i=view(reference("0", "Int"))), "two types",
    ),
    "a count of 2**63": (
        lambda: holding(w=view(reference("0", count=1 << 63))), "bytes where",
    ),
    "a count below none": (lambda: holding(w=view(reference("0", count=-4))), "unknown kind"),
    "packed a thousandfold": (
        lambda: zipped({**HONEST, "a/data/1": bytes(90 << 20)}, compression=zipfile.ZIP_DEFLATED), "trap",
    ),
}  # fmt: skip


# --- safetensors --------------------------------------------------------------------------------


def safetensors(header: Any, data: bytes = bytes(8), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8)) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape) if isinstance(shape, tuple) else shape, "data_offsets": list(offsets)}


TWICE = b'{"a":' + json.dumps(entry()).encode() + b',"a":' + json.dumps(entry(shape=(1, 2))).encode() + b"}"
HEADERS = {
    "a header longer than the file": safetensors({"a": entry()}, length=1 << 20),
    "a header of 2**63 bytes": safetensors({"a": entry()}, length=1 << 63),
    "a header of a hundred thousand brackets": safetensors(b'{"a":' + b"[" * 100_000),
    "a header of numbers without end": safetensors(b'{"a":{"shape":[' + b"9" * 9999 + b'],"data_offsets":[0,8]}}'),
    "a name twice": safetensors(TWICE),
    "a header that is a list": safetensors([entry()]),
    "a header that is no JSON": safetensors(b'{"a":}'),
    "a header that is no text": safetensors(b'{"\xff":1}'),
    "tensors that overlap": safetensors({"a": entry(), "b": entry(offsets=(4, 12))}, bytes(12)),
    "two tensors of the same bytes": safetensors({"a": entry(), "b": entry()}),
    "a hole between tensors": safetensors({"a": entry(), "b": entry(offsets=(12, 20))}, bytes(20)),
    "bytes behind the last": safetensors({"a": entry()}, bytes(9)),
    "bytes that break off": safetensors({"a": entry()}, bytes(7)),
    "a size of 2**63 beside one of nothing": safetensors({"a": entry(shape=(0, 1 << 63), offsets=(0, 0))}, b""),
    "offsets that go backwards": safetensors({"a": entry(offsets=(8, 0))}),
    "offsets below nothing": safetensors({"a": entry(offsets=(-8, 0)), "b": entry()}),
    "offsets that are no whole numbers": safetensors({"a": entry(offsets=(0.0, 8.0))}),
    "offsets that are truths": safetensors({"a": entry("U8", (1,), (False, True))}, bytes(1)),
    "metadata that is no text": safetensors({"__metadata__": {"a": 1}, "b": entry()}),
    "no offsets": safetensors({"a": {"dtype": "F32", "shape": [2]}}),
}  # fmt: skip
ENTRIES = {
    "a shape of more bytes than it has": entry(shape=(3,)),
    "a shape of fewer bytes than it has": entry(shape=(1,)),
    "a type of another width": entry("F64"),
    "a type that there is not": entry("F31"),
    "a type that is a list": entry(["F32"]),
    "a shape below nothing": entry(shape=(-1, -2)),
    "a shape whose product is 2**64 and more": entry(shape=(1 << 63, 1 << 63)),
    "a shape that is no number": entry(shape=("2",)),
    "a shape that is a truth": entry("F64", (True,)),
    "a shape of a hundred dimensions": entry(shape=(1,) * 99 + (2,)),
    "a shape that is a text": entry(shape="2"),
}

# --- numpy --------------------------------------------------------------------------------------


def npy(header: str, data: bytes = bytes(16)) -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


ARRAYS = {
    "npy: a shape below nothing": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,)}"),
    "npy: more than there is": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,)}"),
    "npy: a shape that is no tuple": npy("{'descr': '<f8', 'fortran_order': False, 'shape': 2}"),
    "npy: a header that is a call": npy("__import__('os').system('true')"),
    "npy: brackets without end": npy("(" * 100),
    "npy: its header breaks off": npy("")[:40],
}  # fmt: skip


def test_the_makers_can_be_honest() -> None:
    assert safeload.load_tensors(zipped(HONEST))["w"].tolist() == [1, 2, 3, 4]
    assert safeload.load_tensors(safetensors({"a": entry()}))["a"].tolist() == [0, 0]
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}"
    assert safeload.load_tensors(npy(header))[""].tolist() == [0, 0]
    data = with_zip64(2, 2, zipped(HONEST).rindex(b"PK\x03\x04"))
    assert safeload.load_tensors(data)["w"].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_lies_is_refused(name: str) -> None:
    make, words = ZIPS[name]
    with pytest.raises(safeload.TensorsError, match=words):
        safeload.load_tensors(make())


@pytest.mark.parametrize("data", [*HEADERS.values(), *ARRAYS.values()], ids=[*HEADERS, *ARRAYS])
def test_a_header_that_lies_is_refused(data: bytes) -> None:
    with pytest.raises(safeload.TensorsError):
        safeload.load_tensors(data)


@pytest.mark.parametrize("said", ENTRIES.values(), ids=ENTRIES)
def test_an_entry_that_lies_gives_no_tensor(said: dict) -> None:
    try:
        ours = safeload.load_tensors(safetensors({"a": said}))
    except safeload.TensorsError:
        return
    assert dict(ours) == {}
    assert list(ours.left_out) == ["a"]


# --- what a tensor says of itself ---------------------------------------------------------------


def marked(marks: bytes) -> bytes:
    """The honest tensor, with what torch calls its metadata."""
    return view(reference("0"))[: -len(b"tR")] + marks + b"tR"


def of_type(function: bytes, cls: bytes = named_by_line("torch:Tensor")) -> bytes:
    """As tensors of a class of their own are pickled."""
    args = view(reference("0")).removeprefix(b"ctorch._utils\n_rebuild_tensor_v2\n")[:-1]
    return call(named_by_line("torch._tensor:_rebuild_from_type_v2"), function, cls, args, mapping())


def sparse(layout: str, *parts: bytes, around: Callable[..., bytes] = group) -> bytes:
    made = call(named_by_line("torch.serialization:_get_layout"), text(layout))
    return call(named_by_line("torch._utils:_rebuild_sparse_tensor"), made, around(*parts))


INDICES = view(reference("1", "Long", 2), (2, 1), (1, 1))
COO = (INDICES, view(reference("0"), (1,)), group(number(2), number(2)))
REBUILD = named_by_line("torch._utils:_rebuild_tensor_v2")
OTHER = named_by_line("torch:zeros")
SAID = {
    "marks": (marked(mapping((text("conj"), FALSE), (text("neg"), FALSE))), None),
    "no marks": (marked(NONE), None),
    "a mark that is not known": (marked(mapping((text("other"), TRUE))), "marks that are not known"),
    "marks that are a list": (marked(listing(text("conj"))), "marks that are not known"),
    "a class of its own": (of_type(REBUILD), None),
    "a class that is none": (of_type(REBUILD, text("Tensor")), "of no class"),
    "made by another function": (of_type(OTHER), "a tensor that a function makes"),
    "made by a text": (of_type(text("torch")), "a tensor that a function makes"),
    "quantized": (of_type(named_by_line("torch._utils:_rebuild_qtensor")), "a quantized tensor"),
    "sparse": (sparse("torch.sparse_coo", *COO), None),
    "sparse, and whether it is in order": (sparse("torch.sparse_coo", *COO, FALSE), None),
    "sparse, with a part too many": (sparse("torch.sparse_coo", *COO, FALSE, FALSE), "no layout that is known"),
    "sparse, with a part too few": (sparse("torch.sparse_coo", *COO[:2]), "no layout that is known"),
    "sparse, its parts in a list": (sparse("torch.sparse_coo", *COO, around=listing), "no layout that is known"),
    "sparse, with a part that is no tensor": (
        sparse("torch.sparse_coo", COO[0], number(1), *COO[2:]),
        "a part cannot be had: it has no numbers",
    ),
    "sparse in a layout that there is not": (sparse("torch.sparse", *COO), "no layout that is known"),
}


@pytest.mark.parametrize(("fragment", "said"), SAID.values(), ids=SAID)
def test_what_a_tensor_says_of_itself(fragment: bytes, said: str | None) -> None:
    ours = safeload.load_tensors(zipped({**HONEST, "a/data.pkl": pickled(w=fragment), "a/data/1": bytes(16)}))
    if said is None:
        assert (list(ours), ours.left_out) == (["w"], {})
    else:
        assert (list(ours), list(ours.left_out)) == ([], ["w"])
        assert said in ours.left_out["w"]


PART = group(text("1"), number(0), number(2))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        pytest.param(b"", "its bytes are not in the file", id="a storage that does not come"),
        pytest.param(NONE, "its bytes are not in the file", id="a whole storage that does not come"),
        pytest.param(PART, "a view of another storage, as torch wrote long ago", id="a part of another storage"),
    ],
)
def test_a_tensor_of_a_legacy_file_without_its_bytes(part: bytes, said: str) -> None:
    storage = reference("0")[: -len(b"tQ")] + part + b"tQ"
    ours = safeload.load_tensors(torch_legacy(mapping((text("w"), view(storage)))))
    assert (list(ours), ours.left_out) == ([], {"w": said})


# --- names --------------------------------------------------------------------------------------


def test_names_with_tricks_are_names_and_nothing_else(tmp_path) -> None:
    """A name is a key: none of them leads to a file."""
    names = ["../x", "/etc/passwd", "..\\x", "a\0b", "__metadata__", "\x1b[31m", "", "\u202egpj", "a" * 4096]
    torch.save({name: torch.tensor([float(i)]) for i, name in enumerate(names)}, tmp_path / "x.pt")
    ours = safeload.load_tensors(tmp_path / "x.pt")
    assert [float(ours[name]) for name in names] == list(map(float, range(len(names))))
    safeload.convert(tmp_path / "x.pt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.pt", "x.safetensors", "x.safetensors.json"]
    st = pytest.importorskip("safetensors.torch")
    kept = st.load_file(tmp_path / "x.safetensors")
    assert {name: float(kept[name or "tensor"]) for name in names if name != "__metadata__"} == {
        name: float(i) for i, name in enumerate(names) if name != "__metadata__"
    }


@pytest.mark.parametrize(
    ("held", "name"),
    [
        pytest.param({"a.b": 1.0, "a": {"b": 2.0}}, "a.b", id="a dot in a key"),
        pytest.param({1: 1.0, "1": 2.0}, "1", id="a number and its digits"),
        pytest.param({True: 1.0, "True": 2.0}, "True", id="a truth and its word"),
        pytest.param([{"0": 1.0}, 3.0, {"x": 4.0}], None, id="no collision at all"),
        pytest.param({"a": {"": 1.0}, "a.": 2.0}, "a.", id="an empty key"),
    ],
)
@pytest.mark.parametrize("form", [pickle.dumps, saved], ids=["arrays", "tensors"])
def test_names_that_collide_are_told(form, held, name: str | None) -> None:
    """The first keeps the name; the second is left out, and never in its place."""
    make = (lambda x: np.array([x])) if form is pickle.dumps else (lambda x: torch.tensor([x]))

    def filled(value):
        if isinstance(value, float):
            return make(value)
        return type(value)(map(filled, value)) if isinstance(value, list) else {k: filled(v) for k, v in value.items()}

    ours = safeload.load_tensors(form(filled(held)))
    assert list(ours.left_out) == ([name] if name else [])
    if name:
        assert float(ours[name][0]) == 1.0
