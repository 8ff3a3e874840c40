"""Classes whose methods are the judgement: under a locked policy they stay what they are.

A guard rail like :mod:`safeload.keep`, which has the words: what is patched by its name is answered.
"""

from __future__ import annotations

import sys
from typing import Any


class KeptType(type):
    """The type of such a class: setting its attributes anew is an attempt to loosen the policy."""

    def __setattr__(cls, name: str, value: Any) -> None:
        cls._refuse_if_locked(f"{name} = …")
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        cls._refuse_if_locked(f"{name}, taken away")
        super().__delattr__(name)

    def _refuse_if_locked(cls, what: str) -> None:
        state = getattr(sys.modules.get("safeload.state"), "STATE", None)  # not here: no policy was read yet
        if state is not None and state.floor is not None:
            sys.modules["safeload.keep"].refuse(f"{cls.__module__}.{cls.__qualname__}.{what}")
