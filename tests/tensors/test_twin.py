"""The safetensors twin of a pickle: used where it is proven the same, told of where it is not."""

from __future__ import annotations

import io
import json
import pickle
import shutil
from collections import OrderedDict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from kit_of_tensors import Head, Hostile, assert_same, sharing

import safeload
from safeload.policy import Twins
from safeload.state import STATE
from safeload.tensors.names import safetensors_name

st = pytest.importorskip("safetensors.torch")

WITHOUT = safeload.Policy(tensors=Twins.OFF)
REQUIRE = safeload.Policy(tensors=Twins.REQUIRE)
STATE_DICT = OrderedDict(w=torch.arange(6.0).view(2, 3), b=torch.ones(3, dtype=torch.bfloat16), n=torch.tensor(4))
TIED = OrderedDict(e=(emb := torch.arange(6.0).view(2, 3)), h=emb, b=torch.ones(2))


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log.jsonl"
    monkeypatch.setattr(STATE, "log", str(path))
    return path


def events(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def outcome(log: Path) -> dict:
    """What the last load's event says of its twin."""
    return next(event.get("twin", {}) for event in reversed(events(log)) if "load." in event["event"])


def beside(folder: Path, pickled, tensors, *, name="m.pt", metadata=None, **options) -> Path:
    """A pickle and a twin."""
    torch.save(pickled, folder / name, **options)
    st.save_file(tensors, folder / safetensors_name(name), metadata or {"format": "pt"})
    return folder / name


def marked(tensors):
    """The same with other numbers, so that it is seen which of the two was opened."""
    return {name: tensor + 1 for name, tensor in tensors.items()}


# --- used ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "options", [{}, {"weights_only": False}, {"weights_only": True}, {"map_location": "cpu"}], ids=str
)
def test_a_proven_twin_is_opened(zipped, options, tmp_path: Path, log: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT), _use_new_zipfile_serialization=zipped)
    ours = torch.load(path, **options)
    assert torch.equal(ours["w"], STATE_DICT["w"] + 1)
    assert outcome(log) == {"used": str(tmp_path / "m.safetensors")}


def test_what_comes_back_is_what_would_have(tmp_path: Path, log: Path) -> None:
    state = Head().state_dict()
    state["p"] = torch.nn.Parameter(torch.ones(2))
    state["q"] = torch.nn.Parameter(torch.ones(2), requires_grad=False)
    state["g"] = torch.ones(2, requires_grad=True)
    path = tmp_path / "m.pt"
    torch.save(state, path)
    with safeload.activate(WITHOUT):
        theirs = torch.load(path)
    safeload.convert(path)
    ours = torch.load(path)
    assert outcome(log)["used"]
    assert type(ours) is OrderedDict
    assert list(ours) == list(theirs)
    assert ours._metadata == theirs._metadata
    assert type(ours._metadata) is OrderedDict
    for name, tensor in theirs.items():
        assert_same(ours[name], tensor)
    assert sharing(ours) == sharing(theirs)
    Head().load_state_dict({name: t for name, t in ours.items() if len(name) > 1})


def test_a_dict_stays_a_dict(tmp_path: Path, log: Path) -> None:
    path = beside(tmp_path, dict(STATE_DICT), STATE_DICT)
    assert type(torch.load(path)) is dict
    assert outcome(log)["used"]


def test_one_object_under_two_names_stays_one(tmp_path: Path) -> None:
    path = beside(tmp_path, TIED, {"e": TIED["e"], "b": TIED["b"]})
    ours = torch.load(path)
    assert ours["e"] is ours["h"]


def test_ties_that_the_header_does_not_tell_are_the_pickles(tmp_path: Path, log: Path) -> None:
    pickled = OrderedDict(TIED, h=TIED["e"][:])  # another object over the same memory
    path = beside(tmp_path, pickled, {"e": TIED["e"] + 1, "b": TIED["b"]})
    ours = torch.load(path)
    ours["e"][0, 0] = 99
    assert ours["h"][0, 0] == 99
    assert outcome(log)["used"]


@pytest.mark.parametrize(
    "location",
    [
        pytest.param(torch.device("cpu"), id="a device"),
        pytest.param({"cuda:0": "cpu"}, id="a dict"),
        pytest.param(lambda storage, _location: storage, id="a function"),
        pytest.param(lambda _storage, _location: None, id="a function that leaves it to torch"),
    ],
)
def test_any_map_location(location, tmp_path: Path, log: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    assert torch.equal(torch.load(path, map_location=location)["w"], STATE_DICT["w"] + 1)
    assert torch.equal(torch.load(path, location)["w"], STATE_DICT["w"] + 1)
    assert outcome(log)["used"]


def test_map_location_is_asked_with_the_places_in_the_pickle(tmp_path: Path) -> None:
    path = beside(tmp_path, TIED, {"e": TIED["e"], "b": TIED["b"]})
    asked: list[str] = []
    torch.load(path, map_location=lambda storage, location: asked.append(location) or storage)
    assert asked == ["cpu", "cpu"]


@pytest.mark.parametrize(
    ("pickle_name", "twin_name"),
    [
        ("x.pt", "x.safetensors"),
        ("x.pth", "x.safetensors"),
        ("x.ckpt", "x.safetensors"),
        ("x.fp16.bin", "x.fp16.safetensors"),
        ("pytorch_model.bin", "model.safetensors"),
        ("pytorch_model.fp16.bin", "model.fp16.safetensors"),
        ("pytorch_model-00001-of-00002.bin", "model-00001-of-00002.safetensors"),
        ("pytorch_model.fp16-00001-of-00002.bin", "model.fp16-00001-of-00002.safetensors"),
        ("diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"),
        ("diffusion_pytorch_model.fp16.bin", "diffusion_pytorch_model.fp16.safetensors"),
        ("adapter_model.bin", "adapter_model.safetensors"),
        ("open_clip_pytorch_model.bin", "open_clip_model.safetensors"),
        ("pytorch_modelling.bin", "pytorch_modelling.safetensors"),
        ("my.pytorch_model.bin", "my.pytorch_model.safetensors"),
        ("weights", "weights.safetensors"),
    ],
)
def test_the_names_that_libraries_write(pickle_name: str, twin_name: str) -> None:
    assert safetensors_name(pickle_name) == twin_name


# --- not used -----------------------------------------------------------------------------------

Q = STATE_DICT
BIG = torch.arange(12.0)
TURNED = BIG.view(3, 4).t()


@pytest.mark.parametrize(
    ("pickled", "tensors", "metadata", "words"),
    [
        pytest.param(Q, {**Q, "w": Q["w"].view(3, 2)}, {}, "shape", id="one shape differs"),
        pytest.param(Q, {**Q, "w": Q["w"].half()}, {}, "float32 in the pickle and float16", id="one type differs"),
        pytest.param(Q, {**Q, "w": Q["w"].int()}, {}, "int32", id="one type of the same width differs"),
        pytest.param(Q, {k: v for k, v in Q.items() if k != "n"}, {}, "lacks n", id="one key is missing"),
        pytest.param(Q, {**Q, "more": torch.ones(1)}, {}, "which the pickle has not", id="one key is too many"),
        pytest.param(TIED, {**TIED, "h": TIED["e"].clone()}, {}, "not in the twin", id="a tie is missing"),
        pytest.param(
            OrderedDict(e=BIG, h=BIG.clone()), {"e": BIG}, {"h": "e"}, "lacks h", id="a tie that the pickle has not"
        ),
        pytest.param(
            OrderedDict(e=BIG, h=BIG, f=torch.ones(12)),
            {"e": BIG, "f": torch.ones(12)},
            {"h": "f"},
            "tied to another",
            id="a tie to another tensor",
        ),
        pytest.param(OrderedDict(a=BIG[:8], b=BIG[4:]), {"a": BIG[:8], "b": BIG[4:]}, {}, "share", id="views overlap"),
        pytest.param(OrderedDict(a=TURNED), {"a": TURNED}, {}, "contiguous", id="strides"),
        pytest.param(OrderedDict(Q, epoch=3), Q, {}, "epoch is no plain tensor", id="a number among the tensors"),
        pytest.param({"state_dict": Q}, Q, {}, "no plain tensor", id="a state dict in a dict"),
        pytest.param(OrderedDict(Q, s=torch.eye(2).to_sparse()), Q, {}, "no plain tensor", id="a sparse tensor"),
        pytest.param({**Q, 3: BIG}, Q, {}, "no text", id="a key that is no text"),
        pytest.param([Q["w"]], Q, {}, "no state dict", id="a list"),
        pytest.param(OrderedDict(), Q, {}, "no state dict", id="nothing"),
    ],
)
def test_a_twin_that_is_not_the_same_is_passed_by(  # noqa: PLR0917
    pickled, tensors, metadata, words, tmp_path: Path, log: Path
) -> None:
    other = {name: (tensor + 1).contiguous() for name, tensor in tensors.items()}
    path = beside(tmp_path, pickled, other, metadata={"format": "pt", **metadata})
    with safeload.activate(WITHOUT):
        theirs = torch.load(path, weights_only=False)
    ours = torch.load(path, weights_only=False)
    assert repr(ours) == repr(theirs)
    assert words in outcome(log)["not used"]


def test_attributes_of_the_dict_are_no_loss(tmp_path: Path, log: Path) -> None:
    state = OrderedDict(STATE_DICT)
    state.note = "mine"
    path = beside(tmp_path, state, STATE_DICT)
    assert torch.load(path, weights_only=False).note == "mine"
    assert "attributes" in outcome(log)["not used"]


def test_a_broken_twin_is_passed_by(tmp_path: Path, log: Path) -> None:
    path = beside(tmp_path, STATE_DICT, STATE_DICT)
    (tmp_path / "m.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    assert torch.equal(torch.load(path)["w"], STATE_DICT["w"])
    assert outcome(log)["not used"]


@pytest.mark.parametrize("how", ["off", "pickle_module", "the mode is off"])
def test_where_it_is_not_wanted_it_is_not_looked_for(how: str, tmp_path: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    policy = {"off": WITHOUT, "the mode is off": safeload.Policy(mode=safeload.Mode.OFF)}.get(how, safeload.Policy())
    options = {"pickle_module": pickle} if how == "pickle_module" else {}
    with safeload.activate(policy):
        assert torch.equal(torch.load(path, **options)["w"], STATE_DICT["w"])


def test_nothing_is_written(tmp_path: Path, log: Path) -> None:
    folder = tmp_path / "only to be read"
    folder.mkdir()
    path = beside(folder, STATE_DICT, STATE_DICT)
    before = {p.name: p.stat() for p in folder.iterdir()}
    torch.load(path)
    assert {p.name: p.stat() for p in folder.iterdir()}.keys() == before.keys()
    assert all(p.stat().st_mtime_ns == before[p.name].st_mtime_ns for p in folder.iterdir())


# --- shards -------------------------------------------------------------------------------------


def sharded(folder: Path, *, shards: dict[str, dict], index: dict[str, str] | None = None) -> None:
    names = {}
    for number, tensors in enumerate(shards.values(), 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors"
        st.save_file(tensors, folder / name, {"format": "pt"})
        names |= dict.fromkeys(tensors, name)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index or names}))


def test_shards_that_are_cut_in_another_way(tmp_path: Path, log: Path) -> None:
    sharded(tmp_path, shards={"1": {"w": Q["w"] + 1}, "2": {"b": Q["b"] + 1, "n": Q["n"] + 1}})
    torch.save({"w": Q["w"], "b": Q["b"]}, tmp_path / "pytorch_model-00001-of-00002.bin")
    torch.save(Q, tmp_path / "pytorch_model.bin")
    for name in ("pytorch_model-00001-of-00002.bin", "pytorch_model.bin"):
        assert torch.equal(torch.load(tmp_path / name)["w"], Q["w"] + 1)
        assert outcome(log) == {"used": str(tmp_path / "model.safetensors.index.json")}


@pytest.mark.parametrize("name", ["../model-00001-of-00001.safetensors", "/tmp/x.safetensors", "a/b.safetensors", ".."])
def test_shards_stay_in_their_folder(name: str, tmp_path: Path, log: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    st.save_file(dict(Q), tmp_path / "model-00001-of-00001.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": dict.fromkeys(Q, name)}))
    torch.save(Q, folder / "pytorch_model.bin")
    torch.load(folder / "pytorch_model.bin")
    assert "outside its folder" in outcome(log)["not used"]


# --- hostile ------------------------------------------------------------------------------------


def with_a_call_in_front(path: Path, mark: Path) -> None:
    """Add a call whose result is thrown away, as tools that poison checkpoints do."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(out, "w") as new:
        for member in archive.infolist():
            data = archive.read(member)
            if member.filename.endswith("data.pkl"):
                command = f"touch {mark}".encode()
                call = b"cposix\nsystem\n(X" + len(command).to_bytes(4, "little") + command + b"tR0"
                data = data[:2] + call + data[2:]
            new.writestr(member.filename, data)
    path.write_bytes(out.getvalue())


@pytest.mark.parametrize("kind", ["a call whose result is dropped", "a call whose result is a value"])
def test_a_hostile_pickle_beside_an_honest_twin(kind: str, tmp_path: Path, log: Path) -> None:
    """The twin is opened, the names are told; without us the file fires, and without a twin it is blocked."""
    mark = tmp_path / "fired"
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    if "dropped" in kind:
        with_a_call_in_front(path, mark)
    else:
        torch.save(OrderedDict(STATE_DICT, x=Hostile(mark)), path)
    ours = torch.load(path, weights_only=False)
    assert list(ours) == list(STATE_DICT)
    assert torch.equal(ours["w"], STATE_DICT["w"] + 1)
    told = next(event for event in events(log) if event["event"] == "safeload.twin.hostile")
    assert told["refused"] == ["posix:system"]
    (tmp_path / "m.safetensors").unlink()
    with pytest.raises(safeload.BlockedGlobalError):
        torch.load(path, weights_only=False)
    assert not mark.exists()
    with safeload.activate(safeload.Policy(mode=safeload.Mode.OFF)):
        torch.load(path, weights_only=False)
    assert mark.exists()


def test_an_unlisted_value_is_missed_and_so_there_is_no_twin(tmp_path: Path, log: Path) -> None:
    """Only what no policy could let anybody have is left away."""
    path = beside(tmp_path, OrderedDict(STATE_DICT, x=Head()), STATE_DICT)
    with pytest.raises(safeload.BlockedGlobalError):
        torch.load(path, weights_only=False)


# --- require ------------------------------------------------------------------------------------


def test_require_opens_the_twin_and_nothing_else(tmp_path: Path, log: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    with safeload.activate(REQUIRE):
        assert torch.equal(torch.load(path)["w"], STATE_DICT["w"] + 1)
        (tmp_path / "m.safetensors").unlink()
        with pytest.raises(safeload.TensorsRequiredError) as caught:
            torch.load(path)
    assert f"safeload convert {path}" in str(caught.value)
    kind, facts = caught.value.__reduce__()
    assert kind(*facts).refusal == caught.value.refusal


def test_the_command_of_the_refusal_is_the_way_out(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save(STATE_DICT, path)
    with safeload.activate(REQUIRE):
        with pytest.raises(safeload.TensorsRequiredError):
            torch.load(path)
        safeload.convert(path)
        assert torch.equal(torch.load(path)["w"], STATE_DICT["w"])


def test_require_finds_what_is_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, log: Path) -> None:
    monkeypatch.setattr(STATE, "cache", str(tmp_path / "cache"))
    path = tmp_path / "m.pt"
    torch.save(STATE_DICT, path)
    (made,) = safeload.convert(path, into_cache=True)
    assert made.out.parent == tmp_path / "cache"
    with safeload.activate(REQUIRE):
        assert torch.equal(torch.load(path)["w"], STATE_DICT["w"])
        assert outcome(log) == {"used": str(made.out)}
        (tmp_path / "cache").chmod(0o777)
        with pytest.raises(safeload.TensorsRequiredError):
            torch.load(path)


def dumped_by_joblib(value, path: Path) -> None:
    import joblib

    joblib.dump(value, path)


def loaded_by_joblib(path: Path):
    import joblib

    return joblib.load(path)


def from_an_open_file(load):
    def opened(path: Path):
        with path.open("rb") as file:
            return load(file)

    return opened


WAYS_TO_LOAD = [
    pytest.param(torch.save, lambda path: torch.load(path), id="torch.load of a path"),
    pytest.param(torch.save, lambda path: torch.load(path, weights_only=False), id="torch.load of all of it"),
    pytest.param(torch.save, lambda path: torch.load(path, pickle_module=pickle), id="torch.load with a pickle module"),
    pytest.param(torch.save, lambda path: torch.load(io.BytesIO(path.read_bytes())), id="torch.load of bytes"),
    pytest.param(torch.save, from_an_open_file(lambda file: torch.load(file)), id="torch.load of an open file"),
    pytest.param(
        lambda value, path: path.write_bytes(pickle.dumps(value)),
        from_an_open_file(lambda file: pickle.load(file)),
        id="pickle.load",
    ),
    pytest.param(
        lambda value, path: path.write_bytes(pickle.dumps(value)),
        lambda path: pickle.loads(path.read_bytes()),
        id="pickle.loads",
    ),
    pytest.param(
        lambda value, path: path.write_bytes(pickle.dumps(value)),
        from_an_open_file(lambda file: pickle._Unpickler(file).load()),
        id="the unpickler in Python",
    ),
    pytest.param(dumped_by_joblib, loaded_by_joblib, id="joblib.load"),
]


@pytest.mark.parametrize(("save", "load"), WAYS_TO_LOAD)
def test_require_refuses_a_pickle_whichever_way_it_is_loaded(save, load, tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    save(STATE_DICT, path)
    assert torch.equal(load(path)["w"], STATE_DICT["w"])
    with safeload.activate(REQUIRE), pytest.raises(safeload.TensorsRequiredError) as caught:
        load(path)
    assert "load_tensors" in str(caught.value)
    assert "safeload convert" in str(caught.value)


def test_require_says_that_options_are_in_the_way(tmp_path: Path) -> None:
    path = beside(tmp_path, STATE_DICT, STATE_DICT)
    with safeload.activate(REQUIRE), pytest.raises(safeload.TensorsRequiredError, match="such options"):
        torch.load(path, encoding="latin1")


def test_require_lets_through_what_holds_no_tensors_of_torchs() -> None:
    import numpy as np

    for value in ({"epoch": 3}, {"a": np.ones(3)}):
        with safeload.activate(REQUIRE):
            assert pickle.loads(pickle.dumps(value)).keys() == value.keys()


def opened_and_moved(path: Path):
    file = path.open("rb")
    path.rename(path.with_name("other.pt"))
    path.write_bytes(b"")
    return file


def opened_in_the_middle(path: Path):
    path.write_bytes(b"xx" + path.read_bytes())
    file = path.open("rb")
    file.seek(2)
    return file


@pytest.mark.parametrize(
    ("opened", "used"),
    [
        pytest.param(lambda path: path.open("rb"), True, id="an open file"),
        pytest.param(lambda path: path.open("rb", buffering=0), True, id="an open file without a buffer"),
        pytest.param(lambda path: fsspec_open(path), True, id="a file that fsspec opened, as Lightning does"),
        pytest.param(opened_and_moved, False, id="a file that is no longer the one of its name"),
        pytest.param(opened_in_the_middle, False, id="a file that stands in its middle"),
        pytest.param(lambda path: io.BytesIO(path.read_bytes()), False, id="bytes"),
    ],
)
def test_the_twin_of_an_open_file(opened, used, tmp_path: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT), _use_new_zipfile_serialization=False)
    with opened(path) as file:
        assert torch.equal(torch.load(file)["w"], STATE_DICT["w"] + used)


def fsspec_open(path: Path):
    fsspec = pytest.importorskip("fsspec")
    return fsspec.filesystem("file").open(str(path), "rb")


def test_the_bytes_are_compared_on_request(tmp_path: Path) -> None:
    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    beside_it = tmp_path / "m.safetensors"
    assert safeload.find_twin(path) == beside_it
    with pytest.raises(safeload.TensorsError, match="other numbers"):
        safeload.find_twin(path, verify="bytes")
    with pytest.raises(ValueError, match="verify is"):
        safeload.find_twin(path, verify="numbers")
    beside_it.unlink()
    with pytest.raises(safeload.TensorsError, match="no safetensors file"):
        safeload.find_twin(path)
    safeload.convert(path)
    assert safeload.find_twin(path, verify="bytes") == beside_it


def test_the_command_says_which_and_why(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from safeload.cli import main

    path = beside(tmp_path, STATE_DICT, marked(STATE_DICT))
    found = CliRunner().invoke(main, ["twin", str(path)])
    assert (found.exit_code, "m.safetensors" in found.output) == (0, True)
    refused = CliRunner().invoke(main, ["twin", "--bytes", str(path)])
    assert (refused.exit_code, "other numbers" in refused.output) == (1, True)


# --- safetensors under any name -----------------------------------------------------------------


PLACES = {
    "nowhere": None,
    "by name": "cpu",
    "by a dict": {"cpu": "cpu"},
    "by a function": lambda storage, _place: storage,
}


@pytest.mark.parametrize("name", ["x.safetensors", "x.bin", "x.pt", "x", "x.pkl"])
@pytest.mark.parametrize("location", PLACES.values(), ids=PLACES)
def test_torch_load_of_safetensors_under_any_name(name: str, location, tmp_path: Path) -> None:
    st.save_file(dict(STATE_DICT), tmp_path / name)
    for source in (tmp_path / name, str(tmp_path / name)):
        ours = torch.load(source, map_location=location)
        assert {k: t.tolist() for k, t in ours.items()} == {k: t.tolist() for k, t in STATE_DICT.items()}
    with (tmp_path / name).open("rb") as file:
        assert torch.equal(torch.load(file, map_location=location)["w"], STATE_DICT["w"])


def test_pickle_and_joblib_of_safetensors(tmp_path: Path) -> None:
    import io

    import joblib

    path = tmp_path / "x.pkl"
    st.save_file(dict(STATE_DICT), path, {"format": "pt"})
    assert torch.equal(joblib.load(path)["w"], STATE_DICT["w"])
    with path.open("rb") as file:
        assert torch.equal(pickle.load(file)["b"], STATE_DICT["b"])
        assert not file.read()
    assert torch.equal(pickle.load(io.BytesIO(path.read_bytes()))["w"], STATE_DICT["w"])


def test_what_only_begins_so_goes_on_as_before(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.write_bytes((40).to_bytes(8, "little") + b"{" + b"\0" * 60)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path)
    with path.open("rb") as file, pytest.raises(pickle.UnpicklingError):
        pickle.load(file)


def test_a_folder_copied_elsewhere_is_the_same(tmp_path: Path, log: Path) -> None:
    """Neither names of folders nor dates count."""
    (tmp_path / "a").mkdir()
    beside(tmp_path / "a", STATE_DICT, marked(STATE_DICT))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert torch.equal(torch.load(tmp_path / "b" / "m.pt")["w"], STATE_DICT["w"] + 1)
