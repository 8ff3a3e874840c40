"""What objects keep: no function that does harm when it is called later, nothing half made, nothing endless."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from safeload.scan.entry import Entry, may_not_be_kept
from safeload.scan.report import GlobalRef, Objection
from safeload.scan.standin import Global
from safeload.scan.states import RECONSTRUCTOR, States

COUNT = GlobalRef("itertools", "count")  # an attribute, never something to fill a container from
NAMESPACES = frozenset({GlobalRef("types", "SimpleNamespace"), GlobalRef("argparse", "Namespace")})
SCALARS = frozenset({int, float, bool, str, bytes, type(None), complex})
CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
HOLDERS = CONTAINERS | {Global}  # what a global can be in, or be
PLAIN_KINDS = SCALARS | CONTAINERS
JUDGED = GlobalRef("?", "what was judged")

# What makes type hints: its rules let nothing through but types and tuples of them, which nobody calls.
HINTS = frozenset(
    {
        GlobalRef("types", "GenericAlias"),
        GlobalRef("_operator", "getitem"),
        GlobalRef("_functools", "reduce"),
        GlobalRef("functools", "reduce"),
    }
)
# What takes globals that may not be kept, under a rule of its own on each: types in hints, factories.
TAKERS = HINTS | {GlobalRef("functools", "partial"), GlobalRef("collections", "defaultdict")}
# The same without the one that keeps a dict as it is, to call with it when the program does.
TAKEN_AT_ONCE = TAKERS - {GlobalRef("functools", "partial")}
# What calls its first argument with the tuple that follows.
TRAMPOLINES = frozenset(
    GlobalRef(module, name)
    for module in ("torch._tensor", "torch.tensor")
    for name in ("_rebuild_from_type", "_rebuild_from_type_v2")
)

# joblib's wrappers keep the class of the array that follows.
KEEPERS = frozenset(
    GlobalRef(f"{package}.{module}", name)
    for package in ("joblib", "sklearn.externals.joblib")
    for module in ("numpy_pickle", "numpy_pickle_compat")
    for name in ("NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper")
)


class Keeping:
    """The part of a look that follows what is given to objects.

    Attributes:
        stubs: the stand-ins of this look, by what they stand for.
        looking: how many streams are being read, one inside the other.
        afterwards: run when the stream is over, for what was judged may have changed since.
        unfinished: objects that crash until they are given their state.
        states: states that are objects themselves.
        with_attributes: objects that were given a dict, which they may keep as it is.
    """

    def __init__(self) -> None:
        self.objections: dict[Objection, None] = {}
        self.stubs: dict[GlobalRef, Any] = {}
        self.looking = 0
        self.afterwards: list[Callable[[], None]] = []
        self.unfinished: list[Any] = []
        self.with_attributes: list[Any] = []
        self._kept: list[tuple[GlobalRef, Any]] = []  # containers that objects were given
        self.states = States()
        self.wary = False  # whether a stand-in exists that may not be kept everywhere

    def objects(self, ref: GlobalRef, text: str, *, structural: bool = True) -> None:
        self.objections[Objection(ref, text, structural)] = None

    def wary_of(self, stub: Any, entry: Entry) -> None:
        """Tell what about a new stand-in has to be followed."""
        stub.harmful, stub.needs_state = may_not_be_kept(stub.ref, entry), entry.needs_state
        stub.endless, stub.is_keeper = stub.ref == COUNT, stub.ref in KEEPERS
        stub.takes_globals = stub.harmful or stub.ref in TAKERS
        stub.keeps_no_args = stub.keeps_no_args or stub.ref == RECONSTRUCTOR  # which may make what keeps none
        self.wary = self.wary or stub.harmful or stub.needs_state or stub.endless

    def given(self, stub: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Arguments: globals among them are for the rule of a callable that takes such."""
        values: Any = (*args, *kwargs.values()) if kwargs else args
        if stub.takes_globals:
            if stub.ref in HINTS:
                return
            values = [value for value in values if type(value) is not Global]
            if stub.ref in TRAMPOLINES and values and type(values[0]) is tuple:
                values = [*(v for v in values[0] if type(v) is not Global), *values[1:]]
        if stub.keeps_no_args and not SCALARS.issuperset(map(type, values)):
            self.states.plainly.append((stub.ref, values))
        self.keeps(stub.ref, values, 2)

    def keeps_attributes(self, made: Any, state: dict[Any, Any]) -> None:
        """An object keeps what a dict of attributes holds; containers among it stay the stream's own.

        So those are looked through in the end, and now nothing but what stands there itself.
        """
        if type(made).is_keeper:
            return
        self.with_attributes.append(made)
        if not self.wary or PLAIN_KINDS.issuperset(map(type, state.values())):
            return
        for value in state.values():
            kind = type(value)
            if kind is Global:
                if value.harmful:
                    self.objects(value.ref, f"is kept by {made.ref}", structural=False)
            elif type(kind) is Global and (kind.needs_state or kind.endless):
                self._keeps_object(made.ref, value, filled_from=False)

    def keeps(self, ref: GlobalRef, values: Any, deep: int) -> None:
        """An object keeps these values: none may do harm when it is called, none be half made.

        What holds them may be changed by the stream until it is over, or was copied before that: so
        they are looked through now, as deep as constructors copy, and all the way in the end.
        """
        if SCALARS.issuperset(map(type, values)):
            return
        for value in values:
            kind = type(value)
            if kind in SCALARS:
                continue
            if kind in CONTAINERS:
                if kind is tuple and deep:
                    self.keeps(ref, value, deep - 1)  # which nothing changes
                    continue
                self._kept.append((ref, value))
                if deep and self.wary:
                    self.keeps(ref, value.values() if kind is dict else value, deep - 1)
            elif self.wary and kind is Global:
                if value.harmful and ref not in KEEPERS:
                    self.objects(value.ref, f"is kept by {ref}", structural=False)
            elif self.wary and type(kind) is Global:
                self._keeps_object(ref, value, filled_from=bool(deep))

    def keeps_in_the_end(self, ref: GlobalRef, values: tuple[Any, ...]) -> None:
        """Something keeps these, whatever becomes of them until the stream is over."""
        self._kept.append((ref, values))

    def _keeps_object(self, ref: GlobalRef, value: Any, *, filled_from: bool) -> None:
        """An object, as an attribute or as something to take items from."""
        kind = type(value)
        if kind.needs_state and not hasattr(value, "state"):
            self.objects(kind.ref, f"is given to {ref} before its state", structural=False)
        owner = self.stubs[ref].entry
        ruled = owner is not None and owner.state is not None and ref not in NAMESPACES
        if kind.endless and (filled_from or ruled):
            self.objects(kind.ref, f"is given to {ref}, which may run it to its end", structural=False)

    def finish(self) -> None:
        """What can only be told when the stream is over, for until then it can change it.

        A stream inside another one is not the end of it.
        """
        if self.looking:
            return
        for check in self.afterwards:
            try:
                check()
            except Exception as error:  # noqa: BLE001 - as a rule that trips over its input
                text = f"is changed into what no honest file has ({type(error).__name__})"
                self.objects(JUDGED, text)
        for made in self.unfinished:
            if not hasattr(made, "state"):
                self.objects(made.ref, "is made and not given its state", structural=False)
        if self.states.given:
            for ref in self.states.wrong():
                self.objects(ref, "is given an object for its state, with a special attribute")
        if self.wary:
            self._look_through()
        self.states.clear()
        self.unfinished.clear()  # what was looked at is not to lie beside what is loaded
        self.with_attributes.clear()
        self._kept.clear()

    def _look_through(self) -> None:
        """All containers that objects keep, as they are in the end."""
        seen: dict[int, Any] = {}  # held, so that no other value takes the place of one
        self._kept += [
            (made.ref, made.state)
            for made in self.with_attributes
            if type(made.state) is dict and not HOLDERS.isdisjoint(map(type, made.state.values()))
        ]
        for ref, container in self._kept:
            if ref in KEEPERS or ref in TAKEN_AT_ONCE:
                continue
            waiting: list[Any] = [container]
            while waiting:
                value = waiting.pop()
                if type(value) is Global:
                    if value.harmful:
                        self.objects(value.ref, f"is kept by {ref}", structural=False)
                elif id(value) not in seen:
                    seen[id(value)] = value
                    inside = value.values() if type(value) is dict else value
                    if not HOLDERS.isdisjoint(map(type, inside)):
                        waiting.extend(item for item in inside if type(item) in HOLDERS)
