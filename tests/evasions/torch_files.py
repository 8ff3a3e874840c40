"""Deeds in the files of torch: zip, legacy, tar, TorchScript, packages."""

from __future__ import annotations

import gc
import zipfile
from collections.abc import Callable
from typing import Final

from .archives import (
    npy,
    patched,
    torch_legacy,
    torch_members,
    torch_tar,
    torch_zip,
    zipped,
)
from .builders import (
    BINPERSID,
    CANARY,
    POP,
    PYTHON,
    SHELL,
    calling,
    group,
    named,
    number,
    octets,
    pickled,
    text,
)
from .loaders import loader, opened
from .rows import FILE, Files, Row, canary

unsafe: Final = loader("torch.load", weights_only=False)
TORCH: Final = ("torch",)


def torch_row(
    id: str,
    file: Callable[[bytes], Files],
    *,
    load: Callable[[], object] = unsafe,
    twin: bool = True,
    known: str = "",
) -> Row:
    return Row(id=id, file=file, load=load, needs=TORCH, twin=twin, known=known)


def with_crc(deed: bytes, checksum: bytes) -> bytes:
    return patched(torch_zip(deed), "archive/data.pkl", (14, checksum), (16, checksum))


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


# The second array's length leads a reader back to where the second begins, again and again.
ROUND_AND_ROUND: Final = npy(bytes(8), code="<f8") + npy(bytes(8), code="|u1", shape="(-128,)")

ZIPS: Final = (
    torch_row(
        "torch_zip_with_an_array_that_leads_back",
        lambda deed: zipped([("archive/a.npy", ROUND_AND_ROUND), *torch_members(deed)]),
        twin=False,
    ),
    torch_row("torch_zip", torch_zip),
    torch_row("torch_zip_without_checksum", lambda deed: with_crc(deed, bytes(4)), known="CVE-2025-10156"),
    torch_row("torch_zip_with_wrong_checksum", lambda deed: with_crc(deed, b"\1\2\3\4"), twin=False),
    torch_row(
        "torch_zip_said_to_be_encrypted",
        lambda deed: flags(deed, 1, 0),
        twin=False,
        known="CVE-2025-1945",
    ),
    torch_row("torch_zip_with_a_comment", lambda deed: zipped(torch_members(deed), comment=b"x" * 999)),
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
    torch_row("torch_zip_deflated", lambda deed: zipped(torch_members(deed), method=zipfile.ZIP_DEFLATED)),
    torch_row("torch_zip_with_garbage_behind", lambda deed: torch_zip(deed) + b"garbage" * 20, twin=False),
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
        lambda deed: renamed(deed, "model.safetensors"),
        load=opened("torch.load", "model.safetensors", weights_only=False),
        known="CVE-2025-1889",
    ),
    torch_row(
        "torch_zip_of_protocol_5",
        lambda deed: zipped([("archive/data.pkl", pickled(deed, 5)), *torch_members(deed)[1:]]),
    ),
    torch_row("torch_zip_mapped", torch_zip, load=loader("torch.load", weights_only=False, mmap=True)),
    torch_row(
        "torch_persistent_id_with_a_deed",
        lambda deed: torch_zip(
            group(text("storage"), named("torch:FloatStorage"), deed, text("cpu"), number(0)) + BINPERSID
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



def in_one_another(deed: bytes, times: int) -> bytes:
    """So many files, each in a buffer of the one around it."""
    for _ in range(times):
        deed = calling("torch.storage:_load_from_bytes", octets(torch_legacy(deed)))
    return pickled(deed)


LEGACY: Final = (
    *(
        torch_row(
            f"torch_legacy_in_one_another_{times}_times",
            lambda deed, times=times: in_one_another(deed, times),  # type: ignore[misc]
            load=opened("pickle.load"),
            twin=is_looked_into,
        )
        for times, is_looked_into in ((16, True), (17, False))
    ),
    *(
        torch_row(f"torch_legacy_{place}", lambda deed, place=place: torch_legacy(deed, place=place))  # type: ignore[misc]
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


SCRIPT: Final = f"""class M(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  found : Tensor
  def __getstate__(self: __torch__.M) -> Tuple[bool]:
    return (self.training,)
  def __setstate__(self: __torch__.M, state: Tuple[bool]) -> NoneType:
    self.training = (state)[0]
    self.found = torch.from_file("{CANARY}", True, 1)
    return None
"""
"""TorchScript that runs when the archive is loaded: from_file makes the file."""


def script(_: bytes) -> bytes:
    return zipped(
        [
            ("m/data.pkl", b"\x80\x02c__torch__\nM\n)\x81\x88\x85b."),
            ("m/code/__torch__.py", SCRIPT.encode()),
            ("m/constants.pkl", b"\x80\x02)."),
            ("m/version", b"3\n"),
            ("m/byteorder", b"little"),
        ]
    )


SCRIPTS: Final = (
    torch_row("torch_script_that_makes_a_file", script, twin=False),
    torch_row(
        "torch_script_mapped",
        script,
        load=loader("torch.load", weights_only=False, mmap=True),
        twin=False,
    ),
)


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

ROWS: Final = (*ZIPS, *LEGACY, *SCRIPTS, *PACKAGES)
