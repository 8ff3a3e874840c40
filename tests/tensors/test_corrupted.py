"""A file that lost some of its bytes is refused, or gives what another reader of the same bytes gives."""

from __future__ import annotations

import io
import warnings

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")
np = pytest.importorskip("numpy")
from kit_of_tensors import bits, saved

import safeload

STATE = {"w": torch.arange(6.0).view(2, 3).t(), "n": torch.tensor([1, 2, 3]), "h": torch.ones(5).half()}
OFF = safeload.Policy(mode=safeload.Mode.OFF)


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, **{name: tensor.numpy() for name, tensor in STATE.items()})
    return out.getvalue()


def by_numpy(data: bytes):
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return {name: torch.from_numpy(file[name]) for name in file.files}


# The file, and who else reads it.
FILES = {
    "zip": (saved(STATE), lambda data: torch.load(io.BytesIO(data), weights_only=True)),
    "legacy": (
        saved(STATE, _use_new_zipfile_serialization=False),
        lambda data: torch.load(io.BytesIO(data), weights_only=True),
    ),
    "safetensors": (safetensors.save({n: t.contiguous() for n, t in STATE.items()}), safetensors.load),
    "npz": (npz(), by_numpy),
}


def told(tensors) -> dict:
    """By name, and for what is a sequence by place, all that makes a tensor."""
    if isinstance(tensors, list | tuple):
        tensors = {str(n): item for n, item in enumerate(tensors)}
    if not isinstance(tensors, dict):
        return {}
    named = {str(name): tensor for name, tensor in tensors.items() if isinstance(tensor, torch.Tensor)}
    return {name: (t.dtype, tuple(t.shape), bits(t)) for name, t in named.items()}


def read(reader, data: bytes) -> dict:
    with safeload.activate(OFF), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return told(reader(data))
        except Exception:  # noqa: BLE001 - whatever it says of such bytes
            return {}


def numbers_only(data: bytes, original: bytes) -> bytes:
    """The file with only those of the changes that fall among the numbers of its tensors."""
    out = bytearray(original)
    for tensor in STATE.values():
        for content in {bits(tensor), bits(tensor.t()) if tensor.dim() == 2 else b""} - {b""}:
            at = original.find(content)
            if at >= 0:
                out[at : at + len(content)] = data[at : at + len(content)].ljust(len(content), b"\0")
    return bytes(out)


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.data())
def test_other_bytes_are_refused_or_read_as_others_read_them(name: str, drawn) -> None:
    original, reader = FILES[name]
    place = st.integers(0, len(original) - 1)
    data = bytearray(original)
    for at in drawn.draw(st.lists(place, min_size=1, max_size=3)):
        # Any byte, its neighbour, or one that means something elsewhere in the file.
        values = st.one_of(st.integers(0, 255), st.just(data[at] ^ 1), place.map(original.__getitem__))
        data[at] = drawn.draw(values)
    if drawn.draw(st.integers(0, 9)) == 0:
        del data[drawn.draw(place) :]
    data = bytes(data)
    try:
        ours = safeload.load_tensors(data, framework="pt")
    except safeload.TensorsError:
        return
    right = [read(reader, data), read(reader, numbers_only(data, original))]
    for tensor, found in told(ours).items():
        if any(tensor.startswith(f"{name}.") for name in getattr(ours, "left_out", ())):
            # An argument of a call that no reader makes: its numbers are still those of one of the file's tensors.
            assert any(found in others.values() for others in right), tensor
        else:
            assert any(found == others.get(tensor) for others in right), tensor
