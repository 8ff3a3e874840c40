"""A tar of anything: its pickles are looked at, and text beside them is none."""

from __future__ import annotations

import io
import pickle
import tarfile

import pytest

import safeload

MEMBERS = {
    "text": (b"how to use this: read on\n", ""),
    "a pickle": (pickle.dumps([1]), ""),
    "a pickle cut short": (pickle.dumps(["a" * 99])[:50], "more: "),
    "an array cut short": (b"\x93NUMPY\x01\0", "more: "),
}


@pytest.mark.parametrize(("data", "problem"), MEMBERS.values(), ids=MEMBERS)
def test_what_lies_beside_a_pickle(data: bytes, problem: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, content in {"a.pkl": pickle.dumps({1: 2}), "more": data}.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    found = safeload.scan(file.getvalue())
    assert problem in found.problem
    assert bool(found.problem) is bool(problem)
