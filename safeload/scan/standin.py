"""The class of stand-ins for globals, and the names that Python obeys on whatever object has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeload.scan.entry import Entry
from safeload.scan.report import GlobalRef

# Python, the unpickler and numpy look such names up on an object itself and obey: __setstate__ is
# called by the next BUILD, __array_interface__ holds an address. These few occur in honest objects.
ATTRIBUTES = frozenset(
    {
        "__FILE_RESOURCE_DATA__",  # this one and the next two are libraries' own, with dunders for show
        "__cuda_dependent_attributes__",
        "__networkx_cache__",
        "__annotations__",
        "__author__",
        "__dict__",  # shadowed by the class's own, where it is an attribute at all
        "__doc__",
        "__fields_set__",
        "__module__",
        "__name__",
        "__notes__",
        "__orig_class__",
        "__private_attribute_values__",
        "__qualname__",
        "__version__",
    }
)
SLOTS = ATTRIBUTES - {"__dict__"}  # set as attributes are, so it would exchange the dict


def is_special(name: str, harmless: frozenset[str] = ATTRIBUTES) -> bool:
    """Whether Python or a library looks such a name up on an object, and obeys what it finds.

    Dicts whose items read as attributes (``Bunch``, ``OptimizeResult``) find it among their items.
    """
    if name[:2] != "__" or name[-2:] != "__":
        return False
    return name not in harmless and not name.startswith("__pydantic")


def is_obeyed(name: Any) -> bool:
    """The same of a name that may be an object which is text once it is built, as numpy's text is.

    What makes text takes one plain text, or bytes in numpy's own form, by its rule.
    """
    if type(name) is str:
        return is_special(name)
    args = getattr(name, "args", ()) if type(type(name)) is Global else ()
    texts = [arg if type(arg) is str else _of_numpys(arg) for arg in args if type(arg) in (str, bytes)]
    return any(map(is_special, texts))


def _of_numpys(data: bytes) -> str:
    """Text of the range that matters, as numpy keeps it; nothing for what is too short to be one such name."""
    text = data.replace(b"\0", b"").decode("latin-1")
    return text if len(text) > len("____") else ""


def is_cache(ref: GlobalRef, value: Any) -> bool:
    """Whether ``_cache`` may be this: where pandas keeps its computed properties, its C code takes it for a dict."""
    return type(value) in (dict, type(None)) or ref.module.partition(".")[0] != "pandas"


def _pollution(opcode: str) -> property:
    """A data descriptor on the metaclass: it wins over what instances of the class have."""

    def object_to(cls: Any) -> Callable[..., None]:
        def refused(*_: Any) -> None:
            cls.recorder.objects(cls.ref, f"{opcode} on the global itself changes it for the process")

        return refused

    return property(object_to)


class Global(type):
    """The class of stand-in classes: what a stream does to a global itself arrives here."""

    ref: GlobalRef
    entry: Entry | None
    recorder: Any
    harmful = False
    needs_state = False
    is_keeper = False
    takes_globals = False
    endless = False
    keeps_no_args = False

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        stub: Any = cls
        return cls.recorder.call(stub, args, kwargs)

    def __setitem__(cls, key: Any, value: Any) -> None:
        cls.recorder.objects(cls.ref, "SETITEM on the global itself changes it for the process")

    __setstate__ = _pollution("BUILD")
    append = _pollution("APPEND")
    extend = _pollution("APPENDS")
    add = _pollution("ADDITEMS")
