"""Stand-ins for what a pickle names and builds: they look the part to CPython's unpickler and do nothing.

Every global becomes a class of its own (the unpickler accepts a class wherever it accepts a
function), every object an instance of it. What the stream does with them is told to a
:class:`Recorder`, which asks the rulebook whether it may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeload.scan.base import Base
from safeload.scan.entry import CallRule, Entry, Rulebook
from safeload.scan.keeping import SCALARS, Keeping
from safeload.scan.report import GlobalRef, Use
from safeload.scan.standin import ATTRIBUTES, SLOTS, Global, is_cache, is_obeyed, is_special
from safeload.scan.states import hides

CALLED = Use.CALLED.value
INSTANTIATED = Use.INSTANTIATED.value
STATE_SET = Use.STATE_SET.value
ITEMS_SET = Use.ITEMS_SET.value

CHANGING = frozenset((list, dict, set))

PERSISTENT = GlobalRef("?", "persistent id")
MODULE, STORAGE = ("module", b"module"), ("storage", b"storage")  # torch decodes bytes


class Recorder(Keeping):
    """Collects what one stream does; the only state of a look.

    Attributes:
        skips: this look leaves big buffers unread.
        wants_bulk: one of them matters, so another look has to read them all.
    """

    skips = False
    wants_bulk = False

    def __init__(self, rulebook: Rulebook, nested: Callable[[str, Any], None]) -> None:
        super().__init__()
        self.rulebook = rulebook
        self.look_into = nested
        self.uses: dict[GlobalRef, int] = {}  # Use values: Flag arithmetic is slow per object
        self.raw: dict[GlobalRef, GlobalRef] = {}
        # What an unpickler that renames makes of a name in the stream, before it is looked up.
        self.rename: Callable[[str, str], tuple[str, str]] | None = None
        self.harmless: set[tuple[Any, ...]] = set()
        self._whole: dict[GlobalRef, type[Inert]] = {}

    def stub(self, ref: GlobalRef) -> type[Inert]:
        """The stand-in class for a global, one for each name."""
        stub: Any = self.stubs.get(ref)
        if stub is None:
            entry = self.rulebook.get(ref)
            base = Plain if entry is not None and entry.plain else Ruled
            stub = Global("Inert", (base,), {"__slots__": ()})
            stub.ref, stub.entry, stub.recorder = ref, entry, self
            if entry is not None:
                self.wary_of(stub, entry)
            self.stubs[ref] = stub
            self.uses[ref] = Use.REFERENCED.value
        return stub  # type: ignore[no-any-return]  # its class is made by a metaclass call

    def call(self, stub: type[Inert], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """REDUCE on a global: judge the arguments, hand back what stands for the result."""
        self.uses[stub.ref] |= CALLED
        entry = stub.entry
        self.given(stub, args, kwargs)
        if entry is None:
            return self.instance(stub, args)
        self.check(stub, entry.call, args, kwargs)
        if entry.nested is not None and args:
            self.look_into(entry.nested, args[0])
        if entry.value is not None and not kwargs:
            return self.compute(stub, entry.value, args)
        if entry.resolves is not None:
            target = _quietly(entry.resolves, args)
            return self.instance(stub, args) if target is None else self.stub(target)
        if entry.makes is not None:
            target = _quietly(entry.makes, args)
            stub = stub if target is None else self.stub(target)
        return self.instance(self.whole(stub) if entry.whole else stub, args)

    def whole(self, stub: type[Inert]) -> type[Inert]:
        """The same stand-in for objects that need no state any more."""
        found: Any = self._whole.get(stub.ref)
        if found is None:
            found = Global("Inert", (stub,), {"__slots__": ()})
            found.needs_state = False
            self._whole[stub.ref] = found
        return found  # type: ignore[no-any-return]  # as in stub()

    def check(
        self, stub: type[Inert], rule: CallRule | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if rule is None:
            return
        try:
            wrong = rule(args, kwargs)
        except Exception as error:  # noqa: BLE001 - a rule that trips over its input refuses it
            wrong = f"arguments that no honest file has ({type(error).__name__})"
        if wrong:
            self.objects(stub.ref, wrong, structural=False)

    def compute(
        self, stub: type[Inert], value: Callable[..., Any], args: tuple[Any, ...]
    ) -> Any:
        try:
            return value(*args)
        except Exception:  # noqa: BLE001 - what cannot be computed stays a stand-in
            return self.instance(stub, args)

    def instance(self, stub: type[Inert], args: tuple[Any, ...]) -> Any:
        made: Any = Base.__new__(stub)
        if not issubclass(stub, Plain):
            made.args = as_given(args)
        if stub.needs_state:
            self.unfinished.append(made)
        return made

    def persistent(self, pid: Any) -> Any:
        """The stand-in for an object that the loader, not the pickle, provides.

        torch's legacy files wrap the class of a module in such an id, and get the class back. Any loader may
        hand out what is in an id; only torch's storages are made of their class.
        """
        held = pid if type(pid) is tuple else (pid,)
        if len(held) > 1 and type(held[1]) is Global:
            if held[0] in MODULE:
                return held[1]
            module, name = held[1].ref
            if held[0] in STORAGE and name[-7:] == "Storage" and module.split(".", 1)[0] == "torch":
                held = held[2:]
        if not SCALARS.issuperset(map(type, held)):
            self.keeps_in_the_end(PERSISTENT, held)
        made = object.__new__(Persistent)
        made.args = (pid,)
        made.recorder = self
        return made

    def build(self, made: Inert, state: Any) -> None:
        """BUILD on an object: judge the state."""
        stub = type(made)
        self.uses[stub.ref] |= STATE_SET
        self.state(made, state)
        if stub.entry is not None and stub.entry.state is not None:
            try:
                wrong = stub.entry.state(made, state)
            except Exception as error:  # noqa: BLE001 - as in check()
                wrong = f"a state that no honest file has ({type(error).__name__})"
            if wrong:
                self.objects(stub.ref, wrong, structural=False)

    def state(self, made: Inert, state: Any) -> None:
        """What holds of every BUILD: once for an object, and with no attribute that Python obeys."""
        if hasattr(made, "state"):
            self.objects(type(made).ref, "an object made from it is given state twice")
        made.state = state
        if type(state) is dict:
            self._attributes(made, state, ATTRIBUTES)
            self.keeps_attributes(made, state)
            return
        if type(state) is not tuple:
            self.states.parts(made, (state,))
        elif len(state) == 2:  # noqa: PLR2004 - a dict and one for the slots
            for part, harmless in zip(state, (ATTRIBUTES, SLOTS), strict=True):
                if type(part) is dict:
                    self._attributes(made, part, harmless)
            self.states.parts(made, state)
        self.keeps(made.ref, state if type(state) is tuple else (state,), 1)

    def finish(self) -> None:
        if not self.looking:
            # A class of its own mind keeps the dict as it is, to which the stream may have added since.
            last = {tuple(made.state): made for made in self.with_attributes if type(made.state) is dict}
            for names, made in last.items():
                if (*names, False) not in self.harmless:
                    self._attributes(made, made.state, ATTRIBUTES)
        super().finish()

    def _attributes(self, made: Inert, state: dict[Any, Any], harmless: frozenset[str]) -> None:
        if "_cache" in state and not is_cache(made.ref, state["_cache"]):
            self.objects(made.ref, "is given a _cache that is no dict, and native code believes that it is one")
        names = (*state, harmless is SLOTS)
        if names in self.harmless:
            return
        for name in state:
            if isinstance(name, Inert | Persistent):  # numpy's text is text to Python, too
                self.objects(type(made).ref, "is given an attribute whose name is an object")
                return
            if isinstance(name, str) and is_special(name, harmless):
                self.objects(type(made).ref, f"is given the special attribute {name:.40}")
                return
        if "_cache" not in state:
            self.harmless.add(names)

    def is_obeyed(self, name: Any) -> bool:
        """Whether an object may be a name that Python obeys; a loader may hand out what is in a persistent id."""
        if isinstance(name, Persistent):
            return id(name) in self.states.obeyed or hides(name.args)
        return is_obeyed(name)

    def items(self, made: Inert, values: tuple[Any, ...], key: Any = None) -> None:
        """APPEND, SETITEM and the like on an object: picklers write them before its state."""
        self.uses[made.ref] |= ITEMS_SET
        if made.entry is not None and made.entry.items is not None:
            wrong = made.entry.items(key, values[0] if len(values) == 1 else values)
            if wrong:
                self.objects(made.ref, wrong, structural=False)
        if hasattr(made, "state"):
            self.objects(made.ref, "an object made from it is given items after its state")
        if type(values[0]) not in SCALARS:
            self.keeps(made.ref, values, 1)


def as_given(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a call was made with, whatever becomes of its lists, of its dicts and of the lists in them."""
    if CHANGING.isdisjoint(map(type, args)):
        return args
    return tuple(
        {key: _copied(value) for key, value in arg.items()} if type(arg) is dict else _copied(arg) for arg in args
    )


def _copied(value: Any) -> Any:
    return value.copy() if type(value) in CHANGING else value


def _quietly(rule: Callable[[Any], Any], given: Any) -> Any:
    try:
        return rule(given)
    except Exception:  # noqa: BLE001 - None is objected to, by the caller or by the call rule beside it
        return None


class Inert(Base, metaclass=Global):
    """An object the stream would build, with the arguments and the state it was given."""

    __slots__ = ()

    # Filled in on each stand-in class; the base itself is never handed out.
    ref: GlobalRef
    entry: Entry | None
    recorder: Recorder

    def __setitem__(self, key: Any, value: Any) -> None:
        if is_special(key) if type(key) is str else self.recorder.is_obeyed(key):
            if self.ref.module == "collections":
                self.recorder.states.obeyed[id(self)] = self
            else:
                said = f"{key:.40}" if type(key) is str else "whose name is an object"
                self.recorder.objects(self.ref, f"is given the special item {said}")
        self.recorder.items(self, (value,), key)

    def append(self, *items: Any) -> None:
        self.recorder.items(self, items)

    extend = add = append

    def __call__(self, *args: Any, **kwargs: Any) -> Inert:
        then = None if args or kwargs or self.entry is None else self.entry.then
        made = None if then is None else _quietly(then, self)
        if made is None:
            self.recorder.objects(self.ref, "calls an object that it built, not a global")
            return self
        cls, given, named = made
        cls = self.recorder.stub(cls.ref)  # of this stream, for the partial may be of an earlier one
        return cls.__new__(cls, *given, **named)  # type: ignore[no-any-return]  # a stand-in's, as in stub()


class Ruled(Inert):
    """An object of which it matters how it is made: there may be rules on that, or no leave at all."""

    __slots__ = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        recorder: Recorder = cls.recorder
        recorder.uses[cls.ref] |= INSTANTIATED
        if args or kwargs:
            recorder.given(cls, args, kwargs)
        if cls.entry is not None:
            recorder.check(cls, cls.entry.new or cls.entry.call, args, kwargs)
        return recorder.instance(cls, args)

    def __setstate__(self, state: Any) -> None:
        self.recorder.build(self, state)


class Plain(Inert):
    """An object of a class with no rules: nothing about its making needs to be told apart."""

    __slots__ = ()

    keeps_no_args = True
    __setstate__ = Base.set_state


class Persistent:
    """What a loader puts in place of a persistent id: a tensor's storage, as a rule."""

    __slots__ = ("args", "recorder")
    recorder: Recorder
    args: tuple[Any, ...]

    def _refuse(self, *_: Any, **__: Any) -> Persistent:
        self.recorder.objects(PERSISTENT, "is called or changed by the stream")
        return self

    __call__ = __setstate__ = __setitem__ = append = extend = add = _refuse


class Earlier(Persistent):
    """Something built by an earlier load of the same unpickler: it may be named again, not changed."""

    __slots__ = ()


def ref_of(value: Any) -> GlobalRef | None:
    """The global that a value stands for, or None if it is an object or plain data."""
    return value.ref if isinstance(value, Global) else None


def made_by(value: Any) -> GlobalRef | None:
    """The global that an object was made from, or None if the value is not a built object."""
    return type(value).ref if isinstance(value, Inert) else None
