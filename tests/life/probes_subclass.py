"""Unpicklers that people derive, C and Python, and what they do in them."""

from __future__ import annotations

import _pickle
import copyreg
import io
import pickle
import types
from functools import partial
from typing import Any, ClassVar

from probe_kit import Probes, error_of

# safeload arrives here

probe = Probes()
ALLOW = "__main__:Point,__main__:Renamed,__main__:Reduced,life_old:Gone,__main__:make"
Slow: Any = pickle._Unpickler
SlowPickler: Any = pickle._Pickler
BASES: dict[str, Any] = {"C": pickle.Unpickler, "Python": Slow}


class Point:
    def __init__(self, x: Any, y: Any) -> None:
        self.x, self.y = x, y

    def __repr__(self) -> str:
        return f"Point({self.x!r}, {self.y!r})"


class Renamed(Point): ...  # what a file calls life_old:Gone


class Reduced:
    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return make, (self.value,), None, iter(()), iter(())


def make(value: Any) -> Point:
    return Point("made", value)


def dumped(value: Any, protocol: int = 4) -> io.BytesIO:
    return io.BytesIO(pickle.dumps(value, protocol))


def each(*, engines: tuple[str, ...] = ("C", "Python")) -> Any:
    """A probe for each engine, given the class to derive from."""

    def add(function: Any) -> Any:
        for engine in engines:
            probe[f"{function.__name__}: {engine}"] = partial(function, BASES[engine])
        return function

    return add


@each()
def own_init(base: Any) -> Any:
    class Own(base):
        def __init__(self, file: Any, *, label: str = "x", **options: Any) -> None:
            super().__init__(file, **options)
            self.label = label

    own = Own(dumped([Point(1, 2)]), label="mine", encoding="latin1")
    return own.load(), own.label, isinstance(own, base), type(own).__mro__[1] is base


@each()
def own_init_without_super(base: Any) -> Any:
    class Own(base):
        def __init__(self, file: Any) -> None:
            self.kept = file

    return error_of(Own(dumped([1])).load)


@each()
def initialised_twice(base: Any) -> Any:
    own = base(dumped([1, 2]))
    own.__init__(dumped({"b": Point(1, 2)}))  # after a load, it is CPython that crashes
    return own.load()


@each()
def slots_and_attributes(base: Any) -> Any:
    class Own(base):
        note = "class"

    own = Own(dumped(Point(1, 2)))
    own.extra = 5
    return (
        own.load(),
        own.extra,
        own.note,
        sorted(k for k in vars(own) if not k.startswith("_"))[:1],
    )


@each()
def persistent_ids(base: Any) -> Any:
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return ("point", obj.x) if isinstance(obj, Point) else None

    class Own(base):
        def persistent_load(self, pid: Any) -> Any:
            return Point(pid, "from outside")

    buffer = io.BytesIO()
    Pickler(buffer).dump([Point(1, 2), {"k": Point(3, 4)}])
    plain = base(io.BytesIO(buffer.getvalue()))
    assigned = base(io.BytesIO(buffer.getvalue()))
    assigning = error_of(setattr, assigned, "persistent_load", lambda pid: pid[1])
    loaded = Own(io.BytesIO(buffer.getvalue())).load()
    return loaded, error_of(plain.load), assigning, error_of(assigned.load)


@each()
def find_class_renames(base: Any) -> Any:
    class Own(base):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) == ("life_old", "Gone"):
                module, name = __name__, "Renamed"
            return super().find_class(module, name)

    stream = pickle.dumps(Renamed(1, 2), 2).replace(__name__.encode(), b"life_old")
    return [
        type(Own(io.BytesIO(stream.replace(b"Renamed", b"Gone"))).load()),
        Own(dumped(Point(1, 2))).load(),
    ]


@each()
def find_class_counts(base: Any) -> Any:
    asked = []

    class Own(base):
        def find_class(self, module: str, name: str) -> Any:
            asked.append((module, name))
            return super().find_class(module, name)

    loaded = Own(dumped([Point(1, 2), Reduced(3), Point])).load()
    return loaded, asked


@each()
def find_class_makes_its_own(base: Any) -> Any:
    class Own(base):
        def find_class(self, module: str, name: str) -> Any:
            return types.SimpleNamespace if name == "Point" else make

    stream = b"\x80\x04c" + __name__.encode() + b"\nPoint\n)R}\x8c\x01aK\x01sb."
    return Own(io.BytesIO(stream)).load()


@each()
def find_class_called_directly(base: Any) -> Any:
    own = base(dumped(0))
    return (
        # What a list holds under a rule is refused here: nobody sees what is done with it
        # (docs/explanation/what-it-does-not-stop.md).
        own.find_class("__main__", "Point"),
        error_of(own.find_class, "collections"),
        error_of(own.find_class, 1, 2),
    )


@each()
def two_levels(base: Any) -> Any:
    class First(base):
        def load(self) -> Any:
            return "first", super().load()

    class Second(First):
        def load(self) -> Any:
            return "second", super().load()

    return Second(dumped([Point(1, 2)])).load()


@each()
def load_taken_from_the_class(base: Any) -> Any:
    own = base(dumped(Point(5, 6)))
    return base.load(own), error_of(base.load), error_of(base.load, 5)


@probe
def own_opcode() -> Any:
    class Own(Slow):
        dispatch: ClassVar[Any] = dict(Slow.dispatch)

        def load_note(self) -> None:
            self.append(("note", self.readline()))

    Own.dispatch[b"!"[0]] = Own.load_note
    return Own(io.BytesIO(b"(!text\nK\x01t.")).load()


@probe
def replaced_opcode() -> Any:
    class Own(Slow):
        dispatch: ClassVar[Any] = dict(Slow.dispatch)

        def load_build(self) -> None:
            super().load_build()
            self.stack[-1].built = True

    Own.dispatch[pickle.BUILD[0]] = Own.load_build
    return vars(Own(dumped(Point(1, 2))).load())


@each()
def memo_shared_by_several_loads(base: Any) -> Any:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    point, text = Point(1, 2), "a text"
    for value in ([point, text], {"again": point, text: 1}, [point]):
        pickler.dump(value)
    buffer.seek(0)
    unpickler = base(buffer)
    first, second, third = unpickler.load(), unpickler.load(), unpickler.load()
    return first, second, third, first[0] is second["again"] is third[0], error_of(unpickler.load)


@each(engines=("C",))
def memo_looked_at_and_copied(base: Any) -> Any:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer)
    point = Point(1, 2)
    pickler.dump([point])
    size = buffer.tell()
    pickler.dump([point, point])
    first = base(io.BytesIO(buffer.getvalue()))
    first.load()
    second = base(io.BytesIO(buffer.getvalue()[size:]))
    second.memo = first.memo
    kinds = sorted(type(v).__name__ for v in first.memo.copy().values())
    return second.load(), kinds, error_of(setattr, second, "memo", 5)


@each()
def loads_inside_a_load(base: Any) -> Any:
    class Own(base):
        def persistent_load(self, pid: Any) -> Any:
            return pickle.loads(pid), base(io.BytesIO(pid)).load()

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return pickle.dumps(obj) if isinstance(obj, Point) else None

    buffer = io.BytesIO()
    Pickler(buffer).dump([Point(1, 2), Point(3, Point(4, 5))])
    return Own(io.BytesIO(buffer.getvalue())).load()


@each()
def dispatch_table_and_reducer(base: Any) -> Any:
    class Pickler(pickle.Pickler):
        dispatch_table = copyreg.dispatch_table.copy()

        def reducer_override(self, obj: Any) -> Any:
            return (make, (obj.x,)) if type(obj) is Point else NotImplemented

    buffer = io.BytesIO()
    Pickler(buffer).dump([Point(1, 2), Reduced(5)])
    return base(io.BytesIO(buffer.getvalue())).load()


@each()
def many_protocols(base: Any) -> Any:
    value = [
        Point(1, 2),
        Point,
        make,
        {"a": (1.5, b"x", "y", {3}, frozenset({4}))},
        bytearray(b"z"),
    ]
    return [base(dumped(value, protocol)).load() for protocol in range(6)]


@probe
def mixed_with_another_base() -> Any:
    class Noted(dict[str, int]): ...  # of a layout of its own

    class Plain:
        greeting = "hello"

    class Own(Plain, _pickle.Unpickler): ...

    return (
        Own(dumped(Point(1, 2))).load(),
        Own.greeting,
        error_of(type, "X", (Noted, _pickle.Unpickler), {}),
    )


if __name__ == "__main__":
    probe.tell()
