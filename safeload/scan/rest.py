"""Whether an unpickler still holds bytes of the last stream, with which its next load would begin.

The C unpickler keeps the rest of a frame that goes on behind its pickle, and of one in which it met an
error. No pickler writes the first.
"""

from __future__ import annotations

import io
import pickle
from typing import Any, Final

from safeload.scan.copied import Copy
from safeload.scan.inert import Recorder
from safeload.scan.listen import Live
from safeload.scan.look import Look, SlowLook

AT_ITS_END: Final = "Ran out of input"  # CPython's words where there was nothing to read, and nothing is held
# How the C and the Python unpickler say that a stream is over, or cut short.
ENDED: Final = frozenset({AT_ITS_END, "pickle data was truncated", "EOFError"})


def may_be_framed(reader: Copy | Live) -> bool:
    """Whether a frame may be among what was read: of no other part does an unpickler keep a rest."""
    if isinstance(reader, Copy):
        return reader.has_read(pickle.FRAME)
    return any(type(told) is not bytes or pickle.FRAME in told for _, _, told in reader.answers)


def holds_more(eye: Any, reader: Any, behind: int | None) -> bool:
    """Whether an engine that read its stream to the STOP holds bytes behind that.

    Args:
        eye: it has read the stream, and reads no more.
        reader: what it reads through.
        behind: how many there are, by the walk through the opcodes; None where nothing has walked there.
    """
    if behind is not None:
        return behind > 0
    if isinstance(eye, SlowLook):
        frame = eye._unframer.current_frame  # type: ignore[attr-defined]  # typeshed leaves it out
        return bool(frame and frame.read(1))
    # It cannot be asked, so it is given one more STOP to read: with nothing else to do it finds no object.
    eye.recorder = Recorder({}, _into_nothing)
    empty = Look(io.BytesIO(pickle.NONE + pickle.STOP))
    empty.load()
    eye.memo = empty.memo
    reader.now_holds(pickle.STOP)
    try:
        eye.load()
    except pickle.UnpicklingError as error:
        did_nothing = not eye.memo.copy() and not eye.recorder.uses
        return not (did_nothing and reader.is_spent() and str(error) == NOTHING_THERE)
    except Exception:  # noqa: BLE001 - whatever else it met, it was not nothing
        return True
    return True


NOTHING_THERE: Final = "unpickling stack underflow"  # CPython's words for a STOP alone


def _into_nothing(_format: str, _data: Any) -> None:
    """Nothing is nested in what is not there."""
