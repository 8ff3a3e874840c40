"""What bytes are, told by their first kilobyte and never by a file's name."""

from __future__ import annotations

import codecs
import enum
import zlib
from typing import Final, NamedTuple

HEAD: Final = 1024
"""Bytes that :func:`sniff` and :func:`looks_like` want to see."""


class Kind(enum.Enum):
    """What can be looked into; everything else is ``FOREIGN``, and no pickle."""

    PICKLE = "pickle"
    ZIP = "zip"
    TAR = "tar"
    NPY = "npy"
    GZIP = "gzip"
    ZLIB = "zlib"
    BZ2 = "bz2"
    XZ = "xz"
    LZMA = "lzma"
    LZ4 = "lz4"
    ZFILE = "joblib zlib"
    SAFETENSORS = "safetensors"
    FOREIGN = "foreign"


class Mark(NamedTuple):
    """Bytes at the beginning of a file, and what they say."""

    prefix: bytes
    kind: Kind
    words: str
    offset: int = 0


_MARKS: Final = (
    Mark(b"PK\x03\x04", Kind.ZIP, "a zip archive"),
    Mark(b"PK\x05\x06", Kind.ZIP, "an empty zip archive"),
    Mark(b"\x93NUMPY", Kind.NPY, "a numpy array file (numpy.load reads it)"),
    Mark(b"\x1f\x8b", Kind.GZIP, "a gzip file: decompress it, or use a loader that does"),
    Mark(b"BZh", Kind.BZ2, "a bzip2 file: decompress it, or use a loader that does"),
    Mark(b"\xfd7zXZ\x00", Kind.XZ, "an xz file: decompress it, or use a loader that does"),
    Mark(b"\x5d\x00\x00", Kind.LZMA, "an lzma file: decompress it, or use a loader that does"),
    Mark(b"\x04\x22\x4d\x18", Kind.LZ4, "an lz4 file: decompress it, or use a loader that does"),
    Mark(b"ZF0x", Kind.ZFILE, "a compressed file of an old joblib (joblib.load reads it)"),
    Mark(b"\x28\xb5\x2f\xfd", Kind.FOREIGN, "a zstandard file: decompress it first"),
    Mark(b"7z\xbc\xaf\x27\x1c", Kind.FOREIGN, "a 7z archive: unpack it first"),
    Mark(b"Rar!\x1a\x07", Kind.FOREIGN, "a rar archive: unpack it first"),
    Mark(b"\x89HDF\r\n\x1a\n", Kind.FOREIGN, "an HDF5 file, as Keras and pandas write (.h5)"),
    Mark(b"GGUF", Kind.FOREIGN, "a GGUF file, as llama.cpp reads"),
    Mark(b"TFL3", Kind.FOREIGN, "a TensorFlow Lite model", 4),
    Mark(b"PAR1", Kind.FOREIGN, "a Parquet table (pandas.read_parquet reads it)"),
    Mark(b"ARROW1", Kind.FOREIGN, "an Arrow or Feather table"),
    Mark(b"SQLite format 3\x00", Kind.FOREIGN, "an SQLite database"),
    Mark(b"\x7fELF", Kind.FOREIGN, "a Linux program or library"),
    Mark(b"MZ", Kind.FOREIGN, "a Windows program or library"),
    Mark(b"\x89PNG", Kind.FOREIGN, "a PNG picture"),
    Mark(b"\xff\xd8\xff", Kind.FOREIGN, "a JPEG picture"),
    Mark(b"%PDF", Kind.FOREIGN, "a PDF document"),
    Mark(
        b"version https://git-lfs",
        Kind.FOREIGN,
        "a git-LFS pointer, not the file it stands for: run 'git lfs pull'",
    ),
    Mark(b"version https://hawser", Kind.FOREIGN, "a git-LFS pointer: run 'git lfs pull'"),
    Mark(b"<?xml", Kind.FOREIGN, "an XML document, perhaps a storage service's error message"),
)

# Most files are looked at and have none: so only those are tried that begin as a file does.
_ANYWHERE: Final = tuple(mark for mark in _MARKS if mark.offset)
_BY_FIRST: Final = {
    mark.prefix[:1]: tuple(one for one in _MARKS if one.offset or one.prefix[:1] == mark.prefix[:1])
    for mark in _MARKS
    if not mark.offset
}

_HTML: Final = (b"<!doctype html", b"<html", b"<head", b"<script", b"<!--")
_MAX_SAFETENSORS_HEADER: Final = 100_000_000
_TAR_BLOCK: Final = 512
_UTF_8: Final = codecs.getincrementaldecoder("utf-8")


def sniff(head: bytes) -> Kind:
    """Say how to look into a file that begins with ``head``."""
    mark = _mark(head)
    if mark is not None:
        return mark.kind
    if is_safetensors(head) and not (_is_zlib(head) and _unpacks(head)):
        return Kind.SAFETENSORS
    if _is_zlib(head):
        return Kind.ZLIB
    return Kind.TAR if is_tar(head) else Kind.PICKLE


def looks_like(head: bytes) -> str:
    """What somebody who expected a pickle has got, in words; empty where nothing can be told."""
    if not head:
        return "an empty file"
    mark = _mark(head)
    if mark is not None:
        return mark.words
    if is_safetensors(head):
        return "a safetensors file (safetensors.torch.load_file reads it)"
    if _is_zlib(head):
        return "a zlib stream, as joblib writes (joblib.load reads it)"
    if is_tar(head):
        return "a tar archive: unpack it first"
    return _text_looks_like(head)


def is_tar(head: bytes) -> bool:
    """Whether this is a tar header, by the checksum that every kind of tar has."""
    if len(head) < _TAR_BLOCK or not head[0]:
        return False
    block = head[:_TAR_BLOCK]
    try:
        stated = int(block[148:156].split(b"\0")[0].strip() or b"x", 8)
    except ValueError:
        return False
    counted = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 * (byte > 127) for byte in counted)  # noqa: PLR2004 - as old tars count
    return stated in (sum(counted), signed)


def is_safetensors(head: bytes) -> bool:
    """Whether this is the length of a JSON header and its first brace."""
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and 1 < length <= _MAX_SAFETENSORS_HEADER


def _mark(head: bytes) -> Mark | None:
    marks = _BY_FIRST.get(head[:1], _ANYWHERE)
    return next((mark for mark in marks if head.startswith(mark.prefix, mark.offset)), None)


def _is_zlib(head: bytes) -> bool:
    return head[:1] == b"x" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0


def _unpacks(head: bytes) -> bool:
    """Whether it is zlib's further on: the length of a safetensors header may begin as zlib does."""
    try:
        zlib.decompressobj().decompress(head)
    except zlib.error:
        return False
    return True


def _text_looks_like(head: bytes) -> str:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.lower().startswith(_HTML):
        return "an HTML page, probably a login or error page"
    if not head.strip(b"\0"):
        return "nothing but zero bytes: the download or the disk failed"
    if any(byte < ord(" ") and byte not in b"\t\n\r\f\x1b" for byte in head):
        return ""
    try:
        _UTF_8().decode(head)  # which may end within a letter
    except UnicodeDecodeError:
        return ""
    return "a JSON document" if text[:1] in (b"{", b"[") else "text"
