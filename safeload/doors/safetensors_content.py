"""A file that is safetensors whatever it is called, met by a loader of pickles."""

from __future__ import annotations

import io
from typing import Any, Final

from safeload import guard
from safeload.policy import Mode, Twins
from safeload.scan.sniff import is_safetensors

_SEEN: Final = 9


def safetensors_in(source: Any) -> dict[str, Any] | None:
    """The tensors, if this is a path or a file of that content and the policy wants them; else None."""
    policy = guard.policy_in_force()
    if policy.mode is Mode.OFF or policy.tensors is Twins.OFF:
        return None
    from safeload.tensors.content import is_safetensors_at, opened_at

    return opened_at(source) if is_safetensors_at(source) else None


def may_be_safetensors(file: Any) -> bool:
    """Quickly, for every ``pickle.load``: whether a buffered file stands before such bytes."""
    if type(file) is io.BytesIO:
        at = file.tell()
        return is_safetensors(bytes(file.getbuffer()[at : at + _SEEN]))
    return type(file) is io.BufferedReader and is_safetensors(file.peek(_SEEN)[:_SEEN])
