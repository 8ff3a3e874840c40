"""Streams inside a stream: pickles that a call's argument holds, arrays that stand between opcodes."""

from __future__ import annotations

import io
import math
import re
from typing import Any, Final

from safeload.scan.entry import Rulebook
from safeload.scan.inert import Inert, Recorder
from safeload.scan.look import look
from safeload.scan.report import GlobalRef
from safeload.scan.strain import Limits, of_file, weighed
from safeload.scan.torch_file import pickle_readers

MAX_DEPTH: Final = 16
SHOWN: Final = 8 * 1024  # bytes of an array in joblib's stream up to which rules may see them
BULK: Final = 64 * 1024

ARRAY_WRAPPERS: Final = frozenset(
    GlobalRef(module, "NumpyArrayWrapper")
    for module in ("joblib.numpy_pickle", "sklearn.externals.joblib.numpy_pickle")
)


class NestedRecorder(Recorder):
    """Looks into bytes handed to a loader, with the same rulebook and into the same report."""

    skips = True

    def __init__(self, rulebook: Rulebook, depth: int = 0) -> None:
        super().__init__(rulebook, self._nested)
        self.depth = depth

    def _nested(self, format: str, data: Any) -> None:  # noqa: A002 - the field's own name
        if not isinstance(data, bytes | bytearray):
            return
        if self.skips and len(data) >= BULK:
            self.wants_bulk = True
            return
        if self.depth >= MAX_DEPTH:
            self.objects(GlobalRef("?", format), "streams nested too deeply to be looked into")
            return
        self.depth += 1
        try:
            self._look_into(format, bytes(data))
        finally:
            self.depth -= 1

    def _look_into(self, format: str, data: bytes) -> None:  # noqa: A002
        plain = [(io.BufferedReader(io.BytesIO(data)), 1)]
        try:
            for reader, count in pickle_readers(data) if format == "torch" else plain:
                for _ in range(count):
                    problem = of_file(reader, Limits()) or look(reader, self).problem
                    if problem:
                        raise ValueError(problem)  # noqa: TRY301 - one way out for all readers
        except ValueError as error:
            self.objects(GlobalRef("?", format), f"a nested stream: {error}")


class JoblibRecorder(NestedRecorder):
    """For joblib files, where an array's bytes follow the BUILD of its wrapper in the stream.

    Attributes:
        reader: what the unpickler reads, byte-exact; it must offer ``skip(length)`` and ``cut``.
        persistents: how many persistent ids the stream has.
        limits: how much the stream may ask for.
        spans: which of the reader's answers hold each array's own bytes: from, and up to.
        alone: by the identity of what stands for it, an array of one item with objects in it.
    """

    reader: Any = None
    limits = Limits()
    persistents = 0

    def persistent(self, pid: Any) -> Any:
        """joblib has no persistent ids, and its own unpickler says so."""
        self.persistents += 1
        return super().persistent(pid)

    def __init__(self, rulebook: Rulebook, depth: int = 0) -> None:
        super().__init__(rulebook, depth)
        self.spans: list[tuple[int, int]] = []
        self.alone: dict[int, tuple[Inert, Any]] = {}
        # By identity, each held so that no other takes its place: arrays of one file share few.
        self.dtypes: dict[int, tuple[Any, bool, int]] = {}

    def build(self, made: Inert, state: Any) -> None:
        if type(made).ref not in ARRAY_WRAPPERS:
            if type(made).ref == DTYPE:
                self.dtypes.clear()  # one of them may be given another state
            super().build(made, state)
            return
        again = hasattr(made, "state")
        super().build(made, state)
        if again:
            self.objects(made.ref, "is built twice: whether its array follows twice is not sure")
        elif self.reader is not None:
            first = len(self.reader.answers)
            self._array(made, state)
            self.spans.append((first, len(self.reader.answers)))

    def _array(self, made: Inert, state: Any) -> None:
        dtype, shape = state["dtype"], state["shape"]
        known = self.dtypes.get(id(dtype))
        if known is None:
            objects = has_objects(dtype)
            known = self.dtypes[id(dtype)] = dtype, objects, 0 if objects else itemsize(dtype)
        _, objects, size = known
        if objects:
            engines: list[Any] = []
            report = look(weighed(self.reader, self.limits), self, afterwards=engines.append)
            if report.problem:
                raise ValueError(report.problem)
            if shape == ():
                self.alone[id(made)] = made, engines[0].found
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            padding = self.reader.read(1)
            self.reader.read(padding[0] if padding else 0)
        length = elements_of(shape) * size
        if length <= SHOWN or not self.skips:
            made.args = (self.reader.read(length),)
            is_whole = len(made.args[0]) == length
        else:
            is_whole = self.reader.skip(length)
        if not is_whole:
            self.reader.cut = f"it is cut short in an array of {length} bytes"
            raise ValueError(self.reader.cut)


def elements_of(shape: Any) -> int:
    """The number of elements; a negative one would lead the reader back into what it has read."""
    if type(shape) is not tuple or not all(type(n) is int and n >= 0 for n in shape):
        msg = f"an array of no possible shape: {shape!r:.100}"
        raise ValueError(msg)
    return math.prod(shape)


DTYPE: Final = GlobalRef("numpy", "dtype")
TEXTS: Final = frozenset(
    GlobalRef(f"numpy.{core}._internal", "_convert_to_stringdtype_kwargs") for core in ("core", "_core")
)
RECORDS: Final = frozenset(GlobalRef(module, "record") for module in ("numpy", "numpy.rec", "numpy.core.records"))
_SIMPLE: Final = re.compile(r"[<>=|]?([a-zA-Z?])(\d*)")
_DEFAULT_SIZES: Final = {"?": 1, "b": 1, "B": 1}
ITEMSIZE_IN_STATE: Final = 5
FIELDS_IN_STATE: Final = 4
SUBARRAY_IN_STATE: Final = 2


def code_of(dtype: Any) -> Any:
    """The text an inert ``numpy.dtype`` is made from; a record's class is void with fields, as its state says."""
    code = dtype.args[0]
    return "V" if getattr(code, "ref", None) in RECORDS else code


def _code(dtype: Any) -> re.Match[str]:
    code = code_of(dtype)
    match = _SIMPLE.fullmatch(code) if isinstance(code, str) else None
    if match is None:
        msg = f"an array of an unknown type: {code!r}"
        raise ValueError(msg)
    return match


def itemsize(dtype: Any) -> int:
    """Bytes of one element of an inert ``numpy.dtype``, as its pickled state says."""
    code, digits = _code(dtype).groups()
    state = getattr(dtype, "state", None)
    if code in "SUVa" and state is not None and state[ITEMSIZE_IN_STATE] >= 0:
        size = state[ITEMSIZE_IN_STATE]
    else:
        size = int(digits) * (4 if code == "U" else 1) if digits else _DEFAULT_SIZES[code]
    return int(size)


def has_objects(dtype: Any) -> bool:
    """Whether elements are Python objects, in which case a pickle follows instead of bytes."""
    if getattr(dtype, "ref", None) in TEXTS or _code(dtype).group(1) == "O":
        return True
    state = getattr(dtype, "state", None)
    if state is None:
        return False
    fields, subarray = state[FIELDS_IN_STATE], state[SUBARRAY_IN_STATE]
    parts = [field[0] for field in (fields or {}).values()]
    return any(has_objects(part) for part in parts + ([subarray[0]] if subarray else []))
