"""What a class of the running program does when a pickle makes an object of it: read, never run.

Nothing is imported, and no descriptor, ``__getattr__`` or metaclass of the program's is asked: names
are looked up in the dictionaries of modules and classes as they are.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
import sys
import typing
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType
from typing import Any, Final

from safeload.allowlists import PROFILES, never_reason, profile_entries
from safeload.scan.entry import Entry
from safeload.scan.report import GlobalRef, Use


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How objects of a plain class come to be.

    Attributes:
        base: the builtin type below it, or Enum: it takes the arguments and holds the items.
        fields: how many values a named tuple is made from; -1 if it is none.
        slots: the names in its ``__slots__``, which BUILD sets one by one.
        by_position: a frozen dataclass with slots, whose state is a list of its fields' values.
        judged: the bases that a shipped list speaks for, whose rules hold for it, too.
        silent: calling it runs no code of its own either, so an object may keep it.
    """

    base: type
    fields: int = -1
    slots: frozenset[str] = frozenset()
    by_position: bool = False
    judged: tuple[GlobalRef, ...] = ()
    silent: bool = False


@dataclass(frozen=True, slots=True)
class NotPlain:
    """Why a class is none, in words; empty where there is no such class at all."""

    why: str = ""


# What may be below a plain class: each makes its objects in C, from its own kind of value.
BASES: Final = (OrderedDict, dict, list, set, frozenset, tuple, str, int, float, complex, bytes, object)
# Objects of these are made by a call of the class itself, whatever the protocol.
CALLED: Final = (OrderedDict, set, frozenset)
WITH_ITEMS: Final = (OrderedDict, dict, list)
Judge = Callable[[GlobalRef, type], bool]
_METACLASSES: Final = frozenset({type, abc.ABCMeta, enum.EnumMeta, getattr(typing, "_ProtocolMeta", type)})

# Python and the unpicklers call these while they load, without being asked to by a call.
_AT_LOAD: Final = (
    "__new__",
    "__setstate__",
    "__setattr__",
    "__getattribute__",
    "__getattr__",
    "__del__",
    "__class__",
    "__getinitargs__",
)
_WITH_ITEMS: Final = ("__setitem__", "append", "extend", "add")

# Bases with code at load that was read: it sets the attributes it is given.
READ: Final = frozenset(
    {
        GlobalRef("sklearn.base", "BaseEstimator"),
        GlobalRef("torch.nn.modules.module", "Module"),
    }
)
# Their objects show themselves in a notebook as the HTML and JavaScript that they hold.
_SHOWN: Final = frozenset({"IPython", "ipywidgets", "safeload"})


def shape_of(ref: GlobalRef) -> Shape | NotPlain:
    """Judge the class that a name stands for in this process."""
    cls = _class_named(ref)
    if not isinstance(cls, type):
        return NotPlain()
    own = GlobalRef(cls.__module__, cls.__qualname__)
    if never_reason(ref) or never_reason(own) or not _is_the_programs(ref, own, cls):
        return NotPlain()
    return shape_of_class(cls)


def _class_named(ref: GlobalRef) -> type | None:
    """The class, found as ``find_class`` would but without running anything; None if that is not sure."""
    found: Any = sys.modules.get(ref.module)
    if not isinstance(found, ModuleType) or not ref.module:
        return None
    for name in ref.qualname.split("."):
        found = _static(found, name)
        if not isinstance(found, type) or type(found) not in _METACLASSES:
            return None
    return found if isinstance(found, type) else None


def _static(holder: Any, name: str) -> Any:
    """What ``getattr`` gives for a module or a class, if that is what stands in its own dictionary."""
    for kind in type(holder).__mro__:
        own = kind not in (object, type, ModuleType, *_METACLASSES)
        if name in vars(kind) or (own and "__getattribute__" in vars(kind)):
            return None
    inside = (_OF_CLASSES if isinstance(holder, type) else _OF_MODULES).__get__(holder)
    return inside.get(name)


_OF_CLASSES: Final = vars(type)["__dict__"]
_OF_MODULES: Final = vars(ModuleType)["__dict__"]


def _is_the_programs(ref: GlobalRef, own: GlobalRef, cls: type) -> bool:
    """Whether the program itself has imported the class, and no shipped list speaks for its library.

    Its own are ``__main__``, modules that are not installed, and what ``__main__`` refers to.
    """
    if own != ref and _class_named(own) is not cls and ref.module != "__main__":
        return False
    for top in {ref.module.partition(".")[0], own.module.partition(".")[0]}:
        if top in sys.stdlib_module_names or top in _SHOWN or top in _listed_packages():
            return False
    if own.module in ("__main__", "__mp_main__") or not _is_installed(own.module):
        return True
    modules = (sys.modules.get(own.module), sys.modules.get(own.module.partition(".")[0]))
    known = list(vars(sys.modules.get("__main__", sys)).values())
    return any(value is cls or value is modules[0] or value is modules[1] for value in known)


def _is_installed(module: str) -> bool:
    file = vars(sys.modules.get(module, sys)).get("__file__")
    if not isinstance(file, str):
        return False  # typed in, or made by the program
    return any(part in ("site-packages", "dist-packages") for part in file.replace("\\", "/").split("/"))


@lru_cache(maxsize=1)
def _listed_packages() -> frozenset[str]:
    """Packages that a shipped list speaks for: what it leaves out, it leaves out for a reason."""
    return frozenset(
        ref.module.partition(".")[0] for profile in PROFILES for ref in profile_entries(profile)
    )


def shape_of_class(cls: type, is_judged: Judge | None = None) -> Shape | NotPlain:
    """Judge a class, wherever it comes from; ``is_judged`` says which bases need no look."""
    is_judged = is_judged or _is_judged
    base = next(kind for kind in BASES if kind in cls.__mro__)
    if type(cls) is enum.EnumMeta:
        return _enumeration(cls)
    slots: set[str] = set()
    judged: list[GlobalRef] = []
    fields, silent, by_position = -1, True, False
    for part in cls.__mro__:
        if part in BASES:
            continue
        ref = GlobalRef(part.__module__, part.__qualname__)
        if is_judged(ref, part):
            judged.append(ref)
            silent = False
            continue
        if part.__bases__ == (tuple,) and _is_named_tuple(part):
            fields = len(vars(part)["_fields"])
            continue
        why = _runs_code(part, holds_items=base in WITH_ITEMS)
        if why:
            return NotPlain(why)
        # The first of a name counts: a property over a slot would be called.
        slots |= {name for name in vars(part) if type(_first(cls, name)) is MemberDescriptorType}
        silent = silent and _is_silent(part)
        by_position = by_position or "__setstate__" in vars(part)
    if base in CALLED and not silent:
        return NotPlain("loading it runs its own __init__")
    if by_position:
        fields = len(vars(cls).get("__dataclass_fields__", ()))
    return Shape(
        base=base,
        fields=fields,
        slots=frozenset(slots),
        by_position=by_position,
        judged=tuple(judged),
        silent=silent,
    )


def _first(cls: type, name: str) -> Any:
    return next(vars(part)[name] for part in cls.__mro__ if name in vars(part))


def _enumeration(cls: type) -> Shape | NotPlain:
    """``Enumeration(value)`` looks a member up; ``_missing_`` would be called with any value."""
    for part in cls.__mro__:
        if part in BASES or part.__module__ == "enum":
            continue
        held = vars(part)
        new = held.get("__new__")
        if "_missing_" in held or "__hash__" in held or "__eq__" in held or new not in (None, enum.Enum.__new__):
            return NotPlain("looking up one of its members runs code of its own")
    return Shape(base=enum.Enum, silent=True)


def _is_judged(ref: GlobalRef, cls: type) -> bool:
    """Whether the class is one that was read, or one that a shipped list lets be made and given state."""
    if ref not in READ and listed(ref) is None:
        return False
    return _class_named(ref) is cls


def listed(ref: GlobalRef) -> Entry | None:
    """The shipped entry, in force or not, under which objects of a class may be made and given state."""
    wanted = Use.INSTANTIATED | Use.STATE_SET
    for profile in PROFILES:
        entry = profile_entries(profile).get(ref)
        if entry is not None and entry.uses & wanted == wanted:
            return entry
    return None


def _is_named_tuple(cls: type) -> bool:
    held = vars(cls)
    new, fields = getattr(held.get("__new__"), "__func__", None), held.get("_fields")
    if type(new) is not FunctionType or type(fields) is not tuple:
        return False
    makes: Any = new.__globals__.get("_tuple_new")
    is_tuples = getattr(makes, "__self__", None) is tuple and makes.__name__ == "__new__"
    return new.__code__.co_filename == "<string>" and is_tuples


def _runs_code(cls: type, *, holds_items: bool) -> str:
    """What of a class's own runs while its objects are loaded; empty if nothing does."""
    if not cls.__flags__ & _HEAP or cls.__basicsize__ > _size_of(cls):
        return "it is made by native code"
    held = vars(cls)
    for name in (*_AT_LOAD, *(_WITH_ITEMS if holds_items else ())):
        if name in held and not _is_generated(cls, name):
            return f"loading it runs its own {name}"
    if type(held.get("__dict__", _OF_CLASSES)) is not GetSetDescriptorType:
        return "loading it runs its own __dict__"
    return _compares(cls)


def _compares(cls: type) -> str:
    """What a dict or a set would run; an object whose ``__hash__`` is None gets into neither."""
    held = vars(cls)
    hashed = held.get("__hash__", cls)
    if "__hash__" in held and hashed is not None and not _is_generated(cls, "__hash__"):
        return "a dict or a set runs its own __hash__"
    if "__eq__" in held and hashed is not None and not (hashed is not cls and _is_generated(cls, "__eq__")):
        return "a dict or a set runs its own __eq__"
    return ""


_HEAP: Final = 1 << 9  # Py_TPFLAGS_HEAPTYPE: no static type of C
_POINTER: Final = 8


def _size_of(cls: type) -> int:
    """How large an object is if the class was written in Python: its base, and what it says it adds."""
    base = max((part.__basicsize__ for part in cls.__bases__), default=object.__basicsize__)
    held = vars(cls)
    own = sum(type(value) is MemberDescriptorType for value in held.values())
    return base + _POINTER * (own + ("__dict__" in held) + ("__weakref__" in held))


def _is_generated(cls: type, name: str) -> bool:
    """Whether ``dataclasses`` wrote the method: it compares, hashes or sets fields, or refuses to."""
    held = vars(cls)
    if "__dataclass_fields__" not in held:
        return False
    if name == "__setstate__":
        return held[name] is getattr(dataclasses, "_dataclass_setstate", None)
    method = held.get(name)
    if type(method) is not FunctionType or name not in ("__eq__", "__hash__", "__setattr__", "__init__"):
        return False
    return method.__code__.co_filename == "<string>"


def _is_silent(cls: type) -> bool:
    """Whether calling the class runs none of its own code."""
    held = vars(cls)
    if "__post_init__" in held:
        return False
    return "__init__" not in held or _is_generated(cls, "__init__")
