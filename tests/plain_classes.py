"""Classes of a program: what loading an object of each does. ``RAN`` has what ran of their own."""

from __future__ import annotations

import abc
import collections
import dataclasses
import enum
from typing import Any, Generic, NamedTuple, TypeVar

RAN: list[str] = []
T = TypeVar("T")


def ran(what: str) -> None:
    RAN.append(what)


class Simple:
    def __init__(self) -> None:
        ran("__init__")
        self.x = 1


class Abstract(Simple, abc.ABC, Generic[T]):
    pass


class Outer:
    class Inner:
        def __init__(self) -> None:
            self.x = 1


class Slotted:
    __slots__ = ("x",)

    def __init__(self) -> None:
        self.x = 1


@dataclasses.dataclass
class Data:
    x: int = 1


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class FrozenSlots:
    x: int = 1


class Pair(NamedTuple):
    a: int = 1
    b: str = ""


class OwnPair(collections.namedtuple("OwnPair", "a b", defaults=(1, 2))):  # noqa: PYI024, SLOT002 - as people write it
    pass


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


class Word(str, enum.Enum):  # noqa: UP042 - as people write it
    ONE = "one"


class Flags(enum.IntFlag):
    A = 1
    B = 2


class Table(dict):  # type: ignore[type-arg]  # as people write it
    def __missing__(self, key: Any) -> int:
        return 1


class Ordered(collections.OrderedDict):  # type: ignore[type-arg]
    pass


class Several(list):  # type: ignore[type-arg]
    pass


class Unique(set):  # type: ignore[type-arg]
    pass


class Name(str):  # noqa: SLOT000 - as people write it
    pass


class Compared:  # noqa: PLW1641 - that is the point
    """Not hashable, so that neither a dict nor a set compares it."""

    def __eq__(self, other: object) -> bool:
        ran("__eq__")
        return True


# --- not plain --------------------------------------------------------------------------------


class Made:
    def __new__(cls) -> Any:
        ran("__new__")
        return object.__new__(cls)


class Given:
    def __init__(self) -> None:
        self.x = 1

    def __setstate__(self, state: Any) -> None:
        ran("__setstate__")


class GivenBelow(Given):
    pass


class Asked:
    def __init__(self) -> None:
        self.x = 1

    def __getattr__(self, name: str) -> Any:
        ran("__getattr__")
        raise AttributeError(name)


class AskedFirst:
    def __init__(self) -> None:
        self.x = 1

    def __getattribute__(self, name: str) -> Any:
        ran("__getattribute__")
        return object.__getattribute__(self, name)


class Deleted:
    def __del__(self) -> None:
        ran("__del__")


class Key:
    def __hash__(self) -> int:
        ran("__hash__")
        return 1


class SetItem(dict):  # type: ignore[type-arg]
    def __setitem__(self, key: Any, value: Any) -> None:
        ran("__setitem__")


class Appended(list):  # type: ignore[type-arg]
    def extend(self, values: Any) -> None:
        ran("extend")

    append = extend


class Called(set):  # type: ignore[type-arg]
    def __init__(self, *_: Any) -> None:
        ran("__init__")


class Missing(enum.Enum):
    ONE = 1

    @classmethod
    def _missing_(cls, value: object) -> Any:
        ran("_missing_")
        return cls.ONE


class Setter(Slotted):
    """A property over a slot: its state is set one by one, by the property."""

    @property
    def x(self) -> int:
        return 1

    @x.setter
    def x(self, value: int) -> None:
        ran("x.setter")


class Kind(type):
    def __getattribute__(cls, name: str) -> Any:
        RAN.append("its metaclass")
        return type.__getattribute__(cls, name)


class OfKind(metaclass=Kind):
    pass


def function() -> None:
    """No class."""
