"""joblib's stream through the C unpickler, two to three times as fast as joblib's own in Python.

joblib writes an array's wrapper as pickle opcodes and then the array's bytes, raw, into the stream; its
unpickler, in Python, exchanges the one for the other at the wrapper's BUILD. The look has found where
those bytes stand. Here they are taken out of the stream and one opcode is put in their place,
BINPERSID: it hands the wrapper on top of the stack to ``persistent_load``, which lets joblib read the
array (or, if that is long and plain numbers, reads it straight into place) and leaves that on the stack.
Everything else stays joblib's.
"""

from __future__ import annotations

import io
import math
import pickle
from _pickle import Unpickler
from collections.abc import Sequence
from typing import Any, Final

from safeload.replay import Playing, Repeating, consumed
from safeload.scan.listen import Answer, Hole
from safeload.scan.nested import ARRAY_WRAPPERS, JoblibRecorder, NestedRecorder
from safeload.state import STATE
from safeload.tape import Tape

OWN_CLASS: Final = ("joblib.numpy_pickle", "NumpyUnpickler")
UNPICKLERS: Final = {
    OWN_CLASS,
    ("sklearn.externals.joblib.numpy_pickle", "NumpyUnpickler"),
}


class InC(Unpickler):
    """Unpickles what was judged; hands each array to joblib's wrapper.

    Attributes:
        reads: joblib's unpickler.
        file: the user's, in which the long arrays are.
        spans: what the look read of each array.
        arrays: how many of them were made.
    """

    reads: Any
    file: Any
    spans: Sequence[Sequence[Answer]]
    arrays = 0

    def persistent_load(self, wrapper: Any) -> Any:
        cls = type(wrapper)
        if (cls.__module__, cls.__qualname__) not in ARRAY_WRAPPERS or self.arrays >= len(self.spans):
            raise pickle.UnpicklingError(OUT_OF_STEP)
        span, joblib = self.spans[self.arrays], self.reads
        self.arrays += 1
        if is_plain(wrapper, joblib.np):
            return straight(wrapper, joblib.np, span, self.file)
        joblib.file_handle = Playing(consumed(span), self.file)
        takes_byte_order = wrapper.read.__func__.__code__.co_argcount > 2  # noqa: PLR2004 - self, unpickler
        more = (joblib.ensure_native_byte_order,) if takes_byte_order else ()
        return wrapper.read(joblib, *more)


OUT_OF_STEP: Final = "a joblib stream whose arrays do not follow their wrappers"


def is_plain(wrapper: Any, np: Any) -> bool:
    """Whether the array is bytes as this machine has them, and some at least."""
    dtype = wrapper.dtype
    return (
        wrapper.subclass is np.ndarray
        and not dtype.hasobject
        and dtype.isnative
        and dtype.subdtype is None
        and dtype.itemsize > 0
        and 0 not in wrapper.shape
    )


def straight(wrapper: Any, np: Any, span: Sequence[Answer], file: Any) -> Any:
    """What joblib's wrapper makes of it, with the bytes read into the array instead of copied there."""
    array = np.empty(math.prod(wrapper.shape), dtype=wrapper.dtype)
    into = memoryview(array.view(np.uint8))
    last = span[-1][2]
    if type(last) is Hole and last.length == array.nbytes:
        file.seek(last.start)
        count = file.readinto(into)
    elif type(last) is bytes and len(last) == array.nbytes:
        into[:] = last
        count = len(last)
    else:
        rest = Playing(consumed(span), file)
        if getattr(wrapper, "numpy_array_alignment_bytes", None) is not None:
            rest.read(rest.read(1)[0])
        count = rest.readinto(into)
    if count != array.nbytes:
        msg = f"EOF: reading array data, expected {array.nbytes} bytes"
        raise ValueError(msg)
    if wrapper.order == "F":
        return array.reshape(wrapper.shape[::-1]).transpose()
    return array.reshape(wrapper.shape)


def kind_of(unpickler: Any) -> type[NestedRecorder]:
    """How to look at what this unpickler reads: joblib's stream is no plain pickle."""
    classes = {(cls.__module__, cls.__name__) for cls in type(unpickler).__mro__}
    return JoblibRecorder if classes & UNPICKLERS else NestedRecorder


def fits(unpickler: Any, tape: Tape) -> bool:
    """Whether this is joblib's own unpickler over a stream of today's form."""
    cls = type(unpickler)
    return (
        (cls.__module__, cls.__qualname__) == OWN_CLASS
        and isinstance(tape.recorder, JoblibRecorder)
        and not tape.recorder.persistents
        and not any(ref.qualname.endswith("NDArrayWrapper") for ref in tape.recorder.uses)
        and unpickler.file_handle is tape.file
        and vars(unpickler).keys().isdisjoint({"find_class", "persistent_load", "dispatch"})
    )


def load(unpickler: Any, tape: Tape) -> Any:
    """The object in the stream, with joblib's unpickler as the reader of its arrays."""
    recorder = tape.recorder
    assert isinstance(recorder, JoblibRecorder)  # noqa: S101 - fits() has told
    answers, tape.answers, tape.replaying = tape.answers, [], True
    opcodes: list[Answer] = []
    end = 0
    for first, last in recorder.spans:
        opcodes += answers[end:first]
        opcodes.append(("read", 1, pickle.BINPERSID))
        end = last
    opcodes += answers[end:]
    eye = InC(_source(opcodes, tape.file))
    eye.reads, eye.file = unpickler, tape.file
    eye.spans = [answers[first:last] for first, last in recorder.spans]
    del answers, opcodes
    try:
        found = STATE.originals["unpickle"](eye)
    finally:
        unpickler.file_handle = tape.file
    if eye.arrays != len(eye.spans):
        raise pickle.UnpicklingError(OUT_OF_STEP)
    return found


def _source(opcodes: Sequence[Answer], file: Any) -> Any:
    """The opcodes for the same engine that looked at them: it asks no other questions than it did then.

    So they may lie in memory, one behind the other, where C alone reads them.
    """
    parts = [told for _, _, told in opcodes]
    if all(type(told) is bytes for told in parts):
        return io.BytesIO(b"".join(parts))
    return Repeating(opcodes, file)
