"""The lists that are not in force by default, and what every list keeps to."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import calling, given, group, listing, mapping, named, new, number, pickled, text

from safeload.allowlists import DEFAULT_PROFILES, PROFILES, profile_entries
from safeload.allowlists.never import why_never
from safeload.allowlists.table import Entries
from safeload.scan.report import Use

from .hostile import Hostile, attributes
from .libraries import BOOK, refusals
from .test_rules import has_effect

MORE = tuple(name for name in PROFILES if name not in DEFAULT_PROFILES)


def book(*profiles: str) -> Entries:
    found = dict(BOOK)
    for profile in profiles:
        found |= profile_entries(profile)
    return found


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_list_says_what_it_is_and_why(profile: str) -> None:
    entries = profile_entries(profile)
    assert entries
    assert {entry.profile for entry in entries.values()} == {profile}
    assert all(entry.reason for entry in entries.values())


def test_no_name_stands_in_two_lists() -> None:
    """The later list would hide the rules of the earlier one."""
    seen: dict[Any, str] = {}
    for profile in PROFILES:
        for ref in profile_entries(profile):
            assert seen.setdefault(ref, profile) == profile, ref


@pytest.mark.parametrize("profile", ["torch", "joblib", "pandas", "scipy", "sklearn", *MORE])
def test_what_a_list_lets_be_done_is_ruled(profile: str) -> None:
    """A call, an instance or a state without a rule would be any call, instance or state."""
    for ref, entry in profile_entries(profile).items():
        if entry.uses & (Use.CALLED | Use.INSTANTIATED):
            assert entry.call is not None, ref
        if entry.uses & Use.STATE_SET:
            assert entry.state is not None, ref
        if entry.uses != Use.REFERENCED:
            assert why_never(ref) is None or entry.nested, ref


@pytest.mark.parametrize("profile", MORE)
def test_a_list_to_opt_into_is_not_in_force(profile: str) -> None:
    assert not profile_entries(profile).keys() & BOOK.keys()


# --- whole models -----------------------------------------------------------------------------


def modules() -> dict[str, Callable[[], Any]]:
    torch = pytest.importorskip("torch")
    nn, optim = torch.nn, torch.optim

    def stepped() -> Any:
        model = nn.Linear(2, 2)
        optimizer = optim.AdamW(model.parameters())
        model(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        return optimizer

    return {
        "sequence": lambda: nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.BatchNorm1d(2)),
        "recurrent": lambda: nn.LSTM(2, 2, 2, bidirectional=True),
        "transformer": lambda: nn.Transformer(8, 2, 1, 1, 16),
        "convolution": lambda: nn.Conv2d(1, 1, 1),
        "lists": lambda: nn.ModuleList([nn.ParameterList([torch.ones(2)]), nn.Embedding(2, 2)]),
        "optimizer": stepped,
        "schedule": lambda: optim.lr_scheduler.OneCycleLR(stepped(), 0.1, 10),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize(
    "kind",
    ["sequence", "recurrent", "transformer", "convolution", "lists", "optimizer", "schedule"],
)
def test_whole_models_pass_only_where_they_are_asked_for(kind: str, protocol: int) -> None:
    torch = pytest.importorskip("torch")
    file = io.BytesIO()
    torch.save(modules()[kind](), file, pickle_protocol=protocol)
    archive = zipfile.ZipFile(file)
    stream = archive.read(next(n for n in archive.namelist() if n.endswith("data.pkl")))
    assert refusals(stream, book("torch-modules")) == []
    assert refusals(stream)


def test_an_optimizer_does_not_patch_its_class(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    patched = given(
        new(named("torch.optim.sparse_adam:SparseAdam")),
        attributes(
            defaults=mapping(),
            _zero_grad_profile_name=text(""),
            _patch_step_function=calling("functools:partial", named("builtins:print"), text("EFFECT")),
        ),
    )
    assert has_effect(Hostile("patch", patched, ""), tmp_path)
    assert any("SparseAdam: its state" in found for found in refusals(pickled(patched), book("torch-modules")))


# --- checkpoints ------------------------------------------------------------------------------

STORAGE_INFO = "torch.distributed.checkpoint.filesystem:_StorageInfo"


def shard(path: str) -> bytes:
    state = attributes(relative_path=text(path), offset=number(0), length=number(8))
    return pickled(given(new(named(STORAGE_INFO)), state))


@pytest.mark.parametrize("path", ["__0_0.distcp", "rank_1/__1_0.distcp", "a..b"])
def test_a_shard_lies_in_its_checkpoint(path: str) -> None:
    assert refusals(shard(path), book("torch-dcp")) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", "c:\\x", "a\0"])
def test_a_shard_elsewhere_is_refused(path: str) -> None:
    assert refusals(shard(path), book("torch-dcp"))


def test_a_sharded_checkpoint_passes(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    dcp = pytest.importorskip("torch.distributed.checkpoint")
    with pytest.warns() as _:
        dcp.save({"model": torch.nn.Linear(2, 2).state_dict(), "n": 3}, checkpoint_id=tmp_path)
    stream = (tmp_path / ".metadata").read_bytes()
    assert refusals(stream, book("torch-dcp")) == []
    assert refusals(stream)


def test_a_configuration_sets_types_on_its_own_metadata_alone() -> None:
    metadata = new(named("omegaconf.base:ContainerMetadata"))
    for meta, fits in ((metadata, True), (named("omegaconf.base:ContainerMetadata"), False)):
        node = given(
            new(named("omegaconf.dictconfig:DictConfig")),
            attributes(_metadata=meta, _parent=b"N", _content=mapping()),
        )
        assert (refusals(pickled(node), book("omegaconf")) == []) is fits


# --- boosters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "booster", "fits"),
    [
        ("lightgbm", {"_handle": text("tree")}, True),
        ("lightgbm", {"_handle": number(4096)}, False),
        ("lightgbm", {"_network": b"\x88", "free_network": named("builtins:dict")}, False),
        ("xgboost", {"handle": calling("builtins:bytearray", b"C\x01x")}, True),
        ("xgboost", {"handle": number(4096)}, False),
    ],
)
def test_a_booster_holds_a_model_and_no_address(
    profile: str, booster: dict[str, bytes], *, fits: bool
) -> None:
    name = {"lightgbm": "lightgbm.basic:Booster", "xgboost": "xgboost.core:Booster"}[profile]
    stream = pickled(given(new(named(name)), attributes(**booster)))
    assert (refusals(stream, book(profile)) == []) is fits


def test_training_data_of_lightgbm_is_on_no_list() -> None:
    dataset = given(new(named("lightgbm.basic:Dataset")), attributes(_handle=number(4096)))
    assert refusals(pickled(dataset), book("lightgbm"))


@pytest.mark.parametrize(
    ("profile", "fragment"),
    [
        ("lightning", new(named("pytorch_lightning.utilities.parsing:AttributeDict")) + b"}b"),
        ("hf-trainer", calling("transformers.trainer_utils:SchedulerType", text("linear"))),
        ("pyannote", calling("pyannote.audio.core.task:Problem", number(2))),
        ("torch-geometric", given(new(named("torch_geometric.data.data:Data")), attributes(a=b"N"))),
        ("imblearn", new(named("imblearn.pipeline:Pipeline"))),
        ("hmmlearn", new(named("hmmlearn.hmm:GaussianHMM"))),
        ("catboost", given(new(named("catboost.core:CatBoost")), attributes(__model=b"C\x01x"))),
        ("ultralytics", new(named("ultralytics.nn.tasks:DetectionModel"))),
    ],
)
def test_what_a_library_writes_passes_only_under_its_list(profile: str, fragment: bytes) -> None:
    assert refusals(pickled(fragment), book(profile)) == []
    assert refusals(pickled(fragment))


GRAPH = "torch_geometric.data.hetero_data:HeteroData"
STORE = given(new(named("torch_geometric.data.storage:NodeStorage")), attributes(_mapping=b"}"))
A_CLASS = named("collections:OrderedDict")


@pytest.mark.parametrize(
    ("state", "fits"),
    [
        (attributes(_global_store=STORE, _node_store_dict=attributes(a=STORE)), True),
        (attributes(_global_store=A_CLASS), False),
        (attributes(_node_store_dict=attributes(a=A_CLASS)), False),
        (attributes(_edge_store_dict=calling("collections:OrderedDict", attributes(a=A_CLASS))), False),
        (attributes(_node_store_dict=b"}q\x09") + b"h\x09" + text("a") + A_CLASS + b"s0", False),
    ],
)
def test_a_graph_holds_stores_and_no_class_that_its_copy_would_change(state: bytes, *, fits: bool) -> None:
    stream = pickled(given(new(named(GRAPH)), state))
    assert (refusals(stream, book("torch-geometric")) == []) is fits


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "imblearn", "hmmlearn", "omegaconf"])
def test_installed_libraries_pass(library: str) -> None:
    module = pytest.importorskip(library)
    made = {
        "lightgbm": lambda: module.LGBMClassifier(n_estimators=2, verbose=-1),
        "xgboost": lambda: module.XGBClassifier(n_estimators=2),
        "imblearn": lambda: module.over_sampling.RandomOverSampler(),
        "hmmlearn": lambda: pytest.importorskip("hmmlearn.hmm").GaussianHMM(2),
        "omegaconf": lambda: module.OmegaConf.create({"a": [1, {"b": None}]}),
    }[library]()
    if hasattr(made, "fit") and library in ("lightgbm", "xgboost"):
        made.fit([[n] for n in range(40)], [n % 2 for n in range(40)])
    for protocol in (2, 4, 5):
        assert refusals(pickle.dumps(made, protocol), book(library)) == []


def test_items_are_set_on_dicts_and_lists_alone() -> None:
    """SETITEM and APPEND reach a class's own methods: only dicts and lists among these take them."""
    for profile in ("torch", "joblib", "pandas", "scipy", "sklearn", *MORE):
        for ref, entry in profile_entries(profile).items():
            if entry.uses & Use.ITEMS_SET:
                assert "dict" in entry.reason or "list" in entry.reason, ref


def test_groups_and_lists_are_no_states() -> None:
    node = given(new(named("torch.nn.modules.linear:Linear")), group(b"N", listing()))
    assert refusals(pickled(node), book("torch-modules"))
