"""The base of stand-ins: their two slots, and the short way of objects about which nothing is asked."""

from __future__ import annotations

from typing import Any

__all__ = ["Base"]

try:
    from safeload._standin import Base
except ImportError:  # no compiler when it was installed

    class Base:  # type: ignore[no-redef]  # the same in Python
        """What ``_standin.c`` does."""

        __slots__ = ("args", "state")

        recorder: Any
        args: tuple[Any, ...]
        state: Any

        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            if args or kwargs:
                cls.recorder.given(cls, args, kwargs)
            return object.__new__(cls)

        def set_state(self, state: Any, /) -> None:
            recorder = self.recorder
            new = type(state) is dict and not recorder.wary and not hasattr(self, "state")
            if new and (*state, False) in recorder.harmless:
                recorder.with_attributes.append(self)
                self.state = state
            else:
                recorder.state(self, state)
