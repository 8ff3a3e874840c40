"""What happens when ``pickle`` arrives: the doors are led here, and nothing else is imported.

The first call through one of them brings in the guard. A process that imports pickle and never
unpickles pays for this module alone.
"""

import sys
from os import lstat

from safeload.boot import ENVIRONMENT, SYSTEM_FILE

TYPE_CHECKING = False  # typing itself would cost more than this module
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

try:
    from safeload import _inplace

    inplace: "Any" = _inplace
except ImportError:  # no compiler when it was installed, or an interpreter that takes no such module
    inplace = None

IN_PLACE = inplace is not None


def _is_data(_data: "Any") -> bool:
    return False


is_data: "Callable[[Any], bool]" = inplace.is_data if IN_PLACE else _is_data  # small numbers and text


def stand() -> None:
    """Lead the doors of ``pickle`` here; the C ones in place, or else by the guard's stand-ins."""
    if not IN_PLACE:
        # Where pickle arrives as the guard itself imports it, activation settles when it is whole.
        if getattr(sys.modules.get("safeload.activation"), "settle", None) or not _importing():
            settle()
        return
    _pickle: Any = sys.modules.get("_pickle")
    # Another interpreter's doors stand in the C unpickler already, and judge for this one by name.
    if _pickle is not None and inplace.is_home():  # a program may have set None there to get Python's unpickler
        _stand_in_c(_pickle)
    python: Any = sys.modules["pickle"]._Unpickler
    if not hasattr(python.load, "is_door"):
        python.load = in_python(python.load, "python_load")
        python.find_class = in_python(python.find_class, "python_find_class")


def _stand_in_c(_pickle: "Any") -> None:
    as_shipped = _is_as_shipped()

    def first_loads(*args: "Any", **options: "Any") -> "Any":
        """Small numbers and text are loaded without the guard, which is brought in for more than that."""
        if as_shipped and len(args) == 1 and not options and inplace.is_data(args[0]) and not _importing():
            return original(args[0])
        return settle().loads(*args, **options)

    inplace.interpose(inplace.LOAD, _pickle.load, _first("load"))
    original = inplace.interpose(inplace.LOADS, _pickle.loads, first_loads)
    inplace.interpose(inplace.UNPICKLER_LOAD, _pickle.Unpickler.load, _first("unpickler_load"))
    inplace.interpose(inplace.FIND_CLASS, _pickle.Unpickler.find_class, _first("find_class"))
    for cls in with_subclasses(_pickle.Unpickler):
        inplace.interpose_init(cls, _first("open_unpickler"))
    inplace.interpose(inplace.AUDIT, sys.audit, _first("find_class"))


def _is_as_shipped() -> bool:
    """Whether nothing was configured, by which also numbers might be refused, or their loads be told."""
    if ENVIRONMENT:
        return False
    try:
        lstat(SYSTEM_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass  # there is something, and who reads it says what is wrong
    return False


def settle() -> "ModuleType":
    """Bring in the guard, with the policy that is configured, and let it take over the doors."""
    from safeload.installed import ours

    with ours():
        from safeload import activation

        return activation.settle()


def _importing() -> bool:
    return "safeload.activation" in sys.modules


def _first(name: str) -> "Callable[..., Any]":
    """A handler that brings in the guard and hands the call on."""

    def handler(*args: "Any", **options: "Any") -> "Any":
        return getattr(settle(), name)(*args, **options)

    return handler


def in_python(original: "Any", name: str) -> "Any":
    """A method of the Python unpickler, in place on its class: earlier subclasses inherit it too."""
    from functools import wraps

    @wraps(original)
    def method(self: "Any", *args: "Any", **options: "Any") -> "Any":
        return getattr(settle(), name)(original, self, *args, **options)

    method.is_door = True  # type: ignore[attr-defined]  # no override, in whichever copy of pickle
    return method


def with_subclasses(cls: "type[Any]") -> "list[type[Any]]":
    """The class and everything that derives from it by now."""
    return [cls, *(deeper for sub in cls.__subclasses__() for deeper in with_subclasses(sub))]
