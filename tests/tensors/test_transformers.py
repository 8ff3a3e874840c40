"""Models as transformers saves them, in both ways: the pickle is opened through the safetensors beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
from kit_of_tensors import bits, sharing

import safeload
from safeload.policy import Twins
from safeload.state import STATE


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = transformers.GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=64, n_positions=16)
    made = transformers.GPT2LMHeadModel(config)
    assert made.lm_head.weight is made.transformer.wte.weight
    return made


def both_ways(model, folder: Path, *, max_shard_size: str) -> list[Path]:
    """safetensors as this transformers writes them, pickles as every transformers has read them."""
    model.save_pretrained(folder, max_shard_size=max_shard_size)
    state = model.state_dict()
    if max_shard_size == "1GB":
        torch.save(state, folder / "pytorch_model.bin")
        return [folder / "pytorch_model.bin"]
    names = list(state)
    tied = {"lm_head.weight", "transformer.wte.weight"}
    halves = [[n for n in names[::2] if n not in tied] + sorted(tied), [n for n in names[1::2] if n not in tied]]
    paths = []
    for number, half in enumerate(halves, 1):
        paths.append(folder / f"pytorch_model-{number:05}-of-00002.bin")
        torch.save({name: state[name] for name in half}, paths[-1])
    return paths


@pytest.mark.parametrize("size", ["1GB", "10KB"], ids=["one file", "shards"])
def test_the_pickle_is_read_from_its_twin(model, size: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "log", str(tmp_path / "log"))
    paths = both_ways(model, tmp_path, max_shard_size=size)
    assert (tmp_path / "model.safetensors.index.json").exists() == (size != "1GB")
    for path in paths:
        with safeload.activate(safeload.Policy(tensors=Twins.OFF)):
            theirs = torch.load(path)
        with safeload.activate(safeload.Policy(tensors=Twins.REQUIRE)):
            ours = torch.load(path)
        assert list(ours) == list(theirs)
        assert {name: bits(t) for name, t in ours.items()} == {name: bits(t) for name, t in theirs.items()}
        assert sharing(ours) == sharing(theirs)
    used = [json.loads(line).get("twin", {}).get("used") for line in (tmp_path / "log").read_text().splitlines()]
    assert len([one for one in used if one]) == len(paths)


def test_a_converted_model_is_one_that_transformers_reads(model, tmp_path: Path) -> None:
    model.config.save_pretrained(tmp_path)
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    (made,) = safeload.convert(tmp_path / "pytorch_model.bin")
    assert made.out.name == "model.safetensors"
    (tmp_path / "pytorch_model.bin").unlink()
    again = transformers.GPT2LMHeadModel.from_pretrained(tmp_path)
    assert again.lm_head.weight is again.transformer.wte.weight
    assert bits(again.lm_head.weight) == bits(model.lm_head.weight)


def test_a_whole_model_without_transformers_code(model, tmp_path: Path) -> None:
    torch.save(model, tmp_path / "model.pt")
    ours = safeload.load_tensors(tmp_path / "model.pt")
    assert list(ours) == list(model.state_dict())
    assert sharing(ours) == sharing(model.state_dict())
