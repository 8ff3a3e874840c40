"""Standing in front of a library's Python function: the one place that knows wrapt."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType, ModuleType
from typing import Any

Wrapper = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


class _Plain:
    """What stands in front where wrapt is not: as good a guard, and easier to tell from the function.

    An interpreter can have safeload on its path without what it needs, and is no worse for importing torch.
    """

    def __init__(self, wrapped: Callable[..., Any], wrapper: Wrapper) -> None:
        update_wrapper(self, wrapped)
        self._wrapper = wrapper

    def __call__(self, /, *args: Any, **options: Any) -> Any:
        return self._wrapper(self.__wrapped__, None, args, options)  # type: ignore[attr-defined]  # of update_wrapper

    def __get__(self, instance: Any, _owner: type | None = None) -> Any:
        return self if instance is None else MethodType(self, instance)


try:
    from wrapt import FunctionWrapper

    _Wrapper: Any = FunctionWrapper
except ImportError:
    _Wrapper = _Plain


class Guarded(_Wrapper):  # type: ignore[misc]  # either of the two
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
