"""safetensors under any name: told by its first bytes, opened once its header fits what follows."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from safeload.scan.sniff import is_safetensors

SEEN: Final = 9  # the header's length, and its first brace

Restore = Callable[[Any, str], Any]


def is_safetensors_at(source: Any) -> bool:
    """Whether a path, or a file from where it stands, begins as safetensors do; moves nothing."""
    try:
        head = _head(source)
    except (OSError, ValueError, AttributeError, TypeError):
        return False  # whoever loads it says so better
    return isinstance(head, bytes) and is_safetensors(head)


def _head(source: Any) -> Any:
    """The first bytes of a file; none of what may give them only once."""
    if isinstance(source, str | os.PathLike):
        if not Path(source).is_file():
            return b""
        with Path(source).open("rb", buffering=0) as file:
            return file.read(SEEN)
    if isinstance(source, io.TextIOBase) or not source.seekable():
        return b""
    head = source.peek(SEEN)[:SEEN] if type(source) is io.BufferedReader else b""
    if len(head) < SEEN:
        at = source.tell()
        head = source.read(SEEN)
        source.seek(at)
    return head


def opened_at(source: Any, *, restore: Restore | None = None) -> dict[str, Any] | None:
    """The tensors of what begins as safetensors do; None, and the file where it stood, if it is none.

    Args:
        restore: puts each storage where it is wanted; with it, all tensors are torch's.
    """
    # Every load asks how a file begins; few begin so.
    from safeload.errors import TensorsError
    from safeload.tensors.build import Builder, NotHereError, has, torch_storage, torch_tensor
    from safeload.tensors.source import Source

    at = source.tell() if hasattr(source, "tell") else None
    try:
        with Source(source) as opened:
            found = opened.skeleton()
            if found.format != "safetensors":
                return None
            if restore is not None:
                return {
                    name: torch_tensor(form, restore(torch_storage(opened, form.storage), "cpu"))
                    for name, form in found.value.items()
                }
            of_numpy = found.metadata.get("format") == "np" or not has("torch")
            builder = Builder(opened, "np" if of_numpy else "pt")
            return {name: builder.make(form) for name, form in found.value.items()}
    except (TensorsError, NotHereError, AttributeError):
        if at is not None:
            source.seek(at)
        return None
