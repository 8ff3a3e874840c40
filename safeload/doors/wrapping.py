"""Standing in front of a library's Python function: the one place that knows wrapt."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import wrapt

Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


class Guarded(wrapt.FunctionWrapper[..., Any]):
    """A wrapped function, known by its type and pickled by the name of what it wraps."""

    def __reduce__(self) -> str:
        return str(self.__wrapped__.__qualname__)

    def __reduce_ex__(self, _protocol: int) -> str:  # type: ignore[override]
        return str(self.__wrapped__.__qualname__)

    def __copy__(self) -> Guarded:
        return self

    def __deepcopy__(self, _memo: object) -> Guarded:
        return self


def stand_in_front(places: list[tuple[ModuleType, str]], wrapper: Wrapper) -> None:
    """Put one wrapper in front of one function under each of its addresses, once."""
    owner, name = places[0]
    current = getattr(owner, name)
    if isinstance(current, Guarded):
        return
    guarded = Guarded(current, wrapper)
    for module, attribute in places:
        if getattr(module, attribute, None) is current:
            setattr(module, attribute, guarded)
