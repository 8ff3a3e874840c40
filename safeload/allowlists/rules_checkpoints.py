"""The rules of checkpoint formats: torch's distributed ones, and configurations beside weights."""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    is_int,
    is_made_by,
    own_attributes,
    refs,
    values_state,
)
from safeload.allowlists.rules_torch import is_dtype
from safeload.scan.inert import ref_of

_METADATA: Final = refs("omegaconf.base: Metadata ContainerMetadata")
_LAYOUT: Final = refs("torch.serialization: _get_layout")
_ENCODING: Final = refs("torch.distributed.checkpoint.metadata: _MEM_FORMAT_ENCODING")


def file_below(value: Any) -> bool:
    """A relative path that stays below the directory it is joined to."""
    if type(value) is not str or not value or value.startswith("/"):
        return False
    return not any(character in value for character in "\\:\0") and ".." not in value.split("/")


def storage_info(_: Any, state: Any) -> str | None:
    """Which file of the checkpoint holds a tensor: read with torch.load, so one of its own."""
    if not own_attributes(state) or not file_below(state["relative_path"]):
        return "names a file outside the checkpoint"
    return None if is_int(state["offset"]) and is_int(state["length"]) else "holds no numbers"


def tensor_properties(_: Any, state: Any) -> str | None:
    dtype, layout, grad, encoding, pinned = state
    fits = is_dtype(dtype) and is_made_by(layout, _LAYOUT) and is_made_by(encoding, _ENCODING)
    fits = fits and type(grad) is bool and type(pinned) is bool
    return None if fits else "its state must be a type, a layout and flags"


def one_value(args: Args, kwargs: Kwargs) -> str | None:
    """``Enumeration(value)``: looks a member up."""
    fits = not kwargs and len(args) == 1 and type(args[0]) in (int, str)
    return None if fits else "takes the value of one member"


def node_state(_: Any, state: Any) -> str | None:
    """A node of a configuration: sets attributes of its metadata, which must be an object of it."""
    if not own_attributes(state) or not is_made_by(state["_metadata"], _METADATA):
        return "its state must have metadata of its own"
    return None if ref_of(state.get("_parent")) is None else "its parent must be a node"


_STORES: Final = refs("torch_geometric.data.storage: BaseStorage EdgeStorage GlobalStorage NodeStorage")


def graph_state(made: Any, state: Any) -> str | None:
    """A graph sets an attribute of its stores when it is copied: a class among them would be changed for good."""
    wrong = values_state(made, state)
    if wrong is not None:
        return wrong
    alone = [state[key] for key in ("_store", "_global_store") if key in state]
    tables = [state[key] for key in ("_node_store_dict", "_edge_store_dict") if key in state]

    def fit() -> bool:
        plain = all(type(table) is dict for table in tables)
        return plain and all(is_made_by(store, _STORES) for table in tables for store in table.values())

    def again() -> None:
        if not fit():
            made.recorder.objects(made.ref, "has its stores exchanged afterwards", structural=False)

    made.recorder.afterwards.append(again)
    return None if fit() and all(is_made_by(store, _STORES) for store in alone) else "holds what is no store"
