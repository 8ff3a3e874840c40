"""What happens when ``pickle`` arrives: the doors are led here, and nothing else is imported.

The first call through one of them brings in the guard. A process that imports pickle and never
unpickles pays for this module alone.
"""

import sys

try:
    from safeload import _inplace
except ImportError:  # no compiler when it was installed, or an interpreter that takes no such module
    _inplace = None  # type: ignore[assignment]

IN_PLACE = _inplace is not None


def stand():  # type: ignore[no-untyped-def]  # typing itself would cost more than this module
    """Lead the doors of ``pickle`` here; the C ones in place, or else by the guard's stand-ins."""
    if not IN_PLACE:
        # Where pickle arrives as the guard itself imports it, activation settles when it is whole.
        if getattr(sys.modules.get("safeload.activation"), "settle", None) or not _importing():
            settle()
        return
    _pickle = sys.modules["_pickle"]
    _inplace.interpose(_inplace.LOAD, _pickle.load, _first("load"))
    _inplace.interpose(_inplace.LOADS, _pickle.loads, _first("loads"))
    _inplace.interpose(_inplace.UNPICKLER_LOAD, _pickle.Unpickler.load, _first("unpickler_load"))
    _inplace.interpose(_inplace.FIND_CLASS, _pickle.Unpickler.find_class, _first("find_class"))
    for cls in with_subclasses(_pickle.Unpickler):
        _inplace.interpose_init(cls, _first("open_unpickler"))
    python = sys.modules["pickle"]._Unpickler
    if not hasattr(python.load, "__wrapped__"):
        python.load = _python(python.load, "python_load")
        python.find_class = _python(python.find_class, "python_find_class")


def settle():  # type: ignore[no-untyped-def]
    """Bring in the guard, with the policy that is configured, and let it take over the doors."""
    from safeload import activation

    return activation.settle()


def _importing():  # type: ignore[no-untyped-def]
    return "safeload.activation" in sys.modules


def _first(name):  # type: ignore[no-untyped-def]
    """A handler that brings in the guard and hands the call on."""

    def handler(*args, **options):  # type: ignore[no-untyped-def]
        return getattr(settle(), name)(*args, **options)

    return handler


def _python(original, name):  # type: ignore[no-untyped-def]
    """A method of the Python unpickler, in place on its class: earlier subclasses inherit it too."""
    from functools import wraps

    @wraps(original)
    def method(self, *args):  # type: ignore[no-untyped-def]
        return getattr(settle(), name)(original, self, *args)

    return method


def with_subclasses(cls):  # type: ignore[no-untyped-def]
    return [cls, *(deeper for sub in cls.__subclasses__() for deeper in with_subclasses(sub))]
