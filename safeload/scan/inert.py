"""Stand-ins for what a pickle names and builds: they look the part to CPython's unpickler and do nothing.

Every global becomes a class of its own (the unpickler accepts a class wherever it accepts a
function), every object an instance of it. What the stream does with them is told to a
:class:`Recorder`, which asks the rulebook whether it may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from safeload.scan.entry import Entry, Rulebook, may_not_be_kept
from safeload.scan.report import GlobalRef, Objection, Use

CALLED = Use.CALLED.value
INSTANTIATED = Use.INSTANTIATED.value
STATE_SET = Use.STATE_SET.value
ITEMS_SET = Use.ITEMS_SET.value

PERSISTENT = GlobalRef("?", "persistent id")


class Recorder:
    """Collects what one stream does; the only state of a look."""

    def __init__(self, rulebook: Rulebook, nested: Callable[[str, Any], None]) -> None:
        self.rulebook = rulebook
        self.look_into = nested
        self.uses: dict[GlobalRef, int] = {}  # Use values: Flag arithmetic is slow per object
        self.raw: dict[GlobalRef, GlobalRef] = {}
        self.objections: dict[Objection, None] = {}
        self.stubs: dict[GlobalRef, type[Inert]] = {}
        # Run when the stream is over: what was judged when it was given may have changed since.
        self.afterwards: list[Callable[[], None]] = []
        # What an unpickler that renames makes of a name in the stream, before it is looked up.
        self.rename: Callable[[str, str], tuple[str, str]] | None = None
        self._harmless: set[tuple[Any, ...]] = set()
        self._harmful: set[GlobalRef] = set()
        self._with_attributes: list[Inert] = []

    def stub(self, ref: GlobalRef) -> type[Inert]:
        """The stand-in class for a global, one for each name."""
        stub: Any = self.stubs.get(ref)
        if stub is None:
            entry = self.rulebook.get(ref)
            base = Plain if entry is not None and entry.plain else Inert
            stub = Global("Inert", (base,), {"__slots__": ()})
            stub.ref, stub.entry, stub.recorder = ref, entry, self
            if entry is not None and may_not_be_kept(ref, entry):
                self._harmful.add(ref)
            self.stubs[ref] = stub
            self.uses[ref] = Use.REFERENCED.value
        return stub  # type: ignore[no-any-return]  # its class is made by a metaclass call

    def objects(self, ref: GlobalRef, text: str, *, structural: bool = True) -> None:
        self.objections[Objection(ref, text, structural)] = None

    def call(self, stub: type[Inert], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """REDUCE on a global: judge the arguments, hand back what stands for the result."""
        self.uses[stub.ref] |= CALLED
        entry = stub.entry
        if entry is None:
            return self.instance(stub, args)
        self.check(stub, entry, args, kwargs)
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
        return self.instance(stub, args)

    def check(
        self, stub: type[Inert], entry: Entry, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        if entry.call is None:
            return
        try:
            wrong = entry.call(args, kwargs)
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

    def instance(self, stub: type[Inert], args: tuple[Any, ...]) -> Inert:
        made = object.__new__(stub)
        if not issubclass(stub, Plain):
            made.args = args
        return made

    def persistent(self, pid: Any) -> Any:
        """The stand-in for an object that the loader, not the pickle, provides.

        torch's legacy files wrap the class of a module in such an id, and get the class back.
        """
        if isinstance(pid, tuple) and pid[:1] == ("module",) and isinstance(pid[1], Global):
            return pid[1]
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
            self._with_attributes.append(made)
            self._attributes(made, state, ATTRIBUTES)
        elif type(state) is tuple and len(state) == 2:  # noqa: PLR2004 - a dict and one for the slots
            self._with_attributes.append(made)
            for part, harmless in zip(state, (ATTRIBUTES, SLOTS), strict=True):
                if type(part) is dict:
                    self._attributes(made, part, harmless)

    def _attributes(self, made: Inert, state: dict[Any, Any], harmless: frozenset[str]) -> None:
        names = (*state, harmless is SLOTS)
        if names in self._harmless:
            return
        for name in state:
            special = isinstance(name, str) and name.startswith("__") and name.endswith("__")
            if special and name not in harmless and not name.startswith("__pydantic"):
                self.objects(type(made).ref, f"is given the special attribute {name:.40}")
                return
        self._harmless.add(names)

    def finish(self) -> None:
        """What can only be told when the stream is over, for until then it can change it."""
        for check in self.afterwards:
            check()
        if self._harmful:
            self._kept(self._harmful)
        self._with_attributes.clear()  # what was looked at is not to lie beside what is loaded

    def _kept(self, harmful: set[GlobalRef]) -> None:
        """Look through the attributes of every object for globals that none may keep."""
        seen: dict[int, Any] = {}  # held, so that no other value takes the place of one
        for made in self._with_attributes:
            if made.ref in KEEPERS:
                continue
            waiting: list[Any] = [made.state]
            while waiting:
                value = waiting.pop()
                if type(value) is Global:
                    if value.ref in harmful:
                        self.objects(value.ref, f"is kept by {made.ref}", structural=False)
                elif id(value) not in seen:
                    seen[id(value)] = value
                    inside = value.values() if type(value) is dict else value
                    if not HOLDERS.isdisjoint(map(type, inside)):
                        waiting.extend(item for item in inside if type(item) in HOLDERS)

    def items(self, made: Inert) -> None:
        """APPEND, SETITEM and the like on an object: picklers write them before its state."""
        self.uses[made.ref] |= ITEMS_SET
        if hasattr(made, "state"):
            self.objects(made.ref, "an object made from it is given items after its state")


# joblib's wrappers keep the class of the array that follows.
KEEPERS = frozenset(
    GlobalRef(f"{package}.{module}", name)
    for package in ("joblib", "sklearn.externals.joblib")
    for module in ("numpy_pickle", "numpy_pickle_compat")
    for name in ("NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper")
)

# Python, the unpickler and numpy look such names up on an object itself and obey: __setstate__ is
# called by the next BUILD, __array_interface__ holds an address. These few occur in honest objects.
ATTRIBUTES = frozenset(
    {
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


def _quietly(rule: Callable[[tuple[Any, ...]], GlobalRef | None], args: tuple[Any, ...]) -> Any:
    try:
        return rule(args)
    except Exception:  # noqa: BLE001 - the call rule beside it has already objected
        return None


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
    recorder: Recorder

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        stub: Any = cls
        return cls.recorder.call(stub, args, kwargs)

    def __setitem__(cls, key: Any, value: Any) -> None:
        cls.recorder.objects(cls.ref, "SETITEM on the global itself changes it for the process")

    __setstate__ = _pollution("BUILD")
    append = _pollution("APPEND")
    extend = _pollution("APPENDS")
    add = _pollution("ADDITEMS")


# What an attribute can be, or hold, a global in.
HOLDERS = frozenset({dict, list, tuple, set, frozenset, Global})


class Inert(metaclass=Global):
    """An object the stream would build, with the arguments and the state it was given."""

    __slots__ = ("args", "state")

    # Filled in on each stand-in class; the base itself is never handed out.
    ref: GlobalRef
    entry: Entry | None
    recorder: Recorder
    args: tuple[Any, ...]
    state: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Inert:  # noqa: PYI034 - its recorder makes it
        recorder = cls.recorder
        recorder.uses[cls.ref] |= INSTANTIATED
        if cls.entry is not None:
            recorder.check(cls, cls.entry, args, kwargs)
        return recorder.instance(cls, args)

    def __setstate__(self, state: Any) -> None:
        self.recorder.build(self, state)

    def __setitem__(self, key: Any, value: Any) -> None:
        self.recorder.items(self)

    def append(self, *items: Any) -> None:
        self.recorder.items(self)

    extend = add = append

    def __call__(self, *args: Any, **kwargs: Any) -> Inert:
        self.recorder.objects(self.ref, "calls an object that it built, not a global")
        return self


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


class Plain(Inert):
    """An object of a class with no rules: nothing about its making needs to be told apart."""

    __slots__ = ()

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Plain:  # noqa: PYI034 - as Inert
        return object.__new__(cls)

    def __setstate__(self, state: Any) -> None:
        self.recorder.state(self, state)


def ref_of(value: Any) -> GlobalRef | None:
    """The global that a value stands for, or None if it is an object or plain data."""
    return value.ref if isinstance(value, Global) else None


def made_by(value: Any) -> GlobalRef | None:
    """The global that an object was made from, or None if the value is not a built object."""
    return type(value).ref if isinstance(value, Inert) else None
