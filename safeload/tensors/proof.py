"""Whether a safetensors file holds the same as a pickle: keys, types, shapes, ties, and nothing else.

Names and dates prove nothing, so the skeleton of the pickle is held against the header
(docs/explanation/tensors-without-code.md).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from safeload.allowlists import never_reason
from safeload.scan.forms import TensorForm
from safeload.scan.keep import Made
from safeload.scan.outline import pairs_of
from safeload.scan.report import GlobalRef, Use, printable
from safeload.scan.skeleton import Skeleton
from safeload.scan.torch_forms import tensor_form
from safeload.tensors.ties import overlapping, tied

ORDERED: Final = GlobalRef("collections", "OrderedDict")
_PLAIN: Final = frozenset(
    GlobalRef("torch._utils", name) for name in ("_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3")
)
_PARAMETER: Final = GlobalRef("torch._utils", "_rebuild_parameter")
_LEAF: Final = (str, int, float, bool, type(None))


class NotTheSameError(ValueError):
    """Why one file cannot stand for the other."""


@dataclass(frozen=True, slots=True)
class StateDict:
    """What a pickled state dict would be.

    Attributes:
        tensors: by name, in the pickle's order.
        ordered: an ``OrderedDict``, not a ``dict``.
        metadata: its ``_metadata``; None where it has none.
        harmful: keys whose values a never-allowed name would have made.
    """

    tensors: dict[str, TensorForm]
    ordered: bool
    metadata: Any
    harmful: tuple[str, ...]


def state_dict_of(skeleton: Skeleton) -> StateDict:
    """The state dict that a pickle holds, if it holds that and nothing else.

    Raises:
        NotTheSameError: it holds something else.
    """
    root = skeleton.value
    ordered = isinstance(root, Made) and root.ref == ORDERED
    pairs = pairs_of(root) if ordered or type(root) is dict else None
    if skeleton.notes or not pairs:
        msg = "the pickle holds no state dict"
        raise NotTheSameError(msg)
    forms: dict[int, TensorForm] = {}
    tensors: dict[str, TensorForm] = {}
    harmful = []
    for name, value in pairs.items():
        if not isinstance(name, str):
            msg = "a key is no text"
            raise NotTheSameError(msg)
        if _is_harmful(value):
            harmful.append(name)
            continue
        tensors[name] = forms.setdefault(id(value), _tensor(name, value))
    return StateDict(tensors, ordered, _metadata(root) if ordered else None, tuple(harmful))


def _is_harmful(value: Any) -> bool:
    """What no policy lets anybody have, so that nobody can miss it."""
    return isinstance(value, Made) and value.use is Use.CALLED and never_reason(value.ref) is not None


def _tensor(name: str, value: Any) -> TensorForm:
    """A plain tensor or parameter, with no class, hooks or attributes of its own."""
    inner = value
    if isinstance(value, Made) and value.ref == _PARAMETER:
        _without_hooks(name, value.args[2:3])
        inner = value.args[0] if value.args else None
    if not isinstance(inner, Made) or inner.ref not in _PLAIN or hasattr(value, "state"):
        msg = f"{printable(name)} is no plain tensor"
        raise NotTheSameError(msg)
    _without_hooks(name, inner.args[5:6])
    form = tensor_form(value)
    if not isinstance(form, TensorForm):
        msg = f"{printable(name)} cannot be had as data"
        raise NotTheSameError(msg)
    if not form.contiguous or form.conj or form.neg:
        msg = f"{printable(name)} is not contiguous in the pickle"
        raise NotTheSameError(msg)
    return form


def _without_hooks(name: str, hooks: tuple[Any, ...]) -> None:
    for held in hooks:
        if held is not None and pairs_of(held) != {}:
            msg = f"{printable(name)} has hooks"
            raise NotTheSameError(msg)


def _metadata(root: Made) -> Any:
    state = getattr(root, "state", None)
    if state is None:
        return None
    if type(state) is not dict or state.keys() != {"_metadata"}:
        msg = "the state dict has attributes of its own"
        raise NotTheSameError(msg)
    return _rebuilt(state["_metadata"])


def _rebuilt(value: Any, depth: int = 4) -> Any:
    """A value as it would have been, if it is containers and plain data."""
    if type(value) in _LEAF:
        return value
    is_ordered = isinstance(value, Made) and value.ref == ORDERED and not hasattr(value, "state")
    if depth and (is_ordered or type(value) is dict):
        kind = OrderedDict if is_ordered else dict
        pairs = pairs_of(value) or {}
        if all(type(key) in _LEAF for key in pairs):
            return kind((key, _rebuilt(item, depth - 1)) for key, item in pairs.items())
    msg = "the state dict's _metadata is no plain data"
    raise NotTheSameError(msg)


def prove(
    pickled: StateDict, header: Mapping[str, Any], text: Mapping[str, str], *, is_part: bool = False
) -> dict[str, str]:
    """For each name of the pickle, the name under which the twin has the same.

    Args:
        header: the twin's tensors, by name.
        text: the twin's metadata, which may say what is tied.
        is_part: the pickle is one shard, so the twin may hold more.

    Raises:
        NotTheSameError: the first difference.
    """
    between = overlapping(pickled.tensors)
    if between is not None:
        msg = f"{printable(between[0])} and {printable(between[1])} share some of their memory"
        raise NotTheSameError(msg)
    found: dict[str, str] = {}
    for group in tied(pickled.tensors):
        held = [name for name in group if name in header]
        if not held:
            msg = f"the twin lacks {printable(group[0])}"
            raise NotTheSameError(msg)
        if len(held) > 1:
            msg = f"{printable(held[0])} and {printable(held[1])} are tied in the pickle and not in the twin"
            raise NotTheSameError(msg)
        _compare(held[0], pickled.tensors[held[0]], header[held[0]])
        found |= dict.fromkeys(group, held[0])
    for name, kept in text.items():
        if name in found and name not in header and kept in header and found[name] != kept:
            msg = f"{printable(name)} is tied to another tensor in the twin"
            raise NotTheSameError(msg)
    more = next((name for name in header if name not in found), None)
    if more is not None and not is_part:
        msg = f"the twin has {printable(more)}, which the pickle has not"
        raise NotTheSameError(msg)
    return {name: found[name] for name in pickled.tensors}


def _compare(name: str, here: TensorForm, there: Any) -> None:
    if not isinstance(there, TensorForm):
        msg = f"{printable(name)} cannot be read in the twin"
        raise NotTheSameError(msg)
    if here.dtype != there.dtype:
        msg = f"{printable(name)} is {here.dtype} in the pickle and {there.dtype} in the twin"
        raise NotTheSameError(msg)
    if here.shape != there.shape:
        msg = f"{printable(name)} has the shape {here.shape} in the pickle and {there.shape} in the twin"
        raise NotTheSameError(msg)
