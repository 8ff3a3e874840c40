"""What a load leaves behind: in the process, in the objects, in the exceptions that pass through."""

from __future__ import annotations

import contextlib
import copy
import gc
import io
import pickle
import signal
import sys
import traceback
import warnings
import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from probe_kit import Probes, error_of, frames_of

# safeload arrives here

probe = Probes()
NAMES = "Point Raises Interrupts Exits Nested Counted Slotted Warns Cyclic Old Deep Remembers"
ALLOW = ",".join(f"__main__:{name}" for name in NAMES.split())


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        return f"Point({self.x!r}, {self.y!r})"


class OwnError(Exception):
    """Nobody's but ours."""


class Raises(Point):
    def __setstate__(self, state: Any) -> None:
        deeper(state)


def deeper(state: Any) -> None:
    try:
        int("no")
    except ValueError as error:
        raise OwnError(state["x"]) from error


class Interrupts(Point):
    def __setstate__(self, state: Any) -> None:
        raise KeyboardInterrupt


class Exits(Point):
    def __setstate__(self, state: Any) -> None:
        sys.exit(3)


class Nested(Point):
    def __getstate__(self) -> Any:
        return pickle.dumps([self.x, Point(1, 2)]), self.y

    def __setstate__(self, state: Any) -> None:
        self.x, self.y = pickle.loads(state[0]), state[1]


class Counted(Point):
    made = 0

    def __setstate__(self, state: Any) -> None:
        type(self).made += 1
        vars(self).update(state)


class Slotted:
    __slots__ = ("__weakref__", "a", "b")

    def __init__(self) -> None:
        self.a, self.b = 1, [2]


class Warns(Point):
    def __setstate__(self, state: Any) -> None:
        warnings.warn("old file", DeprecationWarning, stacklevel=2)
        vars(self).update(state)


class Cyclic:
    def __init__(self) -> None:
        self.me: Any = [self, {"me": self}]


class Old(Point):
    def __reduce_ex__(self, protocol: Any) -> Any:
        return (Old, (self.x, self.y), {"note": protocol})


class Remembers(Point):
    collecting: Any = None

    def __setstate__(self, state: Any) -> None:
        Remembers.collecting = gc.isenabled()


def doors(stream: bytes) -> list[Callable[[], Any]]:
    return [
        lambda: pickle.loads(stream),
        lambda: pickle.load(io.BytesIO(stream)),
        lambda: pickle.Unpickler(io.BytesIO(stream)).load(),
        lambda: pickle._loads(stream),  # type: ignore[attr-defined]
    ]


def raised_by(value: Any) -> list[Any]:
    """What passes out of a load, through which functions, and whether collecting goes on."""
    found = []
    for door in doors(pickle.dumps([1, value, "x" * 9000])):
        try:
            door()
        except BaseException as error:  # noqa: BLE001 - the value
            texts = [f"{type(e).__name__}: {e}" for e in (error, error.__cause__) if e]
            functions = [f for f in frames_of(error) if not f.startswith(("load", "_load"))]
            found.append((texts, error.__context__ is error.__cause__, functions))
        found.append(gc.isenabled())
    return found


for kind in (Raises, Interrupts, Exits):
    probe[f"{kind.__name__} in a load"] = partial(raised_by, kind(1, 2))


@probe
def interrupted_while_collecting_is_off() -> Any:
    gc.disable()
    with contextlib.suppress(KeyboardInterrupt):
        pickle.loads(pickle.dumps(Interrupts(1, 2)))
    off = gc.isenabled()
    gc.enable()
    return off, gc.isenabled(), gc.get_threshold()


@probe
def a_signal_in_a_load() -> Any:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 5000:
                signal.raise_signal(signal.SIGINT)
            return super().read(size)

    many = pickle.dumps([Point(n, n) for n in range(999)], 2)  # no frames: read bit by bit
    return error_of(pickle.load, Slow(many)), gc.isenabled()


@probe
def objects_equal() -> Any:
    values = [Nested(5, 6), Slotted(), Old(1, 2), Counted(3, 4), [Point] * 3, Point(Point(1, 2), 3)]
    found = []
    for value in values:
        for protocol in (2, 4, 5):
            for door in doors(pickle.dumps(value, protocol)):
                back = door()
                state = back.__reduce_ex__(4)[2] if not isinstance(back, list) else back
                found.append((type(back).__name__, repr(state)))
    return found


@probe
def every_object_once() -> Any:
    Counted.made = 0
    for door in doors(pickle.dumps([Counted(n, n) for n in range(50)])):
        door()
    return Counted.made


@probe
def cycles() -> Any:
    back = pickle.loads(pickle.dumps(Cyclic()))
    reference = weakref.ref(back)
    inner = back.me[0] is back, back.me[1]["me"] is back
    del back
    gc.collect()
    return inner, reference()


@probe
def nothing_is_held() -> Any:
    """References to the data, the file and what was loaded are gone after the load."""
    found = []
    for value in ([Point(1, 2)] * 3, {"k": [b"x" * 100_000, Point(3, 4)]}):
        data = pickle.dumps(value) + b""
        before = sys.getrefcount(data)
        loaded = [door() for door in doors(data)]
        found.append(sys.getrefcount(data) - before - 0)
        point = loaded[0][0] if isinstance(loaded[0], list) else loaded[0]["k"][1]
        found.append(sys.getrefcount(point))
        reference = weakref.ref(point)
        file = io.BytesIO(data)
        files = sys.getrefcount(file)
        pickle.load(file)
        found.append(sys.getrefcount(file) - files)
        unpickler = pickle.Unpickler(file)
        del loaded, point, unpickler
        found.append((reference(), sys.getrefcount(file) - files))
    return found


@probe
def collecting_is_on_after_everything() -> Any:
    big = pickle.dumps([Point(n, n) for n in range(2000)])
    found = []
    for door in doors(big):
        door()
        found.append(gc.isenabled())
    gc.disable()
    for door in doors(big):
        door()
        found.append(gc.isenabled())
    gc.enable()
    return found


@probe
def warnings_point_to_the_same_place() -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        back = [door() for door in doors(pickle.dumps(Warns(1, 2)))]
    texts = [(str(w.message), w.category.__name__) for w in caught]
    return back, texts


@probe
def generators_and_with_blocks() -> Any:
    def stream() -> Iterator[Any]:
        file = io.BytesIO(b"".join(pickle.dumps(Point(n, n)) for n in range(5)))
        with contextlib.suppress(EOFError):
            while True:
                yield pickle.load(file)

    return list(stream())


@probe
def copies_do_not_load() -> Any:
    made = Counted(1, [2])
    Counted.made = 0
    deep, shallow = copy.deepcopy(made), copy.copy(made)
    return deep, shallow, Counted.made, shallow.y is made.y


@probe
def text_of_a_traceback() -> Any:
    """The innermost frame is the user's own, with its line."""
    try:
        pickle.loads(pickle.dumps(Raises(1, 2)))
    except OwnError as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return last.name, last.line
    return None


if __name__ == "__main__":
    probe.tell()
