"""Quantized tensors of torch's, made of their whole numbers and what those are multiplied with."""

from __future__ import annotations

from typing import Any

from safeload.scan.forms import QuantizedForm, TensorForm


def torch_quantized(form: QuantizedForm, made: Any) -> Any:
    """The tensor.

    Args:
        made: makes the tensor of one of the form's parts.
    """
    import torch

    numbers = made(form.values)
    if isinstance(form.scale, TensorForm):
        scales, points = made(form.scale), made(form.zero_point)
        return torch._make_per_channel_quantized_tensor(numbers, scales, points, form.axis)
    return torch._make_per_tensor_quantized_tensor(numbers, form.scale, form.zero_point)
