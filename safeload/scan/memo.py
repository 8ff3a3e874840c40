"""What an earlier stream left in an unpickler's memo, as the look at a later stream may hold it."""

from __future__ import annotations

import io
import sys
from collections.abc import Container
from types import ModuleType
from typing import Any, Final

from safeload.scan.base import Base
from safeload.scan.inert import Earlier, Inert, Plain, Recorder
from safeload.scan.report import GlobalRef

# Handed to the C unpickler as they are: bool and None are singletons, the rest immutable.
_DATA: Final = frozenset({str, bytes, int, float, complex, bool, type(None), bytearray})

# Stand-ins that are kept for a later stream: of no more entries, each of no more parts and bytes.
ENTRIES: Final = 20_000
PARTS: Final = 512
BYTES: Final = 4096

# Of a stream of no more bytes, all stand-ins may wait until they are asked for.
LATER: Final = 1 << 18


class After:
    """A reader that begins with bytes of ours, which fill an engine's memo as an earlier stream did.

    CPython's setter will not do: given a dict it forgets what was in it, after an empty one it writes
    beyond the memo's end, and it never counts the entries, so that MEMOIZE would begin at the first.
    """

    def __init__(self, beginning: bytes, reader: Any) -> None:
        self._now: Any = io.BytesIO(beginning)
        self._reader = reader

    def go_on(self) -> None:
        self._now = self._reader

    def __getattr__(self, name: str) -> Any:
        if name == "peek" and hasattr(self._reader, "peek"):
            return self._peek
        raise AttributeError(name)

    def _peek(self, size: int) -> Any:
        return self._now.peek(size) if self._now is self._reader else b""

    def read(self, size: int) -> Any:
        return self._now.read(size)

    def readline(self) -> Any:
        return self._now.readline()

    def readinto(self, into: Any) -> Any:
        return self._now.readinto(into)


class Given:
    """Stands for a recorder while a memo is filled: a persistent id is the number of a value."""

    def __init__(self, values: tuple[Any, ...]) -> None:
        self._values = values

    def persistent(self, pid: int) -> Any:
        return self._values[pid]


def neutral_of(value: Any, recorder: Recorder, depth: int = 8) -> Any:
    """A memo value of an earlier, judged load, as the look may hold it."""
    if isinstance(value, Inert):
        return _again(value, recorder)
    if type(value) in _DATA:
        return value
    if type(value) is tuple and depth:
        return tuple(neutral_of(item, recorder, depth - 1) for item in value)
    if isinstance(value, type) or callable(value) and hasattr(value, "__qualname__"):
        ref = GlobalRef(str(getattr(value, "__module__", None) or "?"), str(value.__qualname__))
        # An object that the stream gave a function's name is none.
        return recorder.stub(ref if _stands_at(ref) is value else GlobalRef("?", ref.qualname))
    earlier = object.__new__(Earlier)
    earlier.args, earlier.recorder = (), recorder
    recorder.states.is_earlier(earlier, value)
    return earlier


class Kept:
    """Of an engine's memo what a later stream may need: small objects that rules ask about.

    A dtype, a time zone: a pickler that is used again names them once. All else that a later stream
    finds in the memo is only known to be there. Most unpicklers load once, so of a small stream it is
    found out when it is asked for.
    """

    def __init__(self, memo: dict[int, Any], consumed: int) -> None:
        self._memo = memo if len(memo) <= ENTRIES else {}
        self._is_sorted = False
        if consumed > LATER:
            self.among(())

    def among(self, indices: Container[int]) -> dict[int, Inert]:
        """Those of them that the unpickler still has."""
        if not self._is_sorted:
            self._memo, self._is_sorted = _to_keep(self._memo), True
        return {index: value for index, value in self._memo.items() if index in indices}


def _to_keep(memo: dict[int, Any]) -> dict[int, Inert]:
    return {
        index: value
        for index, value in memo.items()
        if isinstance(value, Inert) and not isinstance(value, Plain) and _is_small(value)
    }


def _is_small(value: Any) -> bool:
    """Whether no more hangs on a value than is kept; what goes round in a circle is not."""
    parts = size = 0
    waiting = [value]
    while waiting:
        value = waiting.pop()
        parts += 1
        if isinstance(value, str | bytes | bytearray):
            size += len(value)
        elif isinstance(value, Inert):
            waiting += (getattr(value, "args", ()), getattr(value, "state", ()))
        elif isinstance(value, dict | list | tuple):
            if len(value) > PARTS:
                return False
            waiting += (*value, *value.values()) if isinstance(value, dict) else value
        if parts > PARTS or size > BYTES:
            return False
    return True


def _again(kept: Inert, recorder: Recorder) -> Any:
    """The same stand-in for another look, with what was judged of it."""
    made: Any = Base.__new__(recorder.stub(type(kept).ref))
    if id(kept) in kept.recorder.states.obeyed:
        recorder.states.obeyed[id(made)] = made
    for slot in ("args", "state"):
        if hasattr(kept, slot):
            setattr(made, slot, getattr(kept, slot))
    return made


def _stands_at(ref: GlobalRef) -> Any:
    """What a name leads to in the modules that are here; imports nothing, asks no module's ``__getattr__``."""
    found: Any = sys.modules.get(ref.module)
    for part in ref.qualname.split("."):
        found = vars(found).get(part) if isinstance(found, ModuleType | type) else None
    return found


