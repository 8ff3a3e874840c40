"""The rules of gradient boosting libraries: a model's own bytes, and no pointer of the file's."""

from __future__ import annotations

from typing import Any

from safeload.allowlists.rules_forms import own_attributes
from safeload.scan.inert import made_by
from safeload.scan.report import GlobalRef

_BYTEARRAY = GlobalRef("builtins", "bytearray")


def lightgbm_state(_: Any, state: Any) -> str | None:
    """The model as text: its deletion hands the handle back to native code, through a method."""
    if not own_attributes(state) or "free_network" in state:
        return "its state must be a dict of its own attributes"
    texts = [state.get("_handle"), state.get("handle")]
    if any(type(text) not in (str, type(None)) for text in texts):
        return "holds a handle that is no text"
    return None


def xgboost_state(_: Any, state: Any) -> str | None:
    """The model as bytes, in a buffer that can be written to."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    model = state["handle"]
    bytes_ = model is None or type(model) is bytearray or made_by(model) == _BYTEARRAY
    return None if bytes_ else "holds a handle that is no bytes"


def catboost_state(_: Any, state: Any) -> str | None:
    """The model as bytes, beside parameters that a later fit obeys."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    return None if type(state.get("__model", b"")) is bytes else "holds a model that is no bytes"
