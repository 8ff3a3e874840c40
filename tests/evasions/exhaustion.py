"""Pickles that ask for memory, time or stack: a few bytes, and the process is gone or stands still."""

from __future__ import annotations

import contextlib
import gzip
import pickle
import resource
import struct
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from .archives import torch_zip
from .builders import (
    FALSE,
    NONE,
    POP,
    TRUE,
    calling,
    frame,
    get,
    given,
    group,
    kept,
    listing,
    mapping,
    named,
    new,
    number,
    pickled,
    proto,
    put,
    text,
)
from .rows import FILE, Row, crash, unpickle

SLOW_S: Final = 0.5
DOUBLINGS: Final = 26  # a second or more; sixty would be a thousand years
FAR_INDEX: Final = 50_000_000
MORE: Final = 300 << 10  # kilobytes; the index takes twice eight bytes each

EMPTY_TUPLE: Final = b")"
NESTED: Final = EMPTY_TUPLE + b"\x85" * 300_000
DOUBLED: Final = b"N\x85" + b"2\x86" * DOUBLINGS
BY_MEMO: Final = kept(0, b"N\x85") + kept(0, get(0) + get(0) + b"\x86") * DOUBLINGS + get(0)
# torch's unpickler does not know POP: what is doubled stays on the stack.
WITHOUT_POP: Final = (
    b"N\x85" + put(0) + (get(0) + get(0) + b"\x86" + put(0)) * DOUBLINGS + b"}" + get(0) + b"Ns"
)
# As the memo's text form has it; int() takes a sign.
BY_MEMO_IN_TEXT: Final = b"N\x85p+0\n0" + b"g+0\ng+0\n\x86p+0\n0" * DOUBLINGS + b"g+0\n"
A_NAME: Final = named("collections:OrderedDict") + POP


def joblibs_array(code: str, shape: int, content: bytes) -> bytes:
    """An array as joblib writes it: what describes it, and behind the BUILD its bytes or its own pickle."""
    dtype = given(
        calling("numpy:dtype", text(code), FALSE, TRUE),
        group(number(3), text("|"), NONE, NONE, NONE, number(-1), number(-1), number(0 if code != "O8" else 63)),
    )
    described = mapping(
        (text("subclass"), named("numpy:ndarray")),
        (text("shape"), group(number(shape))),
        (text("order"), text("C")),
        (text("dtype"), dtype),
        (text("allow_mmap"), TRUE),
    )
    return given(new(named("joblib.numpy_pickle:NumpyArrayWrapper")), described) + content


BEHIND_AN_ARRAY: Final = joblibs_array("i1", 4, b"abcd") + POP
# A BUILD that does nothing, whatever it is given to: no __setstate__, and no state.
BUILT_OF_NOTHING: Final = given(b"]", group(NONE, NONE)) + POP


def long_text(length: int) -> bytes:
    """The head of a text in the long form."""
    return b"X" + struct.pack("<I", length)


# A text of 100 bytes, of which 50 stand in the frame: an unpickler that cannot peek drops these, and has
# the next 100. One that reads on has 50 of them, then another text, in which the index is.
FAR_PUT: Final = b"0N" + put(FAR_INDEX)
IN_FRAME: Final = long_text(100) + 50 * b"a"
BEHIND: Final = 50 * b"b" + POP + long_text(44 + len(FAR_PUT)) + 44 * b"c" + FAR_PUT
DROPPED: Final = proto(4) + frame(len(IN_FRAME)) + IN_FRAME + BEHIND + b"."


def timed(load: Callable[[], object] = unpickle) -> Callable[[], object]:
    """How long the load took."""

    def measured() -> float:
        started = time.process_time()
        load()
        return time.process_time() - started

    return measured


def is_slow(outcome: Any) -> bool:
    return isinstance(outcome, float) and outcome > SLOW_S


def unbuffered() -> object:
    with open(FILE, "rb", buffering=0) as opened:
        return pickle.load(opened)


def grown(load: Callable[[], object] = unpickle) -> object:
    """How much memory the load took at most, in kilobytes."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


def slow(
    id: str,
    code: bytes,
    *,
    load: Callable[[], object] = unpickle,
    needs: tuple[str, ...] = (),
    packed: Callable[[bytes], bytes] = bytes,
) -> Row:
    return Row(id=id, file=lambda _: packed(pickled(code)), load=timed(load), effect=is_slow, needs=needs)


def from_memory() -> object:
    with open(FILE, "rb") as opened:
        return pickle.loads(opened.read())


def unpacked() -> object:
    with gzip.open(FILE) as opened:
        return pickle.load(opened)


def one_by_one() -> object:
    """From a file of the program's own, which shows no byte before it is read."""
    with open(FILE, "rb") as opened:
        return pickle.load(SimpleNamespace(read=opened.read, readline=opened.readline))


def by_joblib() -> object:
    import joblib

    return joblib.load(FILE)


def by_joblib_though_no_array() -> object:
    """An array of objects is a pickle of its own, and of whatever it is: joblib misses the dtype afterwards."""
    with contextlib.suppress(AttributeError):
        by_joblib()
    return None


def by_torch() -> object:
    import torch

    return torch.load(FILE, weights_only=True)


def in_python() -> object:
    with open(FILE, "rb") as opened, contextlib.suppress(EOFError):
        return pickle._Unpickler(opened).load()  # type: ignore[attr-defined]  # which typeshed leaves out


def by_joblib_though_it_ends() -> object:
    with contextlib.suppress(EOFError):
        by_joblib()
    return None


# CPython's unpickler in Python, joblib's among them, fills as many pages with zeros as the opcode says.
NO_SUCH_ARRAY: Final = b"\x96" + struct.pack("<Q", 1 << 29) + b"abcd"

ROWS: Final = (
    Row(
        id="memo_index_far_beyond_the_stream",
        file=lambda _: proto(4) + b"N" + put(FAR_INDEX) + b".",
        load=grown,
        effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
    ),
    Row(
        id="memo_index_in_text",
        file=lambda _: f"Np{FAR_INDEX}\n.".encode(),
        load=grown,
        effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
    ),
    Row(
        id="memo_index_in_memory",
        file=lambda _: proto(4) + b"N" + put(FAR_INDEX) + b".",
        load=lambda: grown(from_memory),
        effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
    ),
    *(
        Row(
            id=f"memo_index_in_text_with_{what}",
            file=lambda _, line=line: f"Np{line}\n.".encode(),
            load=grown,
            effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
        )
        for what, line in {
            "a_sign": f"+{FAR_INDEX}",
            "underscores": f"{FAR_INDEX:_}",
            "a_tab_before_it": f"\t{FAR_INDEX}",
        }.items()
    ),
    Row(
        id="memo_index_where_the_rest_of_a_frame_was_dropped",
        file=lambda _: DROPPED,
        load=lambda: grown(unbuffered),
        effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
    ),
    *(
        Row(
            id=f"bytearray_far_longer_than_{what}",
            file=lambda _, packed=packed, names=names: packed(pickled(A_NAME * names + NO_SUCH_ARRAY, 5)),
            load=lambda load=load: grown(load),
            effect=lambda outcome: isinstance(outcome, int) and outcome > MORE,
            needs=needs,
        )
        for what, load, packed, names, needs in (
            ("the_file_in_python", in_python, bytes, 0, ()),
            ("the_file_behind_a_name", in_python, bytes, 1, ()),
            ("the_file_of_joblibs", by_joblib_though_it_ends, bytes, 0, ("joblib",)),
            ("what_joblib_unpacks", by_joblib_though_it_ends, gzip.compress, 0, ("joblib",)),
        )
    ),
    slow("doubled_by_the_memo_in_text_with_signs", b"}" + BY_MEMO_IN_TEXT + b"Ns"),
    slow(
        "doubled_tuple_printed_by_a_cookie",
        new(named("http.cookies:SimpleCookie")) + text("a") + b"N\x85" + b"2\x86" * 19 + b"s",
    ),
    slow("doubled_tuple_as_a_key", b"}" + DOUBLED + b"Ns"),
    slow("doubled_tuple_in_a_set", b"\x8f(" + DOUBLED + b"\x90"),
    slow("doubled_tuple_in_a_frozenset", b"(" + DOUBLED + b"\x91"),
    slow("doubled_by_the_memo", b"}" + BY_MEMO + b"Ns"),
    slow("doubled_behind_a_name", A_NAME + b"}" + DOUBLED + b"Ns"),
    slow("doubled_key_among_many", b"}(" + number(1) + b"N" + DOUBLED + b"Nu"),
    slow("doubled_key_of_a_dict_from_the_mark", b"(" + DOUBLED + b"Nd"),
    slow("doubled_in_memory", b"}" + DOUBLED + b"Ns", load=from_memory),
    slow("doubled_behind_a_long_line", b"V" + b"a" * (1 << 18) + b"\n0}" + DOUBLED + b"Ns"),
    slow("doubled_where_no_byte_is_seen_ahead", b"}" + DOUBLED + b"Ns", load=one_by_one),
    slow("doubled_behind_a_name_where_no_byte_is_seen_ahead", A_NAME + b"}" + DOUBLED + b"Ns", load=one_by_one),
    slow("doubled_in_a_gzip_file", b"}" + DOUBLED + b"Ns", load=unpacked, packed=gzip.compress),
    slow("doubled_for_joblib", b"}" + DOUBLED + b"Ns", load=by_joblib, needs=("joblib",)),
    slow(
        "doubled_behind_an_array_of_joblibs",
        BEHIND_AN_ARRAY + b"}" + DOUBLED + b"Ns",
        load=by_joblib,
        needs=("joblib",),
    ),
    slow(
        "doubled_behind_many_arrays_of_joblibs",
        BEHIND_AN_ARRAY * 100 + BUILT_OF_NOTHING + b"}" + BY_MEMO + b"Ns",
        load=by_joblib,
        needs=("joblib",),
    ),
    slow(
        "doubled_in_an_array_of_objects_of_joblibs",
        joblibs_array("O8", 1, pickled(b"}" + DOUBLED + b"Ns")),
        load=by_joblib_though_no_array,
        needs=("joblib",),
    ),
    slow(
        "doubled_behind_an_array_in_a_gzip_file_of_joblibs",
        BEHIND_AN_ARRAY + b"}" + DOUBLED + b"Ns",
        load=by_joblib,
        needs=("joblib",),
        packed=gzip.compress,
    ),
    Row(
        id="tuples_nested_in_a_key_behind_an_array_of_joblibs",
        file=lambda _: pickled(BEHIND_AN_ARRAY + b"}" + NESTED + b"Ns"),
        load=by_joblib,
        effect=crash,
        needs=("joblib",),
    ),
    Row(
        id="doubled_for_weights_only",
        file=lambda _: torch_zip(pickled(WITHOUT_POP, 2)),
        load=timed(by_torch),
        effect=is_slow,
        needs=("torch",),
    ),
    Row(id="tuples_nested_in_a_key", file=lambda _: pickled(b"}" + NESTED + b"Ns"), effect=crash),
    Row(id="tuples_nested_in_a_set", file=lambda _: pickled(b"\x8f(" + NESTED + b"\x90"), effect=crash),
    Row(
        id="tuples_nested_in_a_key_behind_a_name",
        file=lambda _: pickled(A_NAME + listing(b"}" + NESTED + b"Ns")),
        effect=crash,
    ),
)
