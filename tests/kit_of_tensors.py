"""Files of every kind, and what it means that two tensors are the same."""

from __future__ import annotations

import io
import os
from typing import Any

import torch


class Hostile:
    """Writes a file where it is loaded."""

    def __init__(self, path: os.PathLike[str] | str) -> None:
        self.command = f"touch {path}"

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (self.command,)


class Head(torch.nn.Module):
    """A module of a class that the reader of its file does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
        self.tied = torch.nn.Linear(4, 4)
        self.other = torch.nn.Linear(4, 4, bias=False)
        self.other.weight = self.tied.weight
        self.register_buffer("mask", torch.ones(3), persistent=False)
        self.register_buffer("steps", torch.tensor(7))
        self.grid = torch.arange(6.0)
        self.width = 4


def bits(tensor: torch.Tensor) -> bytes:
    plain = tensor.detach().cpu().resolve_conj().resolve_neg().contiguous()
    return bytes(plain.flatten().view(torch.uint8).tolist()) if plain.numel() else b""


def assert_same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert type(ours) is type(theirs)
    assert (ours.dtype, ours.shape, ours.stride()) == (theirs.dtype, theirs.shape, theirs.stride())
    assert ours.requires_grad == theirs.requires_grad
    assert ours.is_conj() == theirs.is_conj()
    assert bits(ours) == bits(theirs)


def sharing(tensors: dict[str, torch.Tensor]) -> set[frozenset[str]]:
    """Which names share a storage."""
    groups: dict[int, set[str]] = {}
    for name, tensor in tensors.items():
        if tensor.numel():
            groups.setdefault(tensor.untyped_storage().data_ptr(), set()).add(name)
    return {frozenset(group) for group in groups.values()}


def saved(value: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


BASE = torch.arange(100.0)
STATES: dict[str, Any] = {
    "a module's state dict": Head().state_dict(),
    "views of one storage": {"a": BASE[10:50].view(5, 8).t(), "b": BASE, "c": BASE, "d": BASE[::2]},
    "a view that repeats": {"e": torch.ones(1).expand(5, 4)},
    "no elements and one": {"none": torch.empty(0, 3), "one": torch.tensor(3)},
    "parameters": {"p": torch.nn.Parameter(torch.ones(2)), "q": torch.nn.Parameter(torch.ones(2), requires_grad=False)},
    "a tensor that wants gradients": {"g": torch.ones(3, requires_grad=True)},
    "conjugated": {"c": torch.ones(3, dtype=torch.complex64).mul(1j).conj()},
    "negated": {"n": torch.ones(2, dtype=torch.complex64).conj().imag},
    "channels last": {"w": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last)},
    "an order that is kept": {str(n): torch.tensor(n) for n in (3, 1, 2)},
}
STATES |= {
    f"numbers of {dtype}": {"t": torch.tensor([1, 0, 1]).to(dtype)}
    for dtype in (
        torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
        torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128,
    )
}  # fmt: skip
# torch itself cannot read its legacy form of these.
ONLY_IN_ZIP = {
    f"numbers of {dtype}": {"t": torch.ones(3).to(dtype)}
    for dtype in (
        torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz,
        torch.uint16, torch.uint32, torch.uint64,
    )
}  # fmt: skip
