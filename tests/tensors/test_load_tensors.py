"""``load_tensors`` gives what ``torch.load`` would have given, and runs nothing for it."""

from __future__ import annotations

import argparse
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
import joblib
import numpy as np
from allowlists.hostile import array as array_of
from allowlists.hostile import dtype, plain
from evasions.archives import torch_legacy
from evasions.builders import (
    MARK,
    call,
    calling,
    get,
    given,
    group,
    listing,
    mapping,
    number,
    octets,
    pickled,
    put,
    text,
)
from kit_of_tensors import ONLY_IN_ZIP, STATES, Head, Hostile, assert_same, saved, sharing

import safeload

ZIP, LEGACY = {"_use_new_zipfile_serialization": True}, {"_use_new_zipfile_serialization": False}
ROWS = [
    pytest.param(state, form, id=f"{name}, {'zip' if form is ZIP else 'legacy'}")
    for states, forms in ((STATES, (ZIP, LEGACY)), (ONLY_IN_ZIP, (ZIP,)))
    for name, state in states.items()
    for form in forms
]


@pytest.mark.parametrize(("state", "form"), ROWS)
@pytest.mark.parametrize("maps", [True, False], ids=["mapped", "copied"])
def test_it_gives_what_torch_load_gives(maps, state, form, tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(state, path, **form)
    with safeload.activate(safeload.Policy(tensors=safeload.policy.Twins.OFF)):
        theirs = torch.load(path, weights_only=False)
    ours = safeload.load_tensors(path, mmap=maps)
    assert list(ours) == list(theirs)
    for name in theirs:
        assert_same(ours[name], theirs[name])
    assert sharing(ours) == sharing(theirs)
    assert not ours.left_out


@pytest.mark.parametrize("form", [ZIP, LEGACY], ids=["zip", "legacy"])
def test_a_whole_module_has_the_names_of_its_state_dict(form, tmp_path: Path) -> None:
    module = Head()
    torch.save({"epoch": 3, "model": module, "none": None}, tmp_path / "x.pt", **form)
    ours = safeload.load_tensors(tmp_path / "x.pt")
    model = ours.below("model")
    assert ours.models == ("model",)
    assert list(model) == list(module.state_dict())
    assert model["other.weight"] is model["tied.weight"]
    Head().load_state_dict(model)
    assert set(model.beside) == {"mask", "grid"}
    assert (ours.scalars["epoch"], model.scalars["width"]) == (3, 4)
    assert safeload.GlobalRef("kit_of_tensors", "Head") in ours.globals


def test_the_versions_of_a_state_dict_are_kept() -> None:
    state = Head().state_dict()
    assert safeload.load_tensors(saved(state))._metadata == state._metadata
    assert safeload.load_tensors(saved({"state_dict": state})).below("state_dict")._metadata == state._metadata


def test_a_training_checkpoint_has_dotted_paths() -> None:
    module = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(module.parameters())
    module(torch.ones(2)).sum().backward()
    optimizer.step()
    checkpoint = {
        "state_dict": module.state_dict(),
        "optimizer_states": [optimizer.state_dict()],
        "optimizer": optimizer,
        "hyper_parameters": argparse.Namespace(lr=0.1, name="x"),
    }
    ours = safeload.load_tensors(saved(checkpoint))
    assert {"state_dict.weight", "optimizer_states.0.state.0.exp_avg", "optimizer.state.#0.exp_avg"} <= ours.keys()
    assert ours.scalars["hyper_parameters.lr"] == 0.1
    assert ours.models == ("state_dict",)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8), id="a quantized tensor"),
        pytest.param(torch.empty(3, device="meta"), id="a tensor of the meta device"),
        pytest.param(torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]), id="a nested tensor"),
        pytest.param(torch.ones(3).untyped_storage(), id="a storage"),
        pytest.param(torch.nn.UninitializedParameter(), id="a parameter without numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_had_is_named_and_never_given(value) -> None:
    ours = safeload.load_tensors(saved({"x": value, "w": torch.ones(1)}))
    assert list(ours) == ["w"]
    assert "x" in ours.left_out


@pytest.mark.filterwarnings("ignore")
def test_a_packed_parameter_is_named() -> None:
    quantized = torch.ao.quantization.quantize_dynamic(torch.nn.Sequential(torch.nn.Linear(4, 4)), {torch.nn.Linear})
    ours = safeload.load_tensors(saved(quantized))
    assert not {name for name in ours if "weight" in name}
    assert any("quantized" in reason or "made by" in reason for reason in ours.left_out.values())


def test_pickled_tensors_bring_their_storages() -> None:
    state = {"a": torch.arange(6.0).view(2, 3).t(), "p": torch.nn.Parameter(torch.ones(3))}
    ours, theirs = safeload.load_tensors(pickle.dumps(state)), pickle.loads(pickle.dumps(state))
    for name in state:
        assert_same(ours[name], theirs[name])


@pytest.mark.parametrize(("times", "is_read"), [(4, True), (5, False)])
def test_storages_in_one_another(times: int, is_read: bool) -> None:  # noqa: FBT001 - a column
    fragment = text("the innermost")
    for _ in range(times):
        fragment = calling("torch.storage:_load_from_bytes", octets(torch_legacy(fragment)))
    if is_read:
        assert safeload.load_tensors(pickled(fragment)).scalars == {"": "the innermost"}
    else:
        with pytest.raises(safeload.TensorsError, match="nested too deeply"):
            safeload.load_tensors(pickled(fragment))


def test_torchscript_has_its_parameters() -> None:
    script = torch.jit.script(torch.nn.Linear(2, 3))
    out = io.BytesIO()
    torch.jit.save(script, out)
    ours = safeload.load_tensors(out.getvalue())
    assert {name: bytes(t.detach().numpy()) for name, t in ours.items()} == {
        name: bytes(t.detach().numpy()) for name, t in script.state_dict().items()
    }


def test_bfloat16_without_a_library_for_it_is_named() -> None:
    ours = safeload.load_tensors(saved({"b": torch.ones(3, dtype=torch.bfloat16), "f": BASE}), framework="np")
    assert isinstance(ours["f"], np.ndarray)
    has_it = __import__("importlib.util").util.find_spec("ml_dtypes")
    assert ("b" in ours) if has_it else ("bfloat16" in ours.left_out["b"])


BASE = torch.arange(4.0)

CHILD = """
import sys
import safeload
found = safeload.load_tensors(sys.argv[1], framework="np")
print(sorted(found), "torch" in sys.modules, "kit_of_tensors" in sys.modules, sorted(found.left_out))
"""


def test_nothing_of_the_file_is_imported_or_run(tmp_path: Path) -> None:
    """The same file does fire without us."""
    mark = tmp_path / "fired"
    path = tmp_path / "x.pt"
    torch.save({"model": Head().state_dict(), "w": torch.ones(2), "evil": Hostile(mark)}, path)
    done = subprocess.run([sys.executable, "-c", CHILD, path], capture_output=True, text=True, check=True)
    names, imported = done.stdout.split("]")[0], done.stdout.split("]")[1]
    assert "'w'" in names
    assert imported.split()[:2] == ["False", "False"]
    assert "evil" in done.stdout
    assert not mark.exists()
    fire = "import torch, sys; torch.load(sys.argv[1], weights_only=False)"
    subprocess.run([sys.executable, "-c", fire, path], check=True)
    assert mark.exists()


def test_the_refusal_says_a_line_that_works(tmp_path: Path) -> None:
    path = tmp_path / "it's a yolo.pt"
    torch.save({"w": torch.ones(2), "evil": Hostile(tmp_path / "fired")}, path)
    with pytest.raises(safeload.BlockedLoadError) as caught:
        torch.load(path, weights_only=False)
    said = str(caught.value).splitlines()
    first = next(i for i, line in enumerate(said) if line.startswith("  1."))
    assert said[first] == "  1. Take the tensors without the code:"
    scope: dict[str, object] = {}
    exec("\n".join(line.strip() for line in said[first + 1 : first + 3]), scope)
    assert torch.equal(scope["tensors"]["w"], torch.ones(2))  # type: ignore[index]


def test_a_refusal_of_what_has_no_tensors_offers_none(tmp_path: Path) -> None:
    """An array of objects is made by what makes arrays of numbers."""
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(np.array([Hostile(tmp_path / "fired"), "text"], dtype=object)))
    with pytest.raises(safeload.BlockedLoadError) as caught, path.open("rb") as file:
        pickle.load(file)
    assert "1. Ask for it in a format that cannot carry code" in str(caught.value)
    assert "load_tensors" not in str(caught.value)


def test_torchs_own_refusal_says_it_too(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(2), "h": Head()}, tmp_path / "x.pt")
    with pytest.raises(pickle.UnpicklingError) as caught:
        torch.load(tmp_path / "x.pt")
    assert any("safeload.load_tensors" in note for note in caught.value.__notes__)


# --- numpy and joblib ---------------------------------------------------------------------------

ARRAYS = {
    "rows": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "turned": np.arange(6).reshape(2, 3).T,
    "big": np.random.default_rng(0).random((200, 100)),
    "text": np.array(["ab", "c"]),
    "bytes": np.array([b"ab", b"c"]),
    "days": np.array(["2026-01-02"], dtype="datetime64[D]"),
    "spans": np.array([3], dtype="timedelta64[25s]"),
    "record": np.array([(1, 2.5)], dtype=[("a", "<i4"), ("b", "<f8", (1,))]),
    "rows of records": np.rec.array([(1, 2.5), (3, 4.5)], dtype=[("a", "<i4"), ("b", "<f8")]),
    "swapped": np.arange(3, dtype=">i4"),
    "empty": np.empty((0, 3)),
    "scalar array": np.array(3.5),
    "flags": np.array([True, False]),
    "complex": np.array([1 + 2j]),
}


def assert_arrays(ours) -> None:
    for name, array in ARRAYS.items():
        assert ours[name].dtype == np.dtype(array.dtype.descr if array.dtype.names else array.dtype), name
        np.testing.assert_array_equal(ours[name], array)


@pytest.mark.parametrize("protocol", range(6))
def test_pickled_arrays(protocol: int) -> None:
    assert_arrays(safeload.load_tensors(pickle.dumps(ARRAYS, protocol)))


@pytest.mark.parametrize("protocol", range(6))
def test_an_array_whose_axes_were_exchanged(protocol: int) -> None:
    """numpy 2.3 and later write it as it lies in memory, with an order of its axes."""
    array = np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2)
    ours = safeload.load_tensors(pickle.dumps({"turned": array, "w": np.ones(2)}, protocol))
    if len(array.__reduce_ex__(protocol)[1]) > 4:
        assert set(ours) == {"w"}
        assert "order of their own" in ours.left_out["turned"]
    else:
        np.testing.assert_array_equal(ours["turned"], array)


class Rowed(list):
    pass


class Keyed(dict):
    pass


class Own:
    pass


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_objects_of_classes_made_from_builtin_ones(protocol: int) -> None:
    """Before protocol 2 they are made by ``copyreg._reconstructor``, which is given their base and its value."""
    own = Own()
    own.w = np.ones(2)
    held = {"row": Rowed([np.ones(3)]), "key": Keyed(w=np.ones(4)), "own": own}
    ours = safeload.load_tensors(pickle.dumps(held, protocol))
    assert {name: array.shape for name, array in ours.items()} == {"row.0": (3,), "key.w": (4,), "own.w": (2,)}
    assert not ours.left_out


BY_A_CALL = {
    # what is called                    with                                   what is said of it
    "a slice": ("builtins:slice", (number(1), number(2)), "made by calling builtins:slice"),
    "a mapping of their own": ("ours:OrderedDict", (mapping(),), "made by calling ours:OrderedDict"),
    "a queue": ("collections:deque", (listing(),), "made by calling collections:deque"),
}


@pytest.mark.parametrize(("ref", "args", "said"), BY_A_CALL.values(), ids=BY_A_CALL)
def test_what_a_call_makes_is_named(ref: str, args: tuple[bytes, ...], said: str) -> None:
    assert safeload.load_tensors(pickled(mapping((text("x"), calling(ref, *args))))).left_out == {"x": said}


def test_what_a_mappings_call_makes_is_none_of_that() -> None:
    made = calling("collections:OrderedDict", listing(group(text("a"), number(1))))
    ours = safeload.load_tensors(pickled(mapping((text("x"), made))))
    assert (ours.left_out, ours.scalars) == ({}, {"x.a": 1})


def test_a_call_of_what_the_program_puts_in_a_persistent_ids_place() -> None:
    """Nobody here knows what that is, nor what it returns."""
    called = call(text("1") + b"Q")
    assert safeload.load_tensors(pickled(mapping((text("x"), called)))).left_out == {"x": "a storage, not a tensor"}


def test_the_versions_of_a_state_dict_that_hold_themselves_end() -> None:
    versions = mapping((text("v"), number(1))) + put(1) + MARK + text("in") + get(1) + b"u"
    state = given(calling("collections:OrderedDict"), mapping((text("_metadata"), versions)))
    found = safeload.load_tensors(pickled(state))._metadata
    for _ in range(8):
        assert found["v"] == 1
        found = found["in"]
    assert found is None


def test_a_list_made_of_what_is_none_takes_nothing_else_away() -> None:
    made = mapping((text("l"), calling("builtins:list", number(3))))
    ours = safeload.load_tensors(pickled(made)[:-1] + b"0" + pickle.dumps({"w": np.ones(2)}, 2)[2:])
    assert set(ours) == {"w"}


@pytest.mark.parametrize("more", [(), (None,)], ids=["eight parts", "nothing in the ninth"])
def test_times_whose_type_says_no_unit(more: tuple[None, ...]) -> None:
    state = plain((3, "<", None, None, None, -1, -1, 0, *more))
    (times,) = safeload.load_tensors(pickled(array_of(dtype("M8", state), octets(bytes(range(8)))))).values()
    assert times.dtype == np.dtype("<M8")
    assert times.tobytes() == bytes(range(8))


def test_an_array_whose_type_was_given_no_state() -> None:
    kind = calling("numpy:dtype", text("<f8"))
    (array,) = safeload.load_tensors(pickled(array_of(kind, octets(np.ones(1).tobytes())))).values()
    assert (array.dtype, array.tolist()) == (np.dtype("<f8"), [1.0])


@pytest.mark.parametrize("content", [listing(number(1)), number(8), mapping()], ids=["a list", "a number", "a dict"])
def test_an_array_of_numbers_is_of_bytes(content: bytes) -> None:
    kind = calling("numpy:dtype", text("<f8"))
    made = mapping((text("a"), array_of(kind, content)))
    assert safeload.load_tensors(pickled(made)).left_out == {"a": "an array without bytes"}


class Slotted:
    __slots__ = ("__dict__", "weight")


def test_what_stands_in_a_slot_has_the_slots_name() -> None:
    made = Slotted()
    made.weight, made.bias = np.ones(2), np.zeros(3)
    assert sorted(safeload.load_tensors(pickle.dumps(made))) == ["bias", "weight"]


def test_pickles_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(pickle.dumps({"a": np.ones(2)}) + pickle.dumps({"b": np.zeros(3)}) + b"\n\0 ")
    ours = safeload.load_tensors(tmp_path / "x")
    assert {name: array.shape for name, array in ours.items()} == {"0.a": (2,), "1.b": (3,)}


@pytest.mark.parametrize("packed", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3), ("lz4", 3)], ids=str)
def test_joblib_arrays(packed, tmp_path: Path) -> None:
    mixed = ARRAYS | {"objects": np.array([1, "a", None], dtype=object)}
    joblib.dump(mixed, tmp_path / "x.joblib", compress=packed)
    ours = safeload.load_tensors(tmp_path / "x.joblib")
    assert_arrays(ours)
    assert (ours.scalars["objects.0"], ours.scalars["objects.1"]) == (1, "a")


def test_a_fitted_estimator_has_its_arrays(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    from sklearn.ensemble import RandomForestClassifier

    table = np.random.default_rng(0).random((50, 4))
    forest = RandomForestClassifier(3, random_state=0).fit(table, table[:, 0] > 0.5)
    joblib.dump(forest, tmp_path / "x.joblib")
    ours = safeload.load_tensors(tmp_path / "x.joblib")
    tree = forest.estimators_[1].tree_.__getstate__()
    np.testing.assert_array_equal(ours["estimators_.1.tree_.nodes"], tree["nodes"])
    assert ours.scalars["n_features_in_"] == 4


def test_npy_and_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=ARRAYS["columns"], b=ARRAYS["record"])
    ours = safeload.load_tensors(tmp_path / "x.npz")
    np.testing.assert_array_equal(ours["a"], ARRAYS["columns"])
    np.testing.assert_array_equal(ours["b"], ARRAYS["record"])
    for name in ("big", "empty", "scalar array", "columns"):
        np.save(tmp_path / "x.npy", ARRAYS[name])
        np.testing.assert_array_equal(safeload.load_tensors(tmp_path / "x.npy")[""], ARRAYS[name])


def test_npy_of_objects(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([1, "a", np.ones(2)], dtype=object))
    ours = safeload.load_tensors(tmp_path / "x.npy")
    assert ours.scalars == {"0": 1, "1": "a"}
    assert ours["2"].tolist() == [1, 1]


def tensors_of(arrays: dict) -> bytes:
    return saved({name: torch.from_numpy(array) for name, array in arrays.items()}, **LEGACY)


@pytest.mark.parametrize("make", [pickle.dumps, tensors_of])
def test_a_pickle_in_a_zip(make, tmp_path: Path) -> None:
    """As pandas packs them."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.pkl", make({"big": ARRAYS["big"]}))
    np.testing.assert_array_equal(safeload.load_tensors(tmp_path / "x.zip")["big"], ARRAYS["big"])
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.write(tmp_path / "x.zip", "x.zip")
    with pytest.raises(safeload.TensorsError, match="neither torch's nor numpy's"):
        safeload.load_tensors(tmp_path / "y.zip")


def test_a_scalar_of_numpys_is_a_number() -> None:
    ours = safeload.load_tensors(pickle.dumps({"best": np.float64(0.5), "n": np.int32(3)}))
    assert ours.scalars == {"best": 0.5, "n": 3}


def test_torch_tensors_of_arrays_and_arrays_of_tensors() -> None:
    assert isinstance(safeload.load_tensors(pickle.dumps({"a": np.ones(2)}), framework="pt")["a"], torch.Tensor)
    assert isinstance(safeload.load_tensors(saved({"a": torch.ones(2)}), framework="np")["a"], np.ndarray)


# --- mapped, copied, written to -----------------------------------------------------------------


def test_writing_into_a_tensor_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save({"w": torch.zeros(100_000)}, path)
    before = path.read_bytes()
    safeload.load_tensors(path)["w"].fill_(1)
    assert path.read_bytes() == before


def test_a_copy_outlives_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save({"w": torch.ones(100_000)}, path)
    ours = safeload.load_tensors(path, mmap=False)
    path.write_bytes(b"")
    assert float(ours["w"].sum()) == 100_000


# --- files that lie -----------------------------------------------------------------------------


def forged(**changes) -> bytes:
    """A torch zip whose one tensor is described in another way."""
    said = {"storage": "FloatStorage", "key": "0", "count": 4, "offset": 0, "shape": (4,), "stride": (1,)} | changes
    content = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(("
    content += b"X\x07\x00\x00\x00storagectorch\n" + said["storage"].encode() + b"\n"
    content += pickle.dumps(said["key"], 2)[2:-1] + b"X\x03\x00\x00\x00cpu"
    content += pickle.dumps(said["count"], 2)[2:-1] + b"tQ"
    for part in ("offset", "shape", "stride"):
        content += pickle.dumps(said[part], 2)[2:-1]
    content += b"\x89ccollections\nOrderedDict\n)RtRs."
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a/data.pkl", content)
        archive.writestr("a/data/0", said.get("bytes", b"\0" * 16))
    return out.getvalue()


def test_the_forger_can_be_honest() -> None:
    assert safeload.load_tensors(forged())["w"].tolist() == [0.0] * 4


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"offset": 1}, id="it reaches beyond its storage"),
        pytest.param({"offset": -1}, id="it begins before its storage"),
        pytest.param({"offset": 1 << 70}, id="it begins far away"),
        pytest.param({"stride": (2,)}, id="its strides reach beyond"),
        pytest.param({"stride": (-1,), "offset": 3}, id="it goes backwards"),
        pytest.param({"shape": (1 << 62, 4), "stride": (1, 1)}, id="more elements than there are numbers"),
        pytest.param({"shape": (4, 1 << 62, 0), "stride": (1 << 62, 1)}, id="strides for other dimensions"),
        pytest.param({"shape": (-4,)}, id="a negative size"),
        pytest.param({"shape": (4.0,)}, id="a size that is no integer"),
        pytest.param({"shape": (True,)}, id="a size that is a truth"),
        pytest.param({"shape": (1,) * 65, "stride": (1,) * 65}, id="more dimensions than torch has"),
        pytest.param({"shape": (1 << 20, 1 << 20), "stride": (0, 0)}, id="four terabytes made of sixteen bytes"),
        pytest.param({"storage": "QUInt8Storage", "count": 16}, id="a quantized storage as plain numbers"),
    ],
)
def test_a_tensor_that_cannot_be_is_left_out(changes) -> None:
    ours = safeload.load_tensors(forged(**changes))
    assert dict(ours) == {}
    assert list(ours.left_out) == ["w"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(lambda: forged(count=5), "bytes where", id="a storage that is longer than its record"),
        pytest.param(lambda: forged(count=3), "bytes where", id="a storage that is shorter than its record"),
        pytest.param(lambda: forged(key="1"), "not there", id="a record that is not there"),
        pytest.param(lambda: forged(key="../x"), "not there", id="a record outside"),
        pytest.param(lambda: forged(storage="system"), "unknown kind", id="a storage of no kind"),
        pytest.param(lambda: b"", "empty", id="an empty file"),
        pytest.param(lambda: b"<html>", "HTML", id="a page"),
        pytest.param(lambda: b"\x89HDF\r\n\x1a\n" + bytes(90), "HDF5", id="an HDF5 file"),
        pytest.param(lambda: b"\x7fELF" + bytes(90), "Linux program", id="a program"),
        pytest.param(lambda: saved({"w": torch.ones(3)}, **ZIP)[:-40], "zip", id="a zip cut short"),
        pytest.param(lambda: saved({"w": torch.ones(3)}, **LEGACY)[:-2], "break off", id="a legacy file cut short"),
        pytest.param(lambda: saved({"w": torch.ones(3)}, **LEGACY)[:-16], "break off", id="one cut before its numbers"),
        pytest.param(lambda: pickle.dumps(b"x" * 99)[:50], "truncated", id="a pickle cut short"),
        pytest.param(lambda: json.dumps({"a": 1}).encode(), "JSON", id="JSON"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_words(data, words) -> None:
    with pytest.raises(safeload.TensorsError, match=words):
        safeload.load_tensors(data())


MEMO = r"numbers an object|crosses the end|entry of the memo|this is text"


def bomb(depth: int) -> bytes:
    """A list of twice itself, that many times over."""
    value: object = []
    for _ in range(depth):
        value = [value, value]
    return pickle.dumps(value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(bomb(60), id="a list of itself sixty times over"),
        pytest.param(pickle.dumps({"k" * 100_000: {str(n): n for n in range(20_000)}}), id="names without end"),
    ],
)
def test_a_trap_is_told(data: bytes) -> None:
    with pytest.raises(safeload.TensorsError, match=r"trap|unfold"):
        safeload.load_tensors(data)


def test_a_key_that_is_hashed_for_years_is_refused() -> None:
    """A kilobyte that hangs every unpickler; the C part tells it before one reads it."""
    pytest.importorskip("safeload._strain")
    with pytest.raises(safeload.TensorsError, match="refer to one another"):
        safeload.load_tensors(b"\x80\x04}(" + b")" + b"2\x86" * 60 + b"Nu.")


def test_what_holds_itself_is_left_out() -> None:
    value: dict[str, object] = {"w": np.ones(2)}
    value["self"] = value
    ours = safeload.load_tensors(pickle.dumps(value))
    assert list(ours) == ["w"]
    assert "self" in ours.left_out


def test_two_of_one_name_are_not_mixed_up() -> None:
    ours = safeload.load_tensors(pickle.dumps({"a.b": np.ones(2), "a": {"b": np.zeros(2)}}))
    assert ours["a.b"].tolist() == [1, 1]
    assert "a.b" in ours.left_out


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x80\x02Nr\xff\xff\xff\x0f.", id="in the open"),
        pytest.param(b"\x80\x04\x95\x07\0\0\0\0\0\0\0Nr\xff\xff\xff\x0f.", id="in a frame"),
        pytest.param(b"\x80\x04\x95\x02\0\0\0\0\0\0\0Nr\xff\xff\xff\x0f.", id="across the end of a frame"),
        pytest.param(b"\x80\x04\x95\x0c\0\0\0\0\0\0\0Np268435455\n.", id="in words, in a frame"),
        pytest.param(b"\x80\x02Np268435455\n.", id="in words"),
    ],
)
def test_no_memo_is_longer_than_its_stream(data: bytes) -> None:
    """CPython's own unpickler takes four gigabytes for each of these."""
    with pytest.raises(safeload.TensorsError, match=MEMO):
        safeload.load_tensors(data)


def test_a_safetensors_file_may_begin_as_zlib_does() -> None:
    """The first bytes are the length of the header, here 0x178."""
    st = pytest.importorskip("safetensors.torch")
    files = (st.save({"w": torch.ones(2)}, {"p": "x" * length}) for length in range(400))
    data = next(file for file in files if file[:2] == b"\x78\x01")
    assert safeload.load_tensors(data).format == "safetensors"
    assert safeload.scan(data).format == "safetensors"
