"""What bytes are, and the words for it: by content alone."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
import zlib

import pytest

from safeload.scan.sniff import HEAD, Kind, looks_like, sniff


def tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return out.getvalue()


def counted_with_signs() -> bytes:
    """As old tars did: bytes from 128 on count as negative."""
    head = bytearray(tar()[:512])
    head[:2] = b"\xe9\xff"
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(byte if byte < 128 else byte - 256 for byte in head)
    return bytes(head)


def lied_about(data: bytes) -> bytes:
    """A tar header with another checksum."""
    return data[:148] + b"0000000\0" + data[156:]


SAFETENSORS = (2).to_bytes(8, "little") + b"{}"

CASES = {
    # what it is                     bytes                                kind              words
    "protocol 5": (pickle.dumps([1], 5), Kind.PICKLE, ""),
    "protocol 0": (pickle.dumps([1], 0), Kind.PICKLE, "text"),
    "text of another encoding": (b"caf\xe9 au lait", Kind.PICKLE, ""),
    "nothing": (b"", Kind.PICKLE, "an empty file"),
    "zip": (b"PK\x03\x04rest", Kind.ZIP, "a zip archive"),
    "npy": (b"\x93NUMPY\x01\0", Kind.NPY, "numpy"),
    "gzip": (gzip.compress(b"a"), Kind.GZIP, "gzip"),
    "bzip2": (bz2.compress(b"a"), Kind.BZ2, "bzip2"),
    "xz": (lzma.compress(b"a"), Kind.XZ, "xz"),
    "lzma": (lzma.compress(b"a", lzma.FORMAT_ALONE), Kind.LZMA, "lzma"),
    "zlib, fast": (zlib.compress(b"a", 1), Kind.ZLIB, "joblib"),
    "zlib, best": (zlib.compress(b"a", 9), Kind.ZLIB, "joblib"),
    "lz4": (b"\x04\x22\x4d\x18\x40", Kind.LZ4, "lz4"),
    "joblib of old": (b"ZF0x10            ", Kind.ZFILE, "old joblib"),
    "tar": (tar(), Kind.TAR, "a tar archive"),
    "tar whose checksum counts with signs": (counted_with_signs(), Kind.TAR, "a tar archive"),
    "tar with another checksum": (lied_about(tar()), Kind.PICKLE, ""),
    "safetensors": (SAFETENSORS, Kind.SAFETENSORS, "safetensors"),
    "7z": (b"7z\xbc\xaf\x27\x1c\0\4", Kind.FOREIGN, "7z archive"),
    "rar": (b"Rar!\x1a\x07\x01\0", Kind.FOREIGN, "rar archive"),
    "zstandard": (b"\x28\xb5\x2f\xfd", Kind.FOREIGN, "zstandard"),
    "HDF5": (b"\x89HDF\r\n\x1a\n", Kind.FOREIGN, "HDF5"),
    "GGUF": (b"GGUF\x03", Kind.FOREIGN, "GGUF"),
    "git-LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", Kind.FOREIGN, "git lfs pull"),
    "HTML": (b"\r\n <!DOCTYPE html><html>", Kind.PICKLE, "login or error page"),
    "HTML with a byte order mark": (b"\xef\xbb\xbf<html lang=en>", Kind.PICKLE, "HTML"),
    "XML": (b"<?xml version='1.0'?><Error>", Kind.FOREIGN, "XML"),
    "JSON": (b'{"error": "no such key"}', Kind.PICKLE, "JSON"),
    "text": (b"Not Found\n", Kind.PICKLE, "text"),
    "text in UTF-8, cut in a letter": ("naïveté €€".encode()[:-1], Kind.PICKLE, "text"),
    "zeros": (bytes(2000), Kind.PICKLE, "zero bytes"),
    "other bytes": (b"\x01\x02\xff\x00rest", Kind.PICKLE, ""),
}


@pytest.mark.parametrize(("data", "kind", "words"), CASES.values(), ids=CASES)
def test_bytes_are_told_by_their_beginning(data: bytes, kind: Kind, words: str) -> None:
    assert sniff(data[:HEAD]) is kind
    found = looks_like(data[:HEAD])
    assert words in found
    assert bool(words) == bool(found)
