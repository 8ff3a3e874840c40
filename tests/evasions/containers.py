"""The same deeds in the files that torch, joblib, numpy, pandas and others write."""

from __future__ import annotations

import bz2
import gc
import gzip
import importlib
import lzma
import shelve
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Final

from .archives import (
    dtype,
    joblib_array,
    npy,
    object_array,
    patched,
    shelf,
    torch_legacy,
    torch_members,
    torch_tar,
    torch_zip,
    z_file,
    zipped,
)
from .builders import (
    BINPERSID,
    NONE,
    POP,
    PYTHON,
    SHELL,
    STOP,
    TRUE,
    calling,
    given,
    group,
    listing,
    mapping,
    named,
    new,
    number,
    octets,
    pickled,
    proto,
    text,
)
from .rows import FILE, Files, Row, canary


def loader(path: str, name: str = FILE, **keywords: Any) -> Callable[[], object]:
    """``library.function(file)``, looked up at the time of the load."""
    module, _, function = path.rpartition(".")
    return lambda: getattr(importlib.import_module(module), function)(name, **keywords)


unsafe: Final = loader("torch.load", weights_only=False)
TORCH: Final = ("torch",)


def opened(path: str, **keywords: Any) -> Callable[[], object]:
    """The same from an open file."""

    def load() -> object:
        with open(FILE, "rb") as stream:
            module, _, function = path.rpartition(".")
            return getattr(importlib.import_module(module), function)(stream, **keywords)

    return load


def torch_row(
    id: str,
    file: Callable[[bytes], Files],
    *,
    load: Callable[[], object] = unsafe,
    twin: bool = True,
    known: str = "",
) -> Row:
    return Row(id=id, file=file, load=load, needs=TORCH, twin=twin, known=known)


def wrong_crc(deed: bytes) -> bytes:
    zeros = b"\0\0\0\0"
    return patched(torch_zip(deed), "archive/data.pkl", (14, zeros), (16, zeros))


def flags(deed: bytes, local: int, central: int) -> bytes:
    """A flag word in both headers; bit 0 says encrypted."""
    a, b = local.to_bytes(2, "little"), central.to_bytes(2, "little")
    return patched(torch_zip(deed), "archive/data.pkl", (6, a), (8, b))


def other_local_name(deed: bytes) -> bytes:
    """data.pkl by the directory, something else by the member's own header."""
    data = torch_zip(deed)
    return data.replace(b"archive/data.pkl", b"archive/data.txt", 1)


def renamed(deed: bytes, name: str) -> dict[str, bytes]:
    return {name: torch_zip(deed)}


def with_two(first: bytes, second: bytes) -> bytes:
    """Two members of the name data.pkl."""
    return zipped([*torch_members(first)[:1], *torch_members(second)])


ZIPS: Final = (
    torch_row("torch_zip", torch_zip),
    torch_row("torch_zip_with_wrong_checksum", wrong_crc, twin=False, known="CVE-2025-10156"),
    torch_row(
        "torch_zip_said_to_be_encrypted",
        lambda deed: flags(deed, 1, 0),
        twin=False,
        known="CVE-2025-1945",
    ),
    torch_row(
        "torch_zip_with_a_comment", lambda deed: zipped(torch_members(deed), comment=b"x" * 999)
    ),
    torch_row(
        "torch_zip_with_clean_pickles_beside",
        lambda deed: zipped(
            [
                ("archive/a/data.pkl", pickled(number(1), 2)),
                *torch_members(deed),
                ("archive/data.pkl.pkl", pickled(number(1), 2)),
            ]
        ),
    ),
    torch_row(
        "torch_zip_with_another_name_in_the_local_header",
        other_local_name,
        twin=False,
        known="CVE-2025-1944",
    ),
    torch_row("torch_zip_with_two_data_first", lambda deed: with_two(deed, number(1)), twin=False),
    torch_row("torch_zip_of_another_top_folder", lambda deed: zipped(torch_members(deed, "net"))),
    torch_row(
        "torch_zip_deflated", lambda deed: zipped(torch_members(deed), method=zipfile.ZIP_DEFLATED)
    ),
    torch_row(
        "torch_zip_with_garbage_behind", lambda deed: torch_zip(deed) + b"garbage" * 20, twin=False
    ),
    torch_row(
        "torch_zip_without_byteorder",
        lambda deed: zipped([m for m in torch_members(deed) if "byteorder" not in m[0]]),
    ),
    torch_row(
        "torch_zip_called_jpg",
        lambda deed: renamed(deed, "cat.jpg"),
        load=loader("torch.load", "cat.jpg", weights_only=False),
        known="CVE-2025-1889, CVE-2025-10155",
    ),
    torch_row(
        "torch_zip_called_txt",
        lambda deed: renamed(deed, "notes.txt"),
        load=loader("torch.load", "notes.txt", weights_only=False),
    ),
    torch_row(
        "torch_zip_called_pkl",
        lambda deed: renamed(deed, "model.pkl"),
        load=loader("torch.load", "model.pkl", weights_only=False),
        known="CVE-2025-10155",
    ),
    torch_row(
        "torch_zip_from_an_open_safetensors_file",
        torch_zip,
        load=opened("torch.load", weights_only=False),
    ),
    torch_row(
        "torch_zip_of_protocol_5",
        lambda deed: zipped([("archive/data.pkl", pickled(deed, 5)), *torch_members(deed)[1:]]),
    ),
    torch_row(
        "torch_zip_mapped", torch_zip, load=loader("torch.load", weights_only=False, mmap=True)
    ),
    torch_row(
        "torch_persistent_id_with_a_deed",
        lambda deed: torch_zip(
            group(text("storage"), named("torch:FloatStorage"), deed, text("cpu"), number(0))
            + BINPERSID
        ),
        twin=False,
    ),
    torch_row(
        "torch_zip_within_a_pickle",
        lambda deed: pickled(calling("torch.storage:_load_from_bytes", octets(torch_zip(deed)))),
        load=opened("pickle.load"),
    ),
    torch_row(
        "torch_zip_in_a_big_buffer_within_a_pickle",
        lambda deed: pickled(
            calling(
                "torch.storage:_load_from_bytes",
                octets(torch_zip(octets(bytes(90_000)) + POP + deed)),
            )
        ),
        load=opened("pickle.load"),
    ),
    torch_row(
        "torch_zip_within_a_torch_zip",
        lambda deed: torch_zip(calling("torch.storage:_load_from_bytes", octets(torch_zip(deed)))),
    ),
)

LEGACY: Final = (
    *(
        torch_row(
            f"torch_legacy_{place}", lambda deed, place=place: torch_legacy(deed, place=place)
        )  # type: ignore[misc]
        for place in ("magic", "protocol", "system", "object", "keys")
    ),
    *(
        torch_row(f"torch_tar_{place}", lambda deed, place=place: torch_tar(deed, place))  # type: ignore[misc]
        for place in ("storages", "tensors", "pickle")
    ),
    torch_row(
        "torch_legacy_within_a_pickle",
        lambda deed: pickled(calling("torch.storage:_load_from_bytes", octets(torch_legacy(deed)))),
        load=opened("pickle.load"),
    ),
    torch_row("plain_pickle_for_torch", lambda deed: pickled(deed, 2), twin=False),
    torch_row(
        "torch_checkpoint_metadata",
        lambda deed: {".metadata": pickled(deed)},
        load=lambda: checkpoint_metadata(),
        twin=False,
    ),
)


def checkpoint_metadata() -> object:
    from torch.distributed.checkpoint import FileSystemReader

    return FileSystemReader(".").read_metadata()


EXTERN: Final = "pkg/.data/extern_modules"


def package(pickle: bytes, extern: str = "", **sources: bytes) -> bytes:
    """A torch.package archive."""
    return zipped(
        [
            ("pkg/net/model.pkl", pickle),
            (EXTERN, extern.encode()),
            ("pkg/version", b"3\n"),
            *((f"pkg/{name}.py", source) for name, source in sources.items()),
        ]
    )


def from_package() -> object:
    from torch.package import PackageImporter

    return PackageImporter(FILE).load_pickle("net", "model.pkl")


PACKAGES: Final = (
    torch_row(
        "torch_package",
        lambda deed: package(pickled(deed, 3), "os\nposix\n"),
        load=from_package,
        twin=False,
    ),
    torch_row(
        "torch_package_with_source",
        lambda _: package(pickled(named("plant:grow"), 3), plant=PYTHON.encode()),
        load=from_package,
        twin=False,
    ),
    torch_row(
        "torch_package_with_source_of_a_listed_name",
        lambda _: package(
            pickled(named("collections:OrderedDict"), 3),
            collections=f"{PYTHON}\nOrderedDict = dict".encode(),
        ),
        load=from_package,
        twin=False,
    ),
    Row(
        id="torch_package_persistent_id_that_calls",
        file=lambda _: package(
            pickled(
                group(
                    text("reduce_package"),
                    number(1),
                    named("weakref:finalize"),
                    group(named("os:system"), text(SHELL)),
                )
                + BINPERSID,
                3,
            ),
            "os\nweakref\n",
        ),
        load=from_package,
        effect=lambda loaded: gc.collect() >= 0 and canary(loaded),
        needs=TORCH,
    ),
)

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
    return (
        proto(4)
        + joblib_array(short.ljust(count, b"\0"), of=dtype(code, state=state))
        + POP
        + deed
        + STOP
    )


JOBLIB: Final = (
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
    joblib_row(
        "joblib_lz4", lambda deed: lz4(pickled(deed)), needs=("joblib", "numpy", "lz4.frame")
    ),
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
        lambda deed: zipped(
            [("a.npy", npy(bytes(8), code="<f8")), ("b.npy", npy(pickled(object_array(deed))))]
        ),
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

ROWS: Final = (*ZIPS, *LEGACY, *PACKAGES, *JOBLIB, *NUMPY, *OTHERS)
