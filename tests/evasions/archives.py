"""The containers that pickles come in, written by hand, and ways to write them wrongly."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from typing import Final

from .builders import (
    FALSE,
    NONE,
    TRUE,
    calling,
    frame,
    given,
    group,
    listing,
    mapping,
    named,
    new,
    number,
    pickled,
    proto,
    text,
)

LOCAL: Final = b"PK\x03\x04"
CENTRAL: Final = b"PK\x01\x02"

Members = Iterable[tuple[str, bytes]]


def zipped(members: Members, *, comment: bytes = b"", method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive; members may repeat."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.comment = comment
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def torch_members(deed: bytes, top: str = "archive") -> list[tuple[str, bytes]]:
    """What ``torch.save`` writes of an object without tensors."""
    return [
        (f"{top}/data.pkl", pickled(deed, 2)),
        (f"{top}/byteorder", b"little"),
        (f"{top}/version", b"3\n"),
    ]


def torch_zip(deed: bytes) -> bytes:
    return zipped(torch_members(deed))


def patched(data: bytes, name: str, local: tuple[int, bytes], central: tuple[int, bytes]) -> bytes:
    """Overwrite fields of both headers of a member: each an offset within its header and bytes."""
    out = bytearray(data)
    for magic, (offset, value), length in ((LOCAL, local, 30), (CENTRAL, central, 46)):
        at = out.find(magic)
        while at >= 0:
            if out[at + length :].startswith(name.encode()):
                out[at + offset : at + offset + len(value)] = value
            at = out.find(magic, at + 4)
    return bytes(out)


def torch_legacy(
    deed: bytes,
    *,
    place: str = "object",
) -> bytes:
    """The five pickles that ``torch.save`` wrote before zip, the deed standing in one of them."""
    little = mapping(
        (text("protocol_version"), number(1001)),
        (text("little_endian"), TRUE),
        (text("type_sizes"), mapping((text("int"), number(4)))),
    )
    parts = {
        "magic": number(0x1950A86A20F9469CFC6C),
        "protocol": number(1001),
        "system": little,
        "object": mapping((text("w"), number(1))),
        "keys": listing(),
    }
    assert place in parts
    before = {**parts, place: deed if place in ("object", "system") else deed + b"0" + parts[place]}
    return b"".join(pickled(part, 2) for part in before.values())


def torch_tar(deed: bytes, place: str) -> bytes:
    """The tar archive of the first torch releases."""
    none = pickled(number(0), 2)
    files = {
        "storages": none + pickled(listing(), 2),
        "tensors": none,
        "pickle": pickled(listing(), 2),
    }
    files[place] = (
        pickled(deed, 2) if place == "pickle" else pickled(deed + b"0" + number(0), 2) + files[place][len(none) :]
    )
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def dtype(code: str = "f8", *, state: bytes = b"") -> bytes:
    """``numpy.dtype`` as numpy pickles it."""
    made = calling("numpy:dtype", text(code), FALSE, TRUE)
    order = text("|" if code[0] in "OSVb" else "<")
    flags = number(63 if code[0] == "O" else 0)
    return given(made, state or group(number(3), order, NONE, NONE, NONE, number(-1), number(-1), flags))


def array(content: bytes, *, of: bytes | None = None, shape: bytes = b"") -> bytes:
    """``numpy.ndarray`` as numpy pickles it: content is a fragment that pushes bytes or a list."""
    empty = calling(
        "numpy.core.multiarray:_reconstruct",
        named("numpy:ndarray"),
        group(number(0)),
        b"C\x01b",
    )
    return given(empty, group(number(1), shape or group(number(1)), of or dtype(), FALSE, content))


def object_array(deed: bytes) -> bytes:
    return array(listing(deed), of=dtype("O8"))


def joblib_array(data: bytes, *, of: bytes | None = None, shape: bytes = b"", **more: bytes) -> bytes:
    """An array in a joblib file: the wrapper's BUILD, then the raw bytes, then the next opcode."""
    state = mapping(
        (text("subclass"), named("numpy:ndarray")),
        (text("shape"), shape or group(number(1))),
        (text("order"), text("C")),
        (text("dtype"), of or dtype()),
        (text("allow_mmap"), TRUE),
        *((text(key), value) for key, value in more.items()),
    )
    return given(new(named("joblib.numpy_pickle:NumpyArrayWrapper")), state) + data


def npy(payload: bytes, *, code: str = "|O", shape: str = "(1,)") -> bytes:
    """A .npy file; for objects the payload is a pickle."""
    header = f"{{'descr': '{code}', 'fortran_order': False, 'shape': {shape}, }}"
    padded = header.ljust(118 - 1) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode() + payload


def shelf(key: str, value: bytes) -> dict[str, bytes]:
    """A shelf in dbm.dumb's two files."""
    return {
        "shelf.dat": value.ljust(512, b"\0"),
        "shelf.dir": f"{key!r}, (0, {len(value)})\n".encode(),
    }


def z_file(data: bytes, compress: Callable[[bytes], bytes]) -> bytes:
    """joblib's own container of versions before 0.10: its length in hexadecimal, then zlib."""
    return b"ZF" + hex(len(data)).ljust(len(hex(2**64))).encode() + compress(data)


def framed(body: bytes) -> bytes:
    return proto(4) + frame(len(body) + 1) + body + b"."
