"""A Python without the guard: really loads what it is sent, and says which names CPython asked for.

A name outside the harmless ones is recorded by the hook and then refused: nothing of it is imported.
"""

from __future__ import annotations

import copyreg
import io
import pickle
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from child_frames import serve
from opcode_tape import EXTENSIONS, HARMLESS

ALLOWED = {
    HARMLESS,
    "collections",
    "datetime",
    "decimal",
    "fractions",
    "copyreg",
    "copy_reg",
    "UserDict",
}
ALLOWED_NAMES = {
    ("__builtin__", "set"),
    ("__builtin__", "object"),
    ("builtins", "frozenset"),
    ("builtins", "complex"),
}


class Bag:
    """Takes whatever a stream does to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept and forget."""

    def __setstate__(self, state: Any) -> None:
        """Accept and forget."""

    def __setitem__(self, key: Any, value: Any) -> None:
        """Accept and forget."""

    def keep(self, *items: Any) -> None:
        """Accept and forget."""

    append = extend = add = __call__ = keep


class Outer:
    class Inner(Bag):
        """Reached by a dotted name."""


def make(*args: Any) -> Bag:
    return Bag()


def text(*args: Any) -> str:
    """A string that no static reader can know."""
    return HARMLESS


def harmless_module() -> types.ModuleType:
    module = types.ModuleType(HARMLESS)
    for thing in (Bag, Outer, make, text):
        setattr(module, thing.__name__, thing)
    return module


asked: list[tuple[str, str]] = []


def hook(event: str, args: tuple[Any, ...]) -> None:
    if event != "pickle.find_class":
        return
    asked.append((args[0], args[1]))
    if args[0] not in ALLOWED and args not in ALLOWED_NAMES:
        msg = "recorded, not imported"
        raise pickle.UnpicklingError(msg)


class Loader(pickle.Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        return pid


class SlowLoader(pickle._Unpickler):
    def persistent_load(self, pid: Any) -> Any:
        return pid


def buffers() -> Iterator[bytes]:
    while True:
        yield b"os"  # of a bytearray, CPython makes a view that upsets its deallocation


def buffered(data: bytes) -> io.BufferedReader:
    return io.BufferedReader(io.BytesIO(data))


WAYS: dict[str, Callable[[bytes], Any]] = {
    "loads": lambda data: pickle.loads(data, buffers=buffers()),
    "peek": lambda data: Loader(buffered(data), buffers=buffers()).load(),
    "no peek": lambda data: Loader(io.BytesIO(data), buffers=buffers()).load(),
    "python": lambda data: SlowLoader(io.BytesIO(data), buffers=buffers()).load(),
}


def load(data: bytes, way: Callable[[bytes], Any]) -> dict[str, Any]:
    asked.clear()
    copyreg.clear_extension_cache()  # a cached code raises no event
    outcome = "loaded"
    try:
        way(data)
    except Exception as error:  # noqa: BLE001 - most streams are broken somewhere
        outcome = type(error).__name__
    return {"asked": list(asked), "outcome": outcome}


def main() -> None:
    if "safeload" in sys.modules:
        sys.exit("the oracle must not be guarded")
    sys.modules[HARMLESS] = harmless_module()
    if "extensions" in sys.argv:
        for code, (module, name) in EXTENSIONS.items():
            copyreg.add_extension(module, name, code)
    sys.addaudithook(hook)
    serve(lambda data: {name: load(data, way) for name, way in WAYS.items()})


if __name__ == "__main__":
    main()
