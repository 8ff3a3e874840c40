"""One admitted program: really loaded, then used as lightly as any program would."""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import itertools
import pickle
import signal
from collections.abc import Callable
from typing import Any, Final

from watch import Stopped, Watch

PATIENCE_S: Final = 1.0
SHOWN: Final = 50


class Late(BaseException):
    """It took too long: a matter of speed, not of safety."""


class Loader(pickle.Unpickler):
    """As torch's: storages are handed out for persistent ids."""

    def persistent_load(self, pid: Any) -> Any:
        import torch

        _, kind, _key, _location, count = pid
        dtype = torch.uint8 if kind is torch.UntypedStorage else kind.dtype
        size = torch._utils._element_size(dtype)
        if not 0 <= count <= 4096:
            raise ValueError(count)
        storage = torch.UntypedStorage(count * size)
        return torch.storage.TypedStorage(wrap_storage=storage, dtype=dtype, _internal=True)


def _walk(value: Any) -> Any:
    return list(itertools.islice(iter(value), SHOWN))


def _pickled(value: Any) -> Any:
    return pickle.dumps(value)


USES: Final[dict[str, Callable[[Any], Any]]] = {
    "repr": repr,
    "eq": lambda value: value == value,  # noqa: PLR0124 - the point is to run __eq__
    "hash": hash,
    "len": len,
    "bool": bool,
    "iter": _walk,
    "dumps": _pickled,
    "copy": copy.copy,
}


def _late(*_: Any) -> None:
    raise Late


def _parts(value: Any) -> list[Any]:
    """The value, and what stands in it where it is a container of the language."""
    found, waiting, seen = [], [value], set()
    while waiting and len(found) < 8:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) in (list, tuple, set, frozenset):
            waiting.extend(itertools.islice(one, 4))
        elif type(one) is dict:
            waiting.extend(itertools.islice(one.values(), 4))
        elif type(one) not in (int, str, bytes, float, bool, type(None)):
            found.append(one)
    return found


class Trial:
    """Runs programs in this process; ``at`` says what is being done, for whoever finds it dead."""

    def __init__(self, watch: Watch, at: Callable[[str], None]) -> None:
        self.watch, self.at = watch, at
        signal.signal(signal.SIGALRM, _late)

    def run(self, program: bytes) -> list[str]:
        """What happened that must not."""
        self.watch.events = []
        late = False
        signal.setitimer(signal.ITIMER_REAL, PATIENCE_S, PATIENCE_S)
        try:
            self._run(program)
        except Late:
            late = True
        finally:
            self.watch.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        events = self.watch.events
        return events if events or not late else []

    def _run(self, program: bytes) -> None:
        self.at("load")
        self.watch.armed = True
        try:
            value = Loader(io.BytesIO(program)).load()
        except (Exception, RecursionError, Stopped, KeyboardInterrupt, SystemExit, GeneratorExit):
            value = None
        for part in _parts(value):
            for name, use in USES.items():
                self.at(name)
                with contextlib.suppress(Exception, Stopped, KeyboardInterrupt, SystemExit, GeneratorExit):
                    use(part)
        self.at("del")
        part = value = None
        self.collected = getattr(self, "collected", 0) + 1
        if self.collected % 64 == 0:
            gc.collect()
        self.watch.armed = False
