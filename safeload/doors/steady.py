"""Memory that a C unpickler reads by itself, and that its program reads for a persistent id as well.

The look read straight on. If the program takes a part of the same memory in between, the unpickler goes on
where nobody has looked.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from types import BuiltinFunctionType
from typing import Any, Final

from safeload import guard

MOVED: Final = "its program reads on in the same memory, in the middle of the stream: what follows was not looked at"


@contextmanager
def steady(load: guard.Load, unpickler: Any, file: io.BytesIO) -> Iterator[None]:
    """Refuse a load that has, or may ask for, more than data, as soon as its program has moved the file."""
    found = getattr(unpickler, "persistent_load", None)
    is_data = not load.approved and not unpickler.memo.copy()
    # CPython 3.13 has a method of that name, which says that there is none.
    is_none = isinstance(found, BuiltinFunctionType) and found.__self__ is unpickler
    if found is None or is_none or is_data or load.approved is guard.ANYTHING:
        yield
        return

    def persistent_load(pid: Any) -> Any:
        before = file.tell()
        value = found(pid)
        if file.tell() != before:
            guard.refuse_unread(load, MOVED)
        return value

    unpickler.persistent_load = persistent_load
    try:
        yield
    finally:
        unpickler.persistent_load = found
