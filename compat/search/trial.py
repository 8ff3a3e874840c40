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

PATIENCE_S: Final = 0.3
SHOWN: Final = 50
FAILURES: Final = (Exception, Stopped, KeyboardInterrupt, SystemExit, GeneratorExit)
"""How a load may end, and a use: all but being late."""


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
    if type(value).__module__.partition(".")[0] == "torch" and hasattr(value, "unbind"):
        value = value[:SHOWN]  # torch makes all the tensors of a walk before it hands out the first
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


class Clock:
    """Raises Late in a program, and in nothing else."""

    def __init__(self) -> None:
        self.running = False
        signal.signal(signal.SIGVTALRM, self._rings)

    def _rings(self, *_: Any) -> None:
        if self.running:
            raise Late

    def start(self) -> None:
        self.running = True
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE_S, PATIENCE_S)

    def stop(self) -> None:
        self.running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


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
        self.clock = Clock()
        self.done = 0

    def run(self, program: bytes) -> list[str]:
        """What happened that must not."""
        self.watch.events = []
        with contextlib.suppress(Late):
            self.clock.start()
            self._run(program)
        self.clock.stop()
        self.watch.armed = False
        return self.watch.events

    def _run(self, program: bytes) -> None:
        self.at("load")
        self.watch.armed = True
        try:
            value = Loader(io.BytesIO(program)).load()
        except FAILURES:
            value = None
        for part in _parts(value):
            for name, use in USES.items():
                if name in ("eq", "iter") and type(part).__module__.startswith("scipy.sparse"):
                    continue  # arithmetic over the places of its values: a use, and known
                self.at(name)
                with contextlib.suppress(*FAILURES):
                    use(part)
        self.at("del")
        part = value = None
        self.done += 1
        if self.done % 64 == 0:
            gc.collect()
        self.watch.armed = False
