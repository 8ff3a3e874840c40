"""From the value of stand-ins to names: which tensors there are, called as ``state_dict()`` calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from safeload.scan.array_forms import array_form
from safeload.scan.forms import ArrayForm, Data, LeftOut, SparseForm, TensorForm
from safeload.scan.keep import Made, Named, Stored
from safeload.scan.report import Use, printable
from safeload.scan.torch_forms import tensor_form

MAX_DEPTH: Final = 200
MAX_VISITS: Final = 4_000_000
MAX_NAMES: Final = 256 << 20  # characters of all names together
PLAIN: Final = (str, int, float, complex, bool, type(None), bytes, bytearray)
MODULE: Final = ("_parameters", "_buffers", "_modules")


@dataclass(frozen=True, slots=True)
class Outline:
    """What a file holds, by name.

    Attributes:
        tensors: tensors and arrays, by the names that ``state_dict()`` would give.
        beside: those that a module keeps and ``state_dict()`` leaves out.
        scalars: numbers, text and bytes.
        left_out: what cannot be had as data, with the reasons.
        models: where a module or a state dict begins; "" is the whole file.
        metadata: the ``_metadata`` of state dicts, by where they begin.
        computed: names of what was left out because only the file's code could make it.
    """

    tensors: dict[str, Data] = field(default_factory=dict)
    beside: dict[str, Data] = field(default_factory=dict)
    scalars: dict[str, Any] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)


class Child(NamedTuple):
    """One step down: the name of the step, what is there, and whether ``state_dict()`` leaves it out."""

    step: str
    value: Any
    beside: bool = False


class _Place(NamedTuple):
    children: Iterator[Child]
    path: str
    beside: bool
    in_model: bool
    identity: int


def outline(root: Any) -> Outline:
    """Give everything in a value its name.

    Raises:
        ValueError: there is so much of it that it is taken for a trap.
    """
    return Walk().run(root)


class Walk:
    """Visits a value of stand-ins; one of real objects is visited by a walk that is made from this one."""

    def __init__(self) -> None:
        self.found = Outline()
        self.forms: dict[int, Any] = {}  # one form for one object: who shares it is tied
        self.kept: list[Any] = []  # so that no identity is used twice
        self.visits = 0
        self.letters = 0

    def run(self, root: Any) -> Outline:
        top = Child("", root)
        stack = [_Place(iter((top,)), "", beside=False, in_model=False, identity=0)]
        above: set[int] = set()
        while stack:
            place = stack[-1]
            child = next(place.children, None)
            if child is None:
                above.discard(place.identity)
                stack.pop()
                continue
            path = self._path(place.path, child.step)
            beside = place.beside or child.beside
            below = self.visit(child.value, path, beside=beside)
            if below is None:
                continue
            if id(child.value) in above or len(stack) > MAX_DEPTH:
                self.leave_out(path, "it holds itself, or is nested too deeply")
                continue
            is_model = not place.in_model and not beside and self.is_model(child.value, path)
            above.add(id(child.value))
            in_model = place.in_model or is_model
            stack.append(_Place(below, path, beside, in_model, id(child.value)))
        return self.found

    def _path(self, path: str, step: str) -> str:
        self.visits += 1
        whole = f"{path}.{step}" if path else step
        self.letters += len(whole)
        if self.visits > MAX_VISITS or self.letters > MAX_NAMES:
            msg = "it holds so many things that it is taken for a trap"
            raise ValueError(msg)
        return whole

    def visit(self, value: Any, path: str, *, beside: bool) -> Iterator[Child] | None:
        """Note what is a leaf; for the rest, what is in it."""
        kind = type(value)
        if kind in PLAIN:
            self.found.scalars.setdefault(path, value)
            return None
        if kind in CONTAINERS:
            return inside(value)
        if isinstance(value, Made):
            return self._visit_made(value, path, beside=beside)
        if isinstance(value, Data):
            self.note(path, value, beside=beside)
        elif isinstance(value, Stored):
            self.leave_out(path, "a storage, not a tensor")
        elif isinstance(value, Named):
            self.leave_out(path, f"the name {value.ref}")
        elif isinstance(value, LeftOut):
            self.leave_out(path, value.reason)
        else:
            self.leave_out(path, f"a {printable(kind.__name__, 40)}")
        return None

    def _visit_made(self, made: Made, path: str, *, beside: bool) -> Iterator[Child] | None:
        form = self.forms.get(id(made), self)
        if form is self:
            form = tensor_form(made) or array_form(made)
            self.forms[id(made)] = form
            self.kept.append(made)
        if isinstance(form, LeftOut):
            self.found.computed.add(path)
            self.leave_out(path, form.reason)
            return None
        if isinstance(form, list):
            return inside(form)
        if form is not None:
            if form.shape == () and isinstance(form, ArrayForm) and made.ref.qualname == "scalar":
                self.found.scalars.setdefault(path, form)
            else:
                self.note(path, form, beside=beside)
            return None
        state = getattr(made, "state", None)
        if state is not None and is_module(state):
            return _module(state)
        if made.use is Use.CALLED and made.args and not hasattr(made, "pairs") and not _is_mapping(made):
            self.found.computed.add(path)
            self.leave_out(path, f"made by calling {made.ref}")
        return _object(made, state)

    def note(self, path: str, form: Data, *, beside: bool) -> None:
        kept = self.found.beside if beside else self.found.tensors
        if path in kept and kept[path] is not form:
            self.leave_out(path, "another tensor of the same name")
        else:
            kept[path] = form

    def leave_out(self, path: str, reason: str) -> None:
        self.found.left_out.setdefault(path, reason)

    def is_model(self, value: Any, path: str) -> bool:
        """Note where a module or a state dict begins."""
        state = getattr(value, "state", None) if isinstance(value, Made) else None
        pairs = pairs_of(value)
        if type(state) is dict and pairs is not None and "_metadata" in state:
            self.found.metadata[path] = plain(state["_metadata"])
        elif not is_module(state) and not _all_tensors(pairs):
            return False
        if any(step.isdigit() or step.startswith("#") for step in path.split(".")):
            return False
        self.found.models.append(path)
        return True


CONTAINERS: Final = frozenset({dict, list, tuple, set, frozenset})


def inside(value: Any) -> Iterator[Child]:
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            yield Child(step_of(key, number), item)
    else:
        for number, item in enumerate(value):
            yield Child(str(number), item)


def step_of(key: Any, number: int) -> str:
    """A key as a part of a name; what is no plain data has only its place."""
    if isinstance(key, str):
        return key
    return repr(key) if type(key) in (int, float, bool, type(None)) else f"#{number}"


def is_module(state: Any) -> bool:
    """Whether this is the state of a ``torch.nn.Module``."""
    return type(state) is dict and all(pairs_of(state.get(name)) is not None for name in MODULE)


def _module(state: dict[Any, Any]) -> Iterator[Child]:
    """A module's children in the order of ``state_dict()``, then what that leaves out."""
    passing = state.get("_non_persistent_buffers_set", ())
    passing = passing if isinstance(passing, set | frozenset | list | tuple) else ()
    parts = [pairs_of(state[name]) or {} for name in MODULE]
    for part in parts:
        for number, (name, value) in enumerate(part.items()):
            if value is not None:
                beside = part is parts[1] and name in passing
                yield Child(step_of(name, number), value, beside=beside)
    for number, (name, value) in enumerate(state.items()):
        if name not in MODULE:
            yield Child(step_of(name, number), value, beside=True)


_MAPPINGS: Final = frozenset({"OrderedDict", "defaultdict", "Counter", "dict", "mappingproxy"})


def _is_mapping(made: Made) -> bool:
    return made.ref.qualname in _MAPPINGS and made.ref.module in ("collections", "builtins")


def pairs_of(value: Any) -> dict[Any, Any] | None:
    """The keys and values of a mapping, built or not; None for anything else."""
    if type(value) is dict:
        return value
    if not isinstance(value, Made):
        return None
    pairs = dict(getattr(value, "pairs", ()))
    if _is_mapping(value) and value.args:
        first = value.args[-1]
        if type(first) is dict:
            return first | pairs
        if type(first) is list and all(type(p) in (list, tuple) and len(p) == 2 for p in first):  # noqa: PLR2004
            return dict(first) | pairs
    return pairs if pairs or _is_mapping(value) else None


def _object(made: Made, state: Any) -> Iterator[Child]:
    """What an object was given: its pairs and items, its attributes, its arguments."""
    pairs = pairs_of(made)
    if pairs is not None:
        yield from inside(pairs)
    if hasattr(made, "items"):
        yield from inside(made.items)
    if type(state) is tuple and len(state) == 2 and all(type(s) in (dict, type(None)) for s in state):  # noqa: PLR2004
        for part in state:
            yield from inside(part or {})
    elif type(state) is dict:
        attributes = state if pairs is None else {k: v for k, v in state.items() if k != "_metadata"}
        yield from inside(attributes)
    elif state is not None:
        yield Child("state", state)
    if made.args and not _is_mapping(made):
        yield Child("args", made.args)
    if hasattr(made, "kwargs"):
        yield Child("kwargs", made.kwargs)


def _all_tensors(pairs: dict[Any, Any] | None) -> bool:
    """Whether these are the entries of a state dict."""
    if not pairs:
        return False
    for key, value in pairs.items():
        if not isinstance(key, str):
            return False
        if not isinstance(value, Data) and not (
            isinstance(value, Made) and isinstance(tensor_form(value), TensorForm | SparseForm)
        ):
            return False
    return True


def plain(value: Any, depth: int = 8) -> Any:
    """A value of stand-ins as builtin containers; what is no data in it becomes None."""
    if type(value) in PLAIN:
        return value
    pairs = pairs_of(value)
    if pairs is not None and depth:
        return {plain(key, 0): plain(item, depth - 1) for key, item in pairs.items()}
    if type(value) in (list, tuple) and depth:
        return type(value)(plain(item, depth - 1) for item in value)
    return None
