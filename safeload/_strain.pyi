from typing import Self

from typing_extensions import Buffer

class Walk:
    def __new__(
        cls,
        base: float,
        entries: float,
        weight: float,
        work: float,
        depth: float,
    ) -> Self: ...
    def feed(self, data: Buffer, /) -> int: ...
    def give(self, data: Buffer, /) -> str | None: ...
    @property
    def over(self) -> bool: ...
    @property
    def found(self) -> str: ...
    @property
    def behind(self) -> int: ...

class Weighed:
    def __new__(
        cls,
        file: object,
        base: float,
        entries: float,
        weight: float,
        work: float,
        depth: float,
        /,
    ) -> Self: ...
    def read(self, size: int, /) -> bytes: ...
    def readline(self) -> bytes: ...
    def readinto(self, into: Buffer, /) -> int: ...
    @property
    def found(self) -> str: ...

def glance(
    data: Buffer, entries: float, weight: float, work: float, depth: float, /
) -> str | None: ...
