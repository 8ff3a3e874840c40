"""Sparse tensors, as torch.load gives them, and with every index inside."""

from __future__ import annotations

import pickle
import warnings

import pytest

torch = pytest.importorskip("torch")
from kit_of_tensors import bits, saved

import safeload
from safeload.policy import Twins

warnings.simplefilter("ignore")
EYE = torch.eye(4)[:, [1, 0, 3, 2]] * 3
TWICE = torch.sparse_coo_tensor([[0, 0], [1, 1]], [1.0, 2.0], (2, 2))
VALUES = {
    "coordinates": EYE.to_sparse(),
    "coordinates that occur twice": TWICE,
    "coordinates in order": TWICE.coalesce(),
    "of vectors": torch.sparse_coo_tensor([[0, 2]], torch.ones(2, 3), (4, 3)),
    "nothing in it": torch.sparse_coo_tensor(size=(3, 2)),
    "of halves": EYE.bfloat16().to_sparse(),
    "rows": EYE.to_sparse_csr(),
    "columns": EYE.to_sparse_csc(),
    "blocks in rows": EYE.to_sparse_bsr((2, 2)),
    "blocks in columns": EYE.to_sparse_bsc((2, 2)),
    "a parameter": torch.nn.Parameter(EYE.to_sparse()),
    "a parameter that is fixed": torch.nn.Parameter(EYE.to_sparse(), requires_grad=False),
}
FORMS = {
    "zip": saved,
    "legacy": lambda value: saved(value, _use_new_zipfile_serialization=False),
    "pickle": pickle.dumps,
}


def parts(tensor: torch.Tensor) -> list[torch.Tensor]:
    tensor = tensor.detach()
    if tensor.layout == torch.sparse_coo:
        return [tensor._indices(), tensor._values()]
    in_rows = tensor.layout in (torch.sparse_csr, torch.sparse_bsr)
    names = ("crow_indices", "col_indices") if in_rows else ("ccol_indices", "row_indices")
    return [*(getattr(tensor, name)() for name in names), tensor.values()]


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", FORMS)
def test_it_gives_what_was_saved(form: str, name: str) -> None:
    value = VALUES[name]
    ours = safeload.load_tensors(FORMS[form]({"s": value, "w": torch.ones(1)}))
    assert ours.keys() == {"s", "w"}
    found = ours["s"]
    assert type(found) is type(value)
    assert (found.layout, found.shape, found.dtype) == (value.layout, value.shape, value.dtype)
    assert found.requires_grad == value.requires_grad
    if value.layout == torch.sparse_coo:
        assert found.is_coalesced() == value.is_coalesced()
    assert [bits(part) for part in parts(found)] == [bits(part) for part in parts(value)]


def unchecked(indices, shape, *, coalesced=None) -> torch.Tensor:
    values = torch.ones(indices.shape[1])
    return torch.sparse_coo_tensor(indices, values, shape, check_invariants=False, is_coalesced=coalesced)


def rows(ends, columns, shape) -> torch.Tensor:
    values = torch.ones(len(columns))
    return torch.sparse_csr_tensor(torch.tensor(ends), torch.tensor(columns), values, shape, check_invariants=False)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(unchecked(torch.tensor([[9], [0]]), (2, 2)), id="an index outside"),
        pytest.param(unchecked(torch.tensor([[-1], [0]]), (2, 2)), id="an index before the first"),
        pytest.param(unchecked(torch.tensor([[1, 0], [0, 0]]), (2, 2), coalesced=True), id="in order, it says"),
        pytest.param(unchecked(torch.tensor([[0, 0], [1, 1]]), (2, 2), coalesced=True), id="once each, it says"),
        pytest.param(rows([0, 1, 2], [0, 7], (2, 2)), id="a column outside"),
        pytest.param(rows([0, 9, 2], [0, 1], (2, 2)), id="a row that ends outside"),
        pytest.param(rows([0, 2, 1], [0, 1], (2, 2)), id="a row that ends before it begins"),
    ],
)
def test_indices_that_lie_are_left_out(value) -> None:
    """torch.load takes them, and reads elsewhere in memory when they are used."""
    data = saved({"s": value, "w": torch.ones(1)})
    with safeload.activate(safeload.Policy(tensors=Twins.OFF)):
        assert "s" in torch.load(__import__("io").BytesIO(data))
    ours = safeload.load_tensors(data)
    assert list(ours) == ["w"]
    assert "torch cannot hold it" in ours.left_out["s"]


def test_numpy_and_safetensors_have_none(tmp_path) -> None:
    torch.save({"s": EYE.to_sparse(), "w": torch.ones(1)}, tmp_path / "x.pt")
    ours = safeload.load_tensors(tmp_path / "x.pt", framework="np")
    assert (list(ours), list(ours.left_out)) == (["w"], ["s"])
    (made,) = safeload.convert(tmp_path / "x.pt")
    assert made.left_out == {"s": "safetensors has no sparse tensors"}
