"""Rules on arguments and states that several lists share.

A rule sees stand-ins, never the real thing, and says what is wrong in a few words or None. What a
rule accepts must be harmless whatever the stream does next: it can still change a list or a dict
it handed over, so rules constrain what a call *keeps* only where that is copied or immutable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from safeload.scan.entry import CallRule, StateRule
from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef, Use

Check = Callable[[Any], bool]

TEXT_LIMIT: Final = 1_000
NUMBERS: Final = frozenset({int, float, bool})

PARTIAL: Final = GlobalRef("functools", "partial")
GETATTR: Final = GlobalRef("builtins", "getattr")

# Attributes that Python, the unpickler or numpy look up on an object itself and then obey
# (``__setstate__`` is called by the next BUILD, ``__array_interface__`` holds a raw address) all
# have such names; these are the few that honest objects carry.
HARMLESS_DUNDERS: Final = frozenset(
    {
        "__FILE_RESOURCE_DATA__",
        "__cuda_dependent_attributes__",
        "__networkx_cache__",
        "__annotations__",
        "__author__",
        "__doc__",
        "__module__",
        "__name__",
        "__notes__",
        "__orig_class__",
        "__qualname__",
        "__version__",
    }
)


def exactly(*types: type) -> Check:
    """A value of just these types: subclasses do not occur among inert values."""
    wanted = frozenset(types)
    return lambda value: type(value) in wanted


def text(limit: int = TEXT_LIMIT) -> Check:
    """A string of bounded length."""
    return lambda value: type(value) is str and len(value) <= limit


def whole(low: int, high: int) -> Check:
    """An integer in a closed range."""
    return lambda value: type(value) is int and low <= value <= high


def anything(_: Any) -> bool:
    """Any value at all: its use cannot do harm."""
    return True


def named(*refs: tuple[str, str]) -> Check:
    """One of these globals, as itself."""
    wanted = frozenset(refs)
    return lambda value: ref_of(value) in wanted


def built(*refs: tuple[str, str]) -> Check:
    """An object made from one of these globals."""
    wanted = frozenset(refs)
    return lambda value: made_by(value) in wanted


def takes(honest: str, *forms: tuple[Check, ...]) -> CallRule:
    """Arguments, all positional, that fit one of the forms; ``honest`` says them in words."""

    def rule(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
        if not kwargs:
            for form in forms:
                if len(form) == len(args) and all(check(value) for check, value in zip(form, args, strict=True)):
                    return None
        return f"called with something else than {honest}"

    return rule


nothing: Final = takes("no arguments", ())


def by_position(_args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """The fields of a named tuple, whose ``__new__`` counts them and does nothing else."""
    return "takes its fields by position" if kwargs else None


def only_later(_args: tuple[Any, ...], _kwargs: Mapping[str, Any]) -> str | None:
    """Marks a name that the stream may not call but may store for the user's own calls.

    It stands on reference-only entries of functions and types that just compute from their
    arguments (``numpy.mean``, ``int``): a partial or a default factory may hold them.
    """
    return None


_NO_KEYWORDS: Final[Mapping[str, Any]] = MappingProxyType({})


def may_be_stored(value: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] = _NO_KEYWORDS) -> bool:
    """Whether user code may later call ``value`` with these stored arguments."""
    if ref_of(value) is None:
        return made_by(value) == PARTIAL and (not (args or kwargs) or _takes_more(value, args, kwargs))
    entry = value.entry
    if entry is None or entry.call is only_later:
        return True  # a name no list has is judged by itself
    if entry.nested or entry.resolves or entry.makes or Use.CALLED not in entry.uses:
        return False
    return entry.call is None or entry.call(args, kwargs) is None


def is_new(args: tuple[Any, ...]) -> bool:
    """Whether ``getattr(*args)`` is the ``__new__`` of a class that NEWOBJ may make objects of.

    Nobody follows where it goes, so there is none of a class that may not be kept, or whose objects
    are not whole without a state.
    """
    owner, name = args
    if name != "__new__" or ref_of(owner) is None or owner.harmful or owner.needs_state:
        return False
    return owner.entry is None or Use.INSTANTIATED in owner.entry.uses


def partial_call(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """``partial(f)``: the arguments arrive as state."""
    if kwargs or len(args) != 1 or not (_class_of_new(args[0]) or may_be_stored(args[0])):
        return "wraps something that may not be stored for a later call"
    return None


def partial_state(made: Any, state: Any) -> str | None:
    """``(function, arguments, keywords, attributes)``.

    A partial keeps the very dict of the stream, so it is judged again when the stream is over.
    """
    _, args, kwargs, attributes = state
    if type(args) is not tuple or type(kwargs) not in (dict, type(None)):
        return "has a state that partial does not write"
    if not _may_be_called(state):
        return "wraps something that may not be stored for a later call"

    def again() -> None:
        if not _may_be_called(state):
            made.recorder.objects(made.ref, "has its arguments changed afterwards", structural=False)

    if kwargs is not None or args:
        made.recorder.afterwards.append(again)
    return None if attributes is None else plain_attributes(made, attributes)


def partial_makes(made: Any) -> tuple[Any, tuple[Any, ...], Mapping[str, Any]] | None:
    """How protocols 2 and 3 write an object with keywords: a partial of its class's ``__new__``, called.

    See ``save_reduce`` in CPython's ``pickle.py``; protocol 4 has NEWOBJ_EX for it.
    """
    function, args, kwargs, _ = made.state
    if not _fits_new(function, args) or not all(type(key) is str for key in kwargs or ()):
        return None
    return args[0], args[1:], kwargs or {}


def _class_of_new(value: Any) -> Any:
    """``C`` where the stream has made ``C.__new__``, else None."""
    return value.args[0] if made_by(value) == GETATTR and is_new(value.args) else None


def _fits_new(function: Any, args: tuple[Any, ...]) -> bool:
    """Whether this is the ``__new__`` of the class that comes first among the arguments."""
    owner, cls = _class_of_new(function), args[0]
    if owner is None or ref_of(cls) is None:
        return False
    return ref_of(cls) == owner.ref or (cls.entry is not None and cls.entry.new_of == owner.ref)


def _may_be_called(state: tuple[Any, ...]) -> bool:
    function, args, kwargs, _ = state
    if _class_of_new(function) is not None:
        return _fits_new(function, args) and may_be_instantiated(args[0], args[1:], kwargs or {})
    return may_be_stored(function, args, kwargs or {})


def _takes_more(partial: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a partial inside another may be called with what that one adds."""
    function, own, named, _ = getattr(partial, "state", (*partial.args, (), None, None))
    return _may_be_called((function, own + args, {**(named or {}), **kwargs}, None))


def default_factory(value: Any) -> bool:
    """What a defaultdict may call for a missing key."""
    return value is None or may_be_stored(value)


def plain_attributes(_made: Any, state: Any) -> str | None:
    """A state of attributes alone: a dict, or the pair of dict and slots.

    Refused are the attributes that something obeys, and ``__class__`` above all: it would make the
    object one of a class that was only referenced.
    """
    parts = state if type(state) is tuple and len(state) == 2 else (state,)
    for part in parts:
        if part is None:
            continue
        if type(part) is not dict:
            return "is given a state that is not a dict of attributes"
        for name in part:
            if type(name) is not str:
                return "is given an attribute whose name is not text"
            if name[:2] == "__" and name[-2:] == "__" and name not in HARMLESS_DUNDERS:
                return f"is given the special attribute {name!r:.40}"
    return None


def attributes_of(cls: type) -> StateRule:
    """As plain_attributes, for a class whose objects also take items or have methods in use.

    An attribute would hide the method of its name; the opcodes APPEND, APPENDS and ADDITEMS call
    the attributes below, whoever put them there.
    """
    hidden = frozenset(dir(cls)) | {"append", "extend", "add"}

    def rule(made: Any, state: Any) -> str | None:
        parts = state if type(state) is tuple else (state,)
        if any(part and not hidden.isdisjoint(part) for part in parts):
            return "is given an attribute that hides one of its methods"
        return plain_attributes(made, state)

    return rule


_BASES: Final[Mapping[GlobalRef, tuple[type, ...]]] = {
    GlobalRef("builtins", "object"): (type(None),),
    GlobalRef("builtins", "dict"): (dict,),
    GlobalRef("builtins", "list"): (list,),
    GlobalRef("builtins", "tuple"): (tuple,),
    GlobalRef("builtins", "str"): (str,),
    GlobalRef("builtins", "int"): (int,),
    GlobalRef("builtins", "float"): (float,),
    GlobalRef("builtins", "complex"): (complex,),
    GlobalRef("builtins", "bytes"): (bytes,),
}


def may_be_instantiated(value: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any] = _NO_KEYWORDS) -> bool:
    """Whether a helper function may do to the global what NEWOBJ with these arguments does."""
    if ref_of(value) is None:
        return False
    entry = value.entry
    if entry is None:
        return True
    if Use.INSTANTIATED not in entry.uses:
        return False
    rule = entry.new or entry.call
    return rule is None or rule(args, kwargs) is None


def reconstructor(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """``copyreg._reconstructor(class, base, state)``: how protocols 0 and 1 write an object."""
    cls, base, state = args
    wanted = _BASES.get(ref_of(base) or GlobalRef("", ""))
    if kwargs or wanted is None or type(state) not in wanted:
        return "called with a base other than a builtin type and a value of it"
    if state is None:
        given: tuple[Any, ...] = ()
    else:
        given = state if type(state) is tuple else (state,)
    if not may_be_instantiated(cls, given):
        return f"makes an object of {ref_of(cls) or 'something'} that no honest file makes so"
    return None


def newobj(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """``copyreg.__newobj__(class, *args)``: the opcode NEWOBJ as a function."""
    if kwargs or not args or not may_be_instantiated(args[0], args[1:]):
        return "makes an object of something that no honest file makes so"
    return None


def first_global(args: tuple[Any, ...]) -> GlobalRef | None:
    """The class that a helper's first argument names: what its result is."""
    return ref_of(args[0])
