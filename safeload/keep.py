"""A locked policy keeps itself: what would loosen it is answered with a refusal and an event.

A guard rail, and evidence: whoever runs code in the process can get around it, and this makes that
deliberate. It keeps the switch, the grants and the functions of safeload against being set anew.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Final, NoReturn

from safeload import record
from safeload.errors import PolicyError
from safeload.kept import KeptType
from safeload.state import STATE


def locked_error(attempt: str) -> PolicyError:
    """The refusal of an attempt, for whoever made it."""
    policy = STATE.floor or STATE.policy
    where = policy.origin if policy is not None else "shipped"
    ask = f"Ask {policy.contact}." if policy is not None and policy.contact else "Ask whoever maintains it."
    return PolicyError(f"{attempt}: the policy ({where}) is locked and can only be tightened from here. {ask}")


def defended(attempt: str) -> None:
    """Write that an attempt to loosen a locked policy came to nothing."""
    record.emit("policy.defended", attempt=attempt, caller=record.place(record.caller()))


def refuse(attempt: str) -> NoReturn:
    """Answer an attempt to loosen a locked policy.

    Raises:
        PolicyError: always.
    """
    defended(attempt)
    raise locked_error(attempt)


_LOADERS_OWN: Final = frozenset(
    {"__spec__", "__loader__", "__path__", "__file__", "__package__", "__cached__", "__name__"}
)


class Kept(ModuleType, metaclass=KeptType):
    """A module of ours whose functions stay what they are."""

    def __setattr__(self, name: str, value: Any) -> None:
        is_ours = isinstance(value, ModuleType) and value.__name__ == f"{self.__name__}.{name}"
        if is_ours and type(value) is ModuleType:
            value.__class__ = Kept  # imported only now
        elif not is_ours and name not in _LOADERS_OWN:
            refuse(f"{self.__name__}.{name} = …")
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        refuse(f"del {self.__name__}.{name}")


def keep_modules() -> None:
    """Let every module of safeload that is here refuse to be patched."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "safeload" and type(module) is ModuleType:
            module.__class__ = Kept
