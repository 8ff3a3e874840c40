"""Tensors on an accelerator: ``python -m pytest tests/tensors/test_on_device.py`` where there is one."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
st = pytest.importorskip("safetensors.torch")
from kit_of_tensors import Head, sharing

import safeload
from safeload.policy import Twins

if not torch.cuda.is_available():
    pytest.skip("there is no accelerator", allow_module_level=True)

WHERE = [
    pytest.param("cuda", id="a string"),
    pytest.param("cuda:0", id="a string with a number"),
    pytest.param(torch.device("cuda", 0), id="a device"),
    pytest.param({"cpu": "cuda:0"}, id="a dict"),
    pytest.param(lambda storage, _location: storage.cuda(0), id="a function"),
]


def assert_there(ours: dict, theirs: dict) -> None:
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        assert ours[name].device == tensor.device
        assert (ours[name].dtype, ours[name].stride()) == (tensor.dtype, tensor.stride())
        assert torch.equal(ours[name], tensor)
    assert sharing(ours) == sharing(theirs)


@pytest.mark.parametrize("where", WHERE)
def test_the_twin_goes_where_map_location_says(where, tmp_path: Path) -> None:
    state = Head().state_dict()
    torch.save(state, tmp_path / "m.pt")
    with safeload.activate(safeload.Policy(tensors=Twins.OFF)):
        theirs = torch.load(tmp_path / "m.pt", map_location=where)
    safeload.convert(tmp_path / "m.pt")
    with safeload.activate(safeload.Policy(tensors=Twins.REQUIRE)):
        ours = torch.load(tmp_path / "m.pt", map_location=where)
    assert type(ours) is OrderedDict
    assert_there(ours, theirs)


def test_what_was_saved_there_comes_back_there(tmp_path: Path) -> None:
    state = {name: tensor.cuda() for name, tensor in Head().state_dict().items()}
    torch.save(state, tmp_path / "m.pt")
    safeload.convert(tmp_path / "m.pt")
    with safeload.activate(safeload.Policy(tensors=Twins.REQUIRE)):
        ours = torch.load(tmp_path / "m.pt")
        here = torch.load(tmp_path / "m.pt", map_location="cpu")
    assert_there(ours, state)
    assert {tensor.device.type for tensor in here.values()} == {"cpu"}


@pytest.mark.parametrize("where", WHERE)
def test_safetensors_under_another_name(where, tmp_path: Path) -> None:
    st.save_file({"w": torch.ones(3)}, tmp_path / "x.bin")
    ours = torch.load(tmp_path / "x.bin", map_location=where)
    assert ours["w"].device == torch.device("cuda", 0)
    assert ours["w"].tolist() == [1, 1, 1]


def test_load_tensors_on_a_device(tmp_path: Path) -> None:
    state = Head().state_dict()
    torch.save(state, tmp_path / "m.pt")
    ours = safeload.load_tensors(tmp_path / "m.pt", device="cuda")
    assert {tensor.device.type for tensor in ours.values()} == {"cuda"}
    assert sharing(ours) == sharing(state)
    assert torch.equal(ours["steps"].cpu(), state["steps"])


def test_float8_goes_there_too(tmp_path: Path) -> None:
    state = {"f": torch.ones(4).to(torch.float8_e4m3fn), "b": torch.ones(4, dtype=torch.bfloat16)}
    torch.save(state, tmp_path / "m.pt")
    ours = safeload.load_tensors(tmp_path / "m.pt", device="cuda")
    assert (ours["f"].dtype, ours["f"].float().sum().item()) == (torch.float8_e4m3fn, 4.0)
