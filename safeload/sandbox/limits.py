"""How much a child may take."""

from __future__ import annotations

from typing import Final, NamedTuple

TIMES: Final = 4


class ChildLimits(NamedTuple):
    """How much a child may take.

    Attributes:
        seconds: from when the file's code begins until the child is ended, whatever it does.
        cpu: seconds of processor time for the file's code.
        memory: bytes beyond what its imports took, and beyond ``TIMES`` the size of the file.
        output: bytes that it may hand back, beyond ``TIMES`` the size of the file.
    """

    seconds: float = 120.0
    cpu: float = 60.0
    memory: float = 4e9
    output: float = 2e9

    def for_file(self, size: int) -> ChildLimits:
        """The limits for a file of this size."""
        return self._replace(memory=self.memory + TIMES * size, output=self.output + TIMES * size)


CHILD_LIMITS: Final = ChildLimits()
