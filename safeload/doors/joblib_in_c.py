"""joblib's stream through the C unpickler, two to three times as fast as joblib's own in Python.

joblib writes an array's wrapper as pickle opcodes and then the array's bytes, raw, into the stream; its
unpickler, in Python, exchanges the one for the other at the wrapper's BUILD. The look has found where
those bytes stand. Here they are taken out of the stream and one opcode is put in their place,
BINPERSID: it hands the wrapper on top of the stack to ``persistent_load``, which lets joblib read the
array and leaves that on the stack. Everything else, and the reading itself, stays joblib's.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Final

from _pickle import Unpickler
from safeload.scan.nested import JoblibRecorder
from safeload.source import BULK, Part, Playing, Replay, cut, slices
from safeload.state import STATE
from safeload.tape import Tape

OWN_CLASS: Final = ("joblib.numpy_pickle", "NumpyUnpickler")


class InC(Unpickler):
    """Unpickles what was judged; hands each array to joblib's wrapper."""

    reads: Any = None
    arrays = 0

    def persistent_load(self, wrapper: Any) -> Any:
        if type(wrapper).__name__ != "NumpyArrayWrapper":
            msg = "a joblib stream whose arrays do not follow their wrappers"
            raise pickle.UnpicklingError(msg)
        self.arrays += 1
        joblib = self.reads
        takes_byte_order = wrapper.read.__func__.__code__.co_argcount > 2  # noqa: PLR2004 - self, unpickler
        more = (joblib.ensure_native_byte_order,) if takes_byte_order else ()
        return wrapper.read(joblib, *more)


def fits(unpickler: Any, tape: Tape) -> bool:
    """Whether this is joblib's own unpickler over a stream of today's form."""
    cls = type(unpickler)
    return (
        (cls.__module__, cls.__qualname__) == OWN_CLASS
        and isinstance(tape.recorder, JoblibRecorder)
        and not any(ref.qualname.endswith("NDArrayWrapper") for ref in tape.recorder.uses)
        and unpickler.file_handle is tape.file
        and vars(unpickler).keys().isdisjoint({"find_class", "persistent_load", "dispatch"})
    )


def load(unpickler: Any, tape: Tape) -> Any:
    """The object in the stream, with joblib's unpickler as the reader of its arrays."""
    recorder = tape.recorder
    assert isinstance(recorder, JoblibRecorder)  # noqa: S101 - fits() has told
    spans = recorder.spans
    bounds = [bound for span in spans for bound in span]
    pieces = slices(cut(tape.parts, tape.consumed), bounds)
    tape.parts, tape.replaying = [], True
    opcodes: list[Part] = [part for piece in pieces[::2] for part in (b"Q", *piece)][1:]
    arrays = [part for piece in pieces[1::2] for part in piece]
    length = sum(len(part) if isinstance(part, bytes) else part.length for part in opcodes)
    # Arrays and opcodes are two readers of one file: holes belong to arrays alone.
    eye = InC(io.BufferedReader(Replay(opcodes, length, tape.file), BULK))
    eye.reads = unpickler
    unpickler.file_handle = Playing(arrays, tape.file)
    try:
        found = STATE.originals["unpickle"](eye)
    finally:
        unpickler.file_handle = tape.file
    if eye.arrays != len(spans):
        msg = "a joblib stream whose arrays do not follow their wrappers"
        raise pickle.UnpicklingError(msg)
    return found
