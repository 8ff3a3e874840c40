"""``scan()`` and ``check()``: what a file asks for, and what the policy would say. Nothing is loaded."""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, BinaryIO

from safeload import grants, loads
from safeload.activation import current_policy
from safeload.pins import granting
from safeload.pins.lock import Level
from safeload.plain import WithPlain
from safeload.policy import Policy, Verdict
from safeload.rulebook import ToldApart
from safeload.scan import readers
from safeload.scan.entry import Rulebook
from safeload.scan.nested import BULK
from safeload.scan.reading import Archive, Reading
from safeload.scan.report import Report
from safeload.scan.window import Window
from safeload.state import COLLECTION_PAUSED

Source = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


def scan(source: Source) -> Report:
    """Say what a file asks for, without loading it: nothing in it is imported, called or built.

    The format is told by the content. Argument rules of all shipped lists are put to the test,
    whatever the policy in force is.

    Args:
        source: a path, the bytes themselves, or a file open for reading, which is looked at from
            where it stands and left there.

    Raises:
        OSError: the file cannot be opened or read.
        TypeError: it is a text file, or cannot go back to where it stood.
    """
    return _report(source, _told_apart(Policy()))


def check(source: Source, policy: Policy | None = None) -> Verdict:
    """Say what a policy would make of a load; without one, the policy in force here.

    Takes and raises what :func:`scan` does.
    """
    return judged(source, policy)[1]


def judged(source: Source, policy: Policy | None = None) -> tuple[Report, Verdict]:
    """The report on a file and the verdict on it, from one reading."""
    policy = current_policy() if policy is None else policy
    answer = _of_the_bytes(source) if grants.any_trust() else granting.NOTHING
    if answer.grant is not None:
        policy = grants.widened(policy, answer.grant.names)
    report, verdict = judged_by_names(source, policy)
    if answer.grant is not None and answer.grant.level is Level.PICKLE:
        return report, Verdict(profiles=(answer.grant.by,))
    return report, replace(granting.credited(verdict, answer.grant), unpinned=answer.refused)


def judged_by_names(source: Source, policy: Policy) -> tuple[Report, Verdict]:
    """The report on a file and the verdict on what it asks for, whatever is pinned or trusted."""
    report = _report(source, _told_apart(policy))
    verdict = policy.judge(report)
    planted = loads.planted(report)  # one judgement, wherever it is asked for
    return report, replace(verdict, refused=verdict.refused + planted)


@lru_cache(maxsize=8)
def _told_apart(policy: Policy) -> Rulebook:
    """The policy's rulebook with no plain entries, so that the report has every use of every name."""
    rulebook = policy.rulebook()
    return WithPlain(ToldApart(rulebook.listed)) if isinstance(rulebook, WithPlain) else ToldApart(rulebook)


def _report(source: Source, rulebook: Rulebook) -> Report:
    torch = _torch_archive if _is_installed("torch") else None
    is_far = sys.modules.get("torch") is None
    reading = Reading(rulebook=rulebook, read=readers.read, torch_archive=torch, is_far=is_far)
    with _opened(source) as file, COLLECTION_PAUSED:
        return readers.read(file, reading)


def _is_installed(name: str) -> bool:
    """Whether there is such a library; the search goes through all of sys.path, so what is imported answers first."""
    return sys.modules.get(name) is not None or _is_found(name, tuple(sys.path))


@lru_cache(maxsize=8)
def _is_found(name: str, _path: tuple[str, ...]) -> bool:
    return find_spec(name) is not None


@contextmanager
def _opened(source: Source) -> Iterator[io.BufferedReader[Any]]:
    """The source as a file that begins where the source stands."""
    if isinstance(source, bytes | bytearray | memoryview):
        yield io.BufferedReader(io.BytesIO(source), BULK)
    elif isinstance(source, str | os.PathLike):
        with io.BufferedReader(io.FileIO(source, opener=_no_pipe), BULK) as file:
            yield file
    else:
        with _window(source) as file:
            yield file


def _no_pipe(path: str, flags: int) -> int:
    """Open a file; whoever gives its name waits for nobody to write into it.

    Raises:
        OSError: it is a pipe, in which no reader can go back.
    """
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.ESPIPE, "this is a pipe: read it and scan the bytes", path)
    if hasattr(os, "set_blocking"):
        os.set_blocking(descriptor, True)
    return descriptor


@contextmanager
def _window(source: Any) -> Iterator[io.BufferedReader[Any]]:
    if isinstance(source, io.TextIOBase) or not hasattr(source, "read"):
        msg = f"a path, bytes or a file open in binary mode is needed, not {source!r}"
        raise TypeError(msg)
    if not hasattr(source, "seek") or not getattr(source, "seekable", _yes)():
        msg = "this file cannot go back to where it stood: read it and scan the bytes"
        raise TypeError(msg)
    start = source.tell()
    try:
        end = source.seek(0, io.SEEK_END)
        yield io.BufferedReader(Window(source, start, source.tell() if end is None else end), BULK)
    finally:
        source.seek(start)


def _yes() -> bool:
    return True


def _of_the_bytes(source: Source) -> granting.Answer:
    """What grants say of the source's very bytes, as a load of them would hear it."""
    if isinstance(source, str | os.PathLike):
        answer, held = granting.of_path(source, os.fsdecode(source))
        if held is not None:
            held.close()
        return answer
    if isinstance(source, bytes | bytearray | memoryview):
        return granting.of_bytes(source)[0]
    return granting.of_file(source, loads.path_of(source))[0]


class _TorchArchive:
    """:class:`safeload.scan.reading.Archive` by the reader that ``torch.load`` uses."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def names(self) -> frozenset[str]:
        return frozenset(self._reader.get_all_records())

    def record(self, name: str) -> bytes:
        content: bytes = self._reader.get_record(name)
        return content


def _torch_archive(file: BinaryIO) -> Archive:
    import torch

    return _TorchArchive(torch._C.PyTorchFileReader(file))  # torch has no public one
