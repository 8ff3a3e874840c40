"""The same deeds in the files that joblib, numpy, pandas and others write."""

from __future__ import annotations

import bz2
import gzip
import lzma
import shelve
import struct
import zlib
from collections.abc import Callable
from typing import Final

from .archives import (
    dtype,
    joblib_array,
    npy,
    object_array,
    shelf,
    z_file,
    zipped,
)
from .builders import (
    FALSE,
    NONE,
    POP,
    STOP,
    TRUE,
    calling,
    get,
    given,
    group,
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
from .loaders import loader, opened
from .rows import FILE, Files, Row, crash

joblib_load: Final = loader("joblib.load")


def joblib_row(
    id: str,
    file: Callable[[bytes], Files],
    *,
    load: Callable[[], object] = joblib_load,
    twin: bool = True,
    needs: tuple[str, ...] = ("joblib", "numpy"),
    known: str = "",
) -> Row:
    return Row(id=id, file=file, load=load, needs=needs, twin=twin, known=known)


def lz4(data: bytes) -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(data))


EIGHT: Final = bytes(range(8))


def hidden_behind(code: str, size: int, count: int, deed: bytes, **more: bytes) -> bytes:
    """An array whose size two readers may judge differently: only one of them meets the deed."""
    state = group(number(3), text("|"), NONE, NONE, NONE, number(size), number(1), number(0))
    short = number(1) + STOP
    return proto(4) + joblib_array(short.ljust(count, b"\0"), of=dtype(code, state=state)) + POP + deed + STOP


RECORD: Final = calling("numpy:dtype", text("V8"), FALSE, TRUE) + put(50) + POP
OF_OBJECTS: Final = given(
    get(50),
    group(
        *(number(3), text("|"), NONE, group(text("a"))),
        mapping((text("a"), group(dtype("O8"), number(0)))),
        *(number(8), number(1), number(27)),
    ),
)


def raw_bytes_that_become_objects(_: bytes) -> bytes:
    """An array is read by a type that gets its fields afterwards: its bytes are pointers then."""
    return pickled(RECORD + listing(joblib_array(EIGHT, of=get(50)), OF_OBJECTS))


def fields_between_two_arrays(deed: bytes) -> bytes:
    """The second array is a pickle, of which a reader that remembers the first one's type skips the head."""
    objects = deed + POP + object_array(NONE) + STOP
    cover = b"B" + struct.pack("<I", 1 + len(objects))  # for that reader, all the rest is a buffer
    array = b"N0B" + struct.pack("<I", 1 + len(cover)) + b"#" + cover + POP + objects
    first, second = joblib_array(b"", of=get(50), shape=group(number(0))), joblib_array(array, of=get(50))
    return pickled(RECORD + listing(first, OF_OBJECTS + POP + second))


JOBLIB: Final = (
    joblib_row("joblib_fields_between_two_arrays", fields_between_two_arrays, twin=False),
    Row(
        id="joblib_raw_bytes_that_become_objects",
        file=raw_bytes_that_become_objects,
        load=joblib_load,
        effect=crash,
        needs=("joblib", "numpy"),
    ),
    joblib_row("joblib", pickled),
    joblib_row("joblib_behind_an_array", lambda deed: pickled(listing(joblib_array(EIGHT), deed))),
    joblib_row(
        "joblib_behind_an_aligned_array",
        lambda deed: pickled(
            listing(
                joblib_array(b"\x05" + b"\xff" * 5 + EIGHT, numpy_array_alignment_bytes=number(16)),
                deed,
            )
        ),
    ),
    joblib_row(
        "joblib_in_an_object_array",
        lambda deed: pickled(joblib_array(pickled(object_array(deed)), of=dtype("O8"))),
        known="GHSA-m62q-453p-gv66",
    ),
    joblib_row(
        "joblib_pickle_of_no_array_for_an_object_array",
        lambda deed: pickled(joblib_array(pickled(deed), of=dtype("O8"))),
        twin=False,
    ),
    joblib_row(
        "joblib_mapped_behind_an_array",
        lambda deed: pickled(listing(joblib_array(EIGHT), deed)),
        load=loader("joblib.load", mmap_mode="r"),
    ),
    joblib_row(
        "joblib_array_larger_than_it_seems",
        lambda deed: hidden_behind("V8", 16, 16, deed),
        twin=False,
    ),
    joblib_row(
        "joblib_array_smaller_than_it_seems",
        lambda deed: hidden_behind("V64", 24, 24, deed),
        twin=False,
    ),
    joblib_row("joblib_zlib", lambda deed: zlib.compress(pickled(deed))),
    joblib_row("joblib_gzip", lambda deed: gzip.compress(pickled(deed))),
    joblib_row("joblib_bz2", lambda deed: bz2.compress(pickled(deed))),
    joblib_row("joblib_lzma", lambda deed: lzma.compress(pickled(deed), lzma.FORMAT_ALONE)),
    joblib_row("joblib_xz", lambda deed: lzma.compress(pickled(deed))),
    joblib_row("joblib_lz4", lambda deed: lz4(pickled(deed)), needs=("joblib", "numpy", "lz4.frame")),
    joblib_row(
        "joblib_zlib_behind_an_array",
        lambda deed: zlib.compress(pickled(listing(joblib_array(EIGHT), deed))),
    ),
    joblib_row("joblib_z_file", lambda deed: z_file(pickled(deed), zlib.compress)),
    joblib_row(
        "joblib_file_beside",
        lambda deed: {
            FILE: pickled(file_beside("inner.npy")),
            "inner.npy": npy(pickled(object_array(deed))),
        },
        twin=False,
    ),
    joblib_row(
        "joblib_cache_entry",
        lambda deed: {"cache/f/0/output.pkl": pickled(deed)},
        load=lambda: from_cache(),
    ),
)


def file_beside(name: str) -> bytes:
    """What joblib before 0.10 wrote for an array: the name of another file."""
    state = mapping(
        (text("filename"), text(name)),
        (text("subclass"), named("numpy:ndarray")),
        (text("allow_mmap"), TRUE),
    )
    return given(new(named("joblib.numpy_pickle_compat:NDArrayWrapper")), state)


def from_cache() -> object:
    """What ``joblib.Memory`` does with a result that it finds on disk."""
    from joblib._store_backends import FileSystemStoreBackend

    backend = FileSystemStoreBackend()
    backend.configure("cache")
    return backend.load_item(["f", "0"], verbose=0)


numpy_load: Final = loader("numpy.load", allow_pickle=True)


def numpy_row(
    id: str,
    file: Callable[[bytes], Files],
    *,
    load: Callable[[], object] = numpy_load,
    twin: bool = True,
) -> Row:
    return Row(id=id, file=file, load=load, needs=("numpy",), twin=twin)


NUMPY: Final = (
    numpy_row("npy_of_objects", lambda deed: npy(pickled(object_array(deed)))),
    numpy_row(
        "npz_of_objects",
        lambda deed: zipped([("a.npy", npy(pickled(object_array(deed))))]),
        load=lambda: npz("a"),
    ),
    numpy_row(
        "npz_behind_a_clean_member",
        lambda deed: zipped([("a.npy", npy(bytes(8), code="<f8")), ("b.npy", npy(pickled(object_array(deed))))]),
        load=lambda: npz("b"),
    ),
    numpy_row("pickle_for_numpy_load", pickled),
    numpy_row(
        "npy_read_by_the_format_module",
        lambda deed: npy(pickled(object_array(deed))),
        load=opened("numpy.lib.format.read_array", allow_pickle=True),
    ),
)


def npz(member: str) -> object:
    import numpy as np

    with np.load(FILE, allow_pickle=True) as archive:
        return archive[member]


def pandas_row(suffix: str, pack: Callable[[bytes], bytes]) -> Row:
    name = f"frame.pkl{suffix}"
    kind = suffix.lstrip(".") or "plain"
    return Row(
        id=f"pandas_{kind}",
        file=lambda deed: {name: pack(pickled(deed))},
        load=loader("pandas.read_pickle", name),
        needs=("pandas",),
        twin=True,
    )


def from_shelf() -> object:
    with shelve.open("shelf") as opened_shelf:
        return opened_shelf["key"]


OTHERS: Final = (
    pandas_row("", bytes),
    pandas_row(".gz", gzip.compress),
    pandas_row(".bz2", bz2.compress),
    pandas_row(".xz", lzma.compress),
    pandas_row(".zip", lambda data: zipped([("frame.pkl", data)])),
    Row(id="shelf", file=lambda deed: shelf("key", pickled(deed)), load=from_shelf, twin=True),
    Row(id="dill_file", file=pickled, load=opened("dill.load"), needs=("dill",), twin=True),
    Row(
        id="cloudpickle_file",
        file=pickled,
        load=opened("cloudpickle.load"),
        needs=("cloudpickle",),
        twin=True,
    ),
)

ROWS: Final = (*JOBLIB, *NUMPY, *OTHERS)
