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
        until_build: bool,
    ) -> Self: ...
    def feed(self, data: Buffer, /) -> int: ...
    @property
    def over(self) -> bool: ...
    @property
    def found(self) -> str: ...

def glance(
    data: Buffer, entries: float, weight: float, work: float, depth: float, /
) -> str | None: ...
