"""Loads that are deep, many at once, or cut in two by a fork."""

from __future__ import annotations

import gc
import io
import os
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any

from probe_kit import Probes

# safeload arrives here

probe = Probes()
ALLOW = "__main__:Point,__main__:Nested"


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        return f"Point({self.x!r}, {self.y!r})"


class Nested(Point):
    def __getstate__(self) -> Any:
        return pickle.dumps([self.x, Point(1, 2)]), self.y

    def __setstate__(self, state: Any) -> None:
        self.x, self.y = pickle.loads(state[0]), state[1]


def doors(stream: bytes) -> list[Callable[[], Any]]:
    return [
        lambda: pickle.loads(stream),
        lambda: pickle.load(io.BytesIO(stream)),
        lambda: pickle.Unpickler(io.BytesIO(stream)).load(),
        lambda: pickle._loads(stream),  # type: ignore[attr-defined]
    ]


@probe
def deep_nesting() -> Any:
    """Lists in lists, deeper than the interpreter's own stack goes."""
    depth = 50_000
    lists = b"\x80\x04" + b"(" * depth + b"N" + b"l" * depth + b"."
    tuples = b"\x80\x04N" + b"\x85" * depth + b"."
    found = []
    for stream in (lists, tuples):
        for door in doors(stream):
            value, levels = door(), 0
            outermost = value
            while value:
                value, levels = value[0], levels + 1
            found.append(levels)
            while outermost:  # taken apart from outside: a recursive end would be CPython's crash
                outermost = outermost[0]
    return found


@probe
def deep_objects() -> Any:
    depth = 3000
    step = b"c__main__\nPoint\n)\x81}\x8c\x01x"
    stream = b"\x80\x04" + step * depth + b"N" + b"sb" * depth + b"."
    found = []
    for door in doors(stream):
        value, levels = door(), 0
        while value is not None:
            value, levels = value.x, levels + 1
        found.append(levels)
    return found


@probe
def many_threads() -> Any:
    """Loads of all kinds at once, and hardly a moment of each without a switch."""
    streams = [pickle.dumps([Point(n, [str(n)] * n), Nested(n, n)]) for n in range(40)]
    expected = [repr(pickle.loads(stream)[0]) for stream in streams]
    wrong: list[Any] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)

    def work(offset: int) -> None:
        for turn in range(60):
            n = (turn + offset) % len(streams)
            back = doors(streams[n])[turn % 4]()
            if repr(back[0]) != expected[n] or not isinstance(back[1], Nested):
                wrong.append((n, back))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    return wrong, gc.isenabled()


@probe
def forked_in_the_middle_of_a_load() -> Any:
    class Forking(pickle.Unpickler):
        def persistent_load(self, pid: Any) -> Any:
            child = os.fork()
            if not child:
                ok = pickle.loads(pickle.dumps([Point(1, 2)] * 2000))[0].x == 1
                os._exit(0 if ok and isinstance(pid, str) else 1)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

    return Forking(io.BytesIO(b"(cbuiltins\nset\nPid\nt.")).load(), gc.isenabled()


@probe
def no_garbage_piles_up() -> Any:
    stream = pickle.dumps([Point(n, str(n)) for n in range(100)])
    for _ in range(20):
        [door() for door in doors(stream)]
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(50):
        [door() for door in doors(stream)]
    gc.collect()
    return len(gc.get_objects()) - before < 100, gc.garbage


if __name__ == "__main__":
    probe.tell()
