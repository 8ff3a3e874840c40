"""What `torch.save` writes passes; the same names with other arguments do not."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from evasions.builders import (
    call,
    calling,
    given,
    group,
    mapping,
    named,
    new,
    number,
    pickled,
    text,
)

from safeload.allowlists import for_torch
from safeload.scan.report import GlobalRef

from .libraries import BOOK, judged, refusals

torch: Any = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore")

STORAGE = group(text("storage"), named("torch:FloatStorage"), text("0"), text("cpu"), number(4)) + b"Q"
HOOKS = calling("collections:OrderedDict")
FALSE, NONE = b"\x89", b"N"
TENSOR = calling(
    "torch._utils:_rebuild_tensor_v2",
    STORAGE, number(0), group(number(2)), group(number(1)), FALSE, HOOKS,
)  # fmt: skip


def saved(value: Any, protocol: int) -> bytes:
    """The pickle inside the archive that torch.save writes."""
    file = io.BytesIO()
    torch.save(value, file, pickle_protocol=protocol)
    archive = zipfile.ZipFile(file)
    return archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))


def with_attribute(value: Any) -> Any:
    value.note = "mine"
    return value


def values() -> dict[str, Callable[[], Any]]:
    """A way to make each kind of value that a checkpoint holds."""
    ones = torch.ones
    return {
        "state dict": lambda: torch.nn.Linear(2, 2).state_dict(),
        "optimizer state": lambda: torch.optim.Adam([torch.nn.Parameter(ones(2))]).state_dict(),
        "parameter": lambda: torch.nn.Parameter(ones(2)),
        "parameter with state": lambda: with_attribute(torch.nn.Parameter(ones(2))),
        "tensor with state": lambda: with_attribute(ones(2)),
        "buffer": lambda: torch.nn.Buffer(ones(2)),
        "meta": lambda: ones(2, device="meta"),
        "conjugate": lambda: ones(2, dtype=torch.complex64).conj(),
        "sparse": lambda: torch.eye(3).to_sparse(),
        "compressed": lambda: torch.eye(3).to_sparse_csr(),
        "nested": lambda: torch.nested.nested_tensor([ones(2), ones(3)]),
        "quantized": lambda: torch.quantize_per_tensor(ones(3), 0.1, 0, torch.qint8),
        "quantized by channel": lambda: torch.quantize_per_channel(
            ones(3, 2), ones(3), torch.zeros(3, dtype=torch.long), 0, torch.qint8
        ),
        "eight bits": lambda: ones(2).to(torch.float8_e4m3fn),
        "unsigned": lambda: ones(2, dtype=torch.uint16),
        "storage": lambda: ones(2).untyped_storage(),
        "generator": torch.Generator,
        "constants": lambda: [
            torch.float16,
            torch.strided,
            torch.device("cuda:1"),
            torch.Size([2]),
        ],
        "version": lambda: torch.__version__,
        "packed": lambda: torch.nn.utils.rnn.pack_sequence([ones(3), ones(2)]),
        "maximum": lambda: torch.max(ones(2, 2), 0),
        "subset": lambda: torch.utils.data.Subset(torch.utils.data.TensorDataset(ones(4)), [1]),
    }


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("kind", sorted(values()))
def test_what_torch_saves_passes(kind: str, protocol: int) -> None:
    assert refusals(saved(values()[kind](), protocol)) == []


def test_a_pickled_tensor_is_a_torch_file_inside() -> None:
    found, nested = judged(pickle.dumps(torch.ones(2)))
    assert found == []
    assert [kind for kind, _ in nested] == ["torch"]
    inner = torch.load(io.BytesIO(nested[0][1]), weights_only=True)
    assert list(inner) == [1.0, 1.0]


def test_the_floor_is_torchs_own_list() -> None:
    """Whatever torch's weights-only reader takes, a default policy names too."""
    unpickler = pytest.importorskip("torch._weights_only_unpickler")
    own = {GlobalRef(*name.rsplit(".", 1)) for name in unpickler._get_allowed_globals()}
    assert len(own) > 100
    assert own - BOOK.keys() == set()


def test_storages_are_only_ever_named() -> None:
    for ref in for_torch.ENTRIES:
        if ref.qualname.endswith("Storage"):
            assert refusals(pickled(calling(str(ref), number(4)))) != []


HOSTILE = {
    "a tensor that is no tensor": calling(
        "torch._utils:_rebuild_parameter", new(named("argparse:Namespace")), FALSE, HOOKS
    ),
    "a storage that is no storage": calling(
        "torch._utils:_rebuild_tensor_v2",
        new(named("argparse:Namespace")), number(0), group(), group(), FALSE, HOOKS,
    ),
    "a trampoline to something else": calling(
        "torch._tensor:_rebuild_from_type_v2",
        named("torch.storage:_load_from_bytes"), named("torch:Tensor"), group(text("x")), mapping(),
    ),
    "a trampoline to a trampoline": calling(
        "torch._tensor:_rebuild_from_type_v2",
        named("torch._tensor:_rebuild_from_type_v2"), named("torch:Tensor"), group(), mapping(),
    ),
    "a class of its own choosing": calling(
        "torch._utils:_rebuild_parameter_with_state",
        TENSOR, FALSE, HOOKS, mapping((text("__class__"), named("torch:Tensor"))),
    ),
    "a descriptor": calling(
        "torch._utils:_rebuild_parameter_with_state",
        TENSOR, FALSE, HOOKS, mapping((text("_backward_hooks"), mapping())),
    ),
    "an axis outside the tensor": calling(
        "torch._utils:_rebuild_qtensor",
        STORAGE, number(0), group(number(2)), group(number(1)),
        group(named("torch:per_channel_affine"), b"](K\x01K\x01e", b"](K\x00K\x00e", number(7)),
        FALSE, HOOKS,
    ),
    "scales for other channels": calling(
        "torch._utils:_rebuild_qtensor",
        STORAGE, number(0), group(number(2)), group(number(1)),
        group(named("torch:per_channel_affine"), b"](K\x01e", b"](K\x00e", number(0)),
        FALSE, HOOKS,
    ),
    "a negative size": calling(
        "torch._utils:_rebuild_tensor_v2",
        STORAGE, number(0), group(number(-1)), group(number(1)), FALSE, HOOKS,
    ),
    "a tensor from an address": new(named("torch:FloatTensor"), number(4096)),
    "a tensor set to an object": given(new(named("torch:FloatTensor")), group(HOOKS, number(0))),
    "text for a torch file": calling("torch.storage:_load_from_bytes", text("x")),
    "a call of a parameter": call(named("torch.nn.parameter:Parameter"), TENSOR),
    "a module": named("torch.nn.modules.linear:Linear"),
    "a graph": named("torch.fx.graph_module:reduce_graph_module"),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_torch_never_writes_is_refused(name: str) -> None:
    assert refusals(pickled(HOSTILE[name])) != []


def test_a_tensor_made_by_hand_passes_so_the_refusals_mean_something() -> None:
    assert refusals(pickled(TENSOR)) == []
