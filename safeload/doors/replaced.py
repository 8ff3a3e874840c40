"""Where the C part was not built: stand-ins for CPython's C unpickler, and its audit event behind them.

The stand-ins look like what they stand for, down to their pickles. References that were taken before
us still lead to the originals; for those the event ``pickle.find_class`` judges each name by itself.
The price of the event is that every audited operation of the process costs more (``copy.deepcopy``
by 68 to 84 %), which is why it is the second choice: docs/explanation/one-door.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import BuiltinFunctionType, ModuleType
from typing import Any

from safeload import guard
from safeload.doors import for_pickle
from safeload.state import STATE

python_load = for_pickle.python_load
python_find_class = for_pickle.python_find_class


class Builtin:
    """A callable that a program cannot tell from the builtin function behind it.

    No function: functions bind when they are looked up on a class, builtins do not. No attributes of
    its own and no wrapper of a library: it has to pickle, copy and print as the original does.
    """

    __slots__ = ("_handler", "_original")

    def __init__(self, original: Callable[..., Any], handler: Callable[..., Any]) -> None:
        self._original = original
        self._handler = handler

    def __call__(self, /, *args: Any, **options: Any) -> Any:
        return self._handler(self._original, *args, **options)

    # isinstance() and help() have to find what they find on the original.
    __class__: Any = property(lambda _: BuiltinFunctionType)
    __doc__: Any = property(lambda self: self._original.__doc__)
    __module__: Any = property(lambda self: self._original.__module__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __repr__(self) -> str:
        return repr(self._original)

    def __reduce__(self) -> str:
        return self._original.__name__

    def __copy__(self) -> Builtin:
        return self

    def __deepcopy__(self, _memo: object) -> Builtin:
        return self

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._original

    def __hash__(self) -> int:
        return hash(self._original)


def unpickler_class(original: type[Any]) -> type[Any]:
    """A subclass of the C Unpickler that announces its loads; immutable and as small as the original."""
    class Look(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, original) if cls is Unpickler else super().__instancecheck__(instance)

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, original) if cls is Unpickler else super().__subclasscheck__(subclass)

        def __setattr__(cls, name: str, value: Any) -> None:
            if cls is Unpickler:
                msg = f"cannot set {name!r} attribute of immutable type '_pickle.Unpickler'"
                raise TypeError(msg)
            super().__setattr__(name, value)

    class Unpickler(original, metaclass=Look):  # type: ignore[misc]
        __slots__ = ()
        __doc__ = original.__doc__
        __module__ = original.__module__
        __qualname__ = "Unpickler"

        def __init__(self, *args: Any, **options: Any) -> None:
            args = for_pickle.open_unpickler(self, args, options)
            super().__init__(*args, **options)

        def load(self) -> Any:
            return for_pickle.unpickle(original.load, self)

    return Unpickler


def _on_event(event: str, args: tuple[Any, ...]) -> None:
    if event == "pickle.find_class":
        guard.ask(*args)


def install(_pickle: ModuleType) -> None:
    """Put the stand-ins in ``_pickle`` and ``pickle``, and wherever a module has taken hold of one."""
    if isinstance(_pickle.__dict__.get("loads"), Builtin):
        return
    first = "unpickle" not in STATE.originals
    STATE.originals |= {
        "load": _pickle.load,
        "loads": _pickle.loads,
        "unpickle": _pickle.Unpickler.load,
    }
    unpickler = _pickle.Unpickler
    stand_ins: dict[int, Any] = {
        id(_pickle.load): Builtin(_pickle.load, for_pickle.load),
        id(_pickle.loads): Builtin(_pickle.loads, for_pickle.loads),
        id(unpickler): unpickler_class(unpickler),
    }
    for module in (_pickle, sys.modules["pickle"]):
        _exchange(vars(module), stand_ins)
    # Classes made of the C one stay its subclasses: elsewhere only functions are exchanged.
    del stand_ins[id(unpickler)]
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and not name.startswith("safeload."):
            _exchange(vars(module), stand_ins)
    if first:
        sys.addaudithook(_on_event)


def _exchange(names: dict[str, Any], stand_ins: dict[int, Any]) -> None:
    for name, value in list(names.items()):
        stand_in = stand_ins.get(id(value))
        if stand_in is not None:
            names[name] = stand_in
