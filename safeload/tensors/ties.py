"""Tied tensors: one in memory, several names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safeload.scan.forms import Data, TensorForm


def with_ties(tensors: dict[str, Any], metadata: Mapping[str, str]) -> None:
    """Give tensors the names that a safetensors header has in its text.

    safetensors' own ``save_model`` writes ``{"the name left out": "the name kept"}`` there, and so does
    :func:`safeload.convert`.
    """
    for name, kept in metadata.items():
        if name not in tensors and kept in tensors and metadata.get(kept) is None:
            tensors[name] = tensors[kept]


def tied(tensors: Mapping[str, Data]) -> list[list[str]]:
    """Names of the same memory read alike, in groups; a name that is alone is a group of its own."""
    groups: dict[Any, list[str]] = {}
    for name, form in tensors.items():
        key = form.view if isinstance(form, TensorForm) else id(form)
        groups.setdefault(key, []).append(name)
    return list(groups.values())


def overlapping(tensors: Mapping[str, Data]) -> tuple[str, str] | None:
    """Two names whose tensors share bytes and are not one and the same; None if there are none."""
    by_storage: dict[int, dict[Any, tuple[int, int, str]]] = {}
    for name, form in tensors.items():
        if isinstance(form, TensorForm) and form.count:
            views = by_storage.setdefault(id(form.storage), {})
            views.setdefault(form.view, (*form.extent, name))
    for views in by_storage.values():
        end, before = 0, ""
        for start, stop, name in sorted(views.values()):
            if start < end:
                return before, name
            end, before = stop, name
    return None
