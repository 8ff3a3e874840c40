"""Stand-ins that keep what they are given: the inert pass once more, for the sake of the data.

The judge's stand-ins (:mod:`safeload.scan.inert`) ask whether a use is allowed and forget the rest.
These ask nothing and forget nothing, so that tensors can be taken out of a file that was refused. The
engine is the same, nothing is imported, and what is called is what stands in ``_values`` below: the
making of plain data.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from safeload.scan import strain
from safeload.scan.careful import Careful
from safeload.scan.look import engine
from safeload.scan.nested import ARRAY_WRAPPERS, elements_of, has_objects, itemsize
from safeload.scan.reading import goes_on_behind
from safeload.scan.report import GlobalRef, Use
from safeload.scan.strain import Limits, weighed

CHUNK: Final = 1 << 20
CLASS_MAKERS: Final = frozenset(
    GlobalRef(*name.split(":"))
    for name in (
        "cloudpickle.cloudpickle:_make_skeleton_class",
        "cloudpickle.cloudpickle:_make_skeleton_enum",
        "cloudpickle:_make_skeleton_class",
        "dill._dill:_create_type",
        "builtins:type",
    )
)
"""What makes a class from parts in the file: objects of it follow in the stream."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Bytes that a file holds: in memory where ``data`` is set, else from ``start`` on in the file."""

    start: int
    length: int
    data: Any = None


def _nothing(*_: Any) -> None:
    """What becomes of a change to a global."""


class Named(type):
    """The class of stand-ins for globals; each is a class, for the unpickler makes objects of it."""

    ref: GlobalRef
    keeper: Keeper

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.keeper.call(cls, args, kwargs)

    def __setitem__(cls, _key: Any, _value: Any) -> None:
        """Nothing is changed: what one stream does to a global is of no account here."""

    # Data descriptors of a metaclass win over what instances of the class have.
    __setstate__ = property(lambda _cls: _nothing)
    append = property(lambda _cls: _nothing)
    extend = property(lambda _cls: _nothing)
    add = property(lambda _cls: _nothing)


class Made(metaclass=Named):
    """An object of the file, with all that it was given.

    Attributes:
        use: whether it was called for or instantiated.
        args, kwargs: what with.
        state: what BUILD gave it; not set if nothing did.
        items: what APPEND and its like gave it; not set if nothing did.
        pairs: what SETITEM gave it; not set if nothing did.
    """

    __slots__ = ("args", "items", "kwargs", "pairs", "state", "use")
    ref: GlobalRef
    keeper: Keeper
    use: Use
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    state: Any
    items: list[Any]
    pairs: dict[Any, Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Made:  # noqa: PYI034 - its keeper makes it
        return cls.keeper.make(cls, Use.INSTANTIATED, args, kwargs)

    def __setstate__(self, state: Any) -> None:
        self.keeper.build(self, state)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not hasattr(self, "pairs"):
            self.pairs = {}
        self.pairs[key] = value

    def extend(self, items: Any) -> None:
        if not hasattr(self, "items"):
            self.items = []
        self.items.extend(items)

    def append(self, item: Any) -> None:
        self.extend((item,))

    def add(self, item: Any) -> None:
        self.extend((item,))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A call of what a call has returned: nobody here knows what that is."""
        return self.keeper.make(self.keeper.stub(RESULT), Use.CALLED, (self, *args), kwargs)


RESULT: Final = GlobalRef("?", "what a call returned")


class Stored:
    """What a loader puts in place of a persistent id: a tensor's storage, as a rule."""

    __slots__ = ("pid",)

    def __init__(self, pid: Any) -> None:
        self.pid = pid

    def __call__(self, *_: Any, **__: Any) -> Stored:
        return self


class Keeper:
    """One stream's stand-ins. What an unpickler of :mod:`safeload.scan.look` wants of its recorder."""

    rename = None

    def __init__(self) -> None:
        self.uses: dict[GlobalRef, int] = {}
        self.raw: dict[GlobalRef, GlobalRef] = {}
        self.stubs: dict[GlobalRef, Any] = {}

    def stub(self, ref: GlobalRef) -> Any:
        stub: Any = self.stubs.get(ref)
        if stub is None:
            stub = Named("Made", (Made,), {"__slots__": ()})
            stub.ref, stub.keeper = ref, self
            self.stubs[ref] = stub
            self.uses[ref] = Use.REFERENCED.value
        return stub

    def persistent(self, pid: Any) -> Any:
        # torch's legacy files wrap the class of a module in such an id, and get the class back.
        if isinstance(pid, tuple) and pid[:1] == ("module",) and isinstance(pid[1], Named):
            return pid[1]
        return Stored(pid)

    def call(self, stub: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """REDUCE: plain data is made, for the rest something stands."""
        self.uses[stub.ref] |= Use.CALLED.value
        if not kwargs:
            make = _VALUES.get(stub.ref)
            value = make(*args) if make is not None and _fits(make, args) else None
            if value is not None:
                return value
            if stub.ref in _MAKERS and args and isinstance(args[0], Named):
                return self._made_through(stub.ref, args)
        if stub.ref in CLASS_MAKERS:
            return self._another(stub.ref)
        return self.make(stub, Use.CALLED, args, kwargs)

    def _another(self, ref: GlobalRef) -> Any:
        """A class that the stream describes; it has no name that anybody could look up."""
        self.stubs.pop(made := GlobalRef(ref.module, f"{ref.qualname}()"), None)
        return self.stub(made)

    def _made_through(self, ref: GlobalRef, args: tuple[Any, ...]) -> Any:
        if ref.qualname == "getattr":
            return self.stub(GlobalRef(args[0].ref.module, f"{args[0].ref.qualname}.{args[1]}"))
        if ref.qualname == "__newobj_ex__":
            return self.make(args[0], Use.INSTANTIATED, tuple(args[1]), dict(args[2]))
        if ref.qualname == "__newobj__":
            return self.make(args[0], Use.INSTANTIATED, args[1:], {})
        made = self.make(args[0], Use.INSTANTIATED, (), {})
        base = args[2] if len(args) > 2 else None  # noqa: PLR2004 - class, its base, the base's value
        if type(base) is dict:
            made.pairs = dict(base)
        elif isinstance(base, list | tuple | set):
            made.items = [*base]
        return made

    def make(self, stub: Any, use: Use, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Made:
        made: Made = object.__new__(stub)
        made.use, made.args = use, args
        if kwargs:
            made.kwargs = kwargs
        self.uses[stub.ref] |= use.value
        return made

    def build(self, made: Made, state: Any) -> None:
        self.uses[made.ref] |= Use.STATE_SET.value
        made.state = state


class JoblibKeeper(Keeper):
    """For joblib's stream, where an array's bytes follow the BUILD of its wrapper.

    Args:
        file: byte-exact, what the unpickler reads.
        in_place: bytes are left in the file, and only where they stand is kept.
    """

    def __init__(self, file: io.BufferedReader[Any], *, in_place: bool) -> None:
        super().__init__()
        self.file = file
        self.in_place = in_place

    def build(self, made: Made, state: Any) -> None:
        super().build(made, state)
        if made.ref not in ARRAY_WRAPPERS or type(state) is not dict:
            return
        if has_objects(state["dtype"]):
            made.items = [unpickled(self.file, self)]
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self.file.read(self.file.read(1)[0])
        length = elements_of(state["shape"]) * itemsize(state["dtype"])
        made.items = [take(self.file, length, in_place=self.in_place)]


def take(file: Any, length: int, *, in_place: bool) -> Span:
    """The next bytes of a file: passed over, or read as far as they are there."""
    start = file.tell()
    if in_place:
        if not goes_on_behind(file, length):
            msg = "an array's bytes break off"
            raise ValueError(msg)
        return Span(start, length)
    data = bytearray()
    while len(data) < length:  # no more memory than there are bytes
        more = file.read(min(length - len(data), CHUNK))
        if not more:
            msg = "an array's bytes break off"
            raise ValueError(msg)
        data += more
    return Span(start, length, data)


def unpickled(file: Any, keeper: Keeper) -> Any:
    """One pickle's value, of stand-ins; raises ValueError for whatever the bytes hold."""
    # Neither has a peek: the file then stands just behind the STOP.
    source = Careful(file) if strain.engine is None else weighed(file, Limits())
    eye = engine()(source, encoding="latin1")
    eye.recorder, eye.fix_imports = keeper, True
    try:
        return eye.load()
    except RecursionError:
        problem = "nested too deeply to be read"
    except MemoryError:
        problem = "asks for more memory than there is"
    except Exception as error:  # noqa: BLE001 - whatever stops the reading makes it unreadable
        problem = str(error) or type(error).__name__
    raise ValueError(problem)


# --- plain data ---------------------------------------------------------------------------------


def _encode(text: str, encoding: str) -> bytes:
    return text.encode(encoding if encoding in ("latin1", "latin-1", "utf-8") else "latin1")


def _tuple(items: Any = ()) -> tuple[Any, ...]:
    return tuple(items)


def _set(items: Any = ()) -> set[Any]:
    return set(items)


def _frozenset(items: Any = ()) -> frozenset[Any]:
    return frozenset(items)


def _list(items: Any = ()) -> list[Any]:
    return list(items)


def _bytes(data: Any = b"", encoding: str = "latin1") -> bytes:
    return data.encode("latin1") if isinstance(data, str) and encoding else bytes(data)


def _bytearray(data: Any = b"", encoding: str = "latin1") -> bytearray:
    return bytearray(_bytes(data, encoding))


_VALUES: Final[dict[GlobalRef, Callable[..., Any]]] = {
    GlobalRef("_codecs", "encode"): _encode,
    GlobalRef("builtins", "set"): _set,
    GlobalRef("builtins", "frozenset"): _frozenset,
    GlobalRef("builtins", "list"): _list,
    GlobalRef("builtins", "tuple"): _tuple,
    GlobalRef("builtins", "bytes"): _bytes,
    GlobalRef("builtins", "bytearray"): _bytearray,
    GlobalRef("builtins", "complex"): complex,
    GlobalRef("torch", "Size"): _tuple,
}
_ITEMS: Final = (list, tuple, set, frozenset)
_TEXT: Final = (str, bytes, bytearray)


def _fits(make: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether these arguments are data of the kinds that the maker takes; none may be a number."""
    if make is complex:
        return all(type(arg) in (int, float) for arg in args)
    if make is _encode:
        return len(args) == 2 and all(type(arg) is str for arg in args)  # noqa: PLR2004
    if make in (_bytes, _bytearray):
        return len(args) <= 2 and all(type(arg) in _TEXT for arg in args)  # noqa: PLR2004
    return len(args) <= 1 and all(type(arg) in _ITEMS for arg in args)


_MAKERS: Final = frozenset(
    GlobalRef(*name.split(":"))
    for name in (
        "builtins:getattr",
        "copyreg:_reconstructor",
        "copyreg:__newobj__",
        "copyreg:__newobj_ex__",
    )
)
