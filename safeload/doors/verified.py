"""Where the bytes of a load are verified: of a library's own loader, and of an unpickler's file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from safeload import grants, guard
from safeload.doors.safetensors_content import safetensors_in
from safeload.pins import granting
from safeload.tape import Tape


@contextmanager
def bytes_of(load: guard.Announcement, source: Any, *, by_name: bool = False) -> Iterator[Any]:
    """What to load: the bytes that a grant names, where they cannot change any more, or else the source itself.

    Args:
        by_name: the library maps the file into memory, and has to open it by a name.

    Raises:
        NotPinnedError: these bytes may not load here.
    """
    if load.trusted or not grants.any_trust():
        yield source
        return
    load.grant = load.held = None  # of another file, whose load makes this one
    is_path = isinstance(source, str | os.PathLike)
    answer, held = granting.of_path(source, load.path) if is_path else granting.of_file(source, load.path)
    if held is None:
        guard.admit(load, answer)
        yield source
        return
    file = held.again()
    try:
        stream = file if is_path else _over(source, file)
        if stream is None:
            guard.admit(load, granting.of_what_is_no_file(load.path))
            yield source
            return
        guard.admit(load, answer, held)
        load.held = held
        if is_path:
            yield held.path if by_name else file
        else:
            yield stream
            source.seek(stream.tell())
        if held.has_changed():
            guard.refuse_unread(load, "it was changed while it was being loaded")
    finally:
        file.close()
        if is_path:
            held.close()


def _over(source: Any, file: BinaryIO) -> Any:
    """The user's stream over verified bytes; None where there is no such stream."""
    try:
        return granting.over(source, file)
    except Exception:  # noqa: BLE001 - it says itself what is wrong with it, when it is read
        return None


def with_source(
    args: tuple[Any, ...], options: dict[str, Any], name: str, source: Any
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call with another first one, however its caller wrote it."""
    if (args[0] if args else options.get(name)) is source:
        return args, options
    if args:
        return (source, *args[1:]), options
    return args, {**options, name: source} if name in options else options


def is_let_in(load: guard.Load, tape: Tape) -> bool:
    """Whether a grant of the very bytes spares them a look; what else it gives, is in force from here on."""
    if not grants.any_trust() or (load.grant is not None and tape.is_part_of(load.held)):
        return False
    load.grant = load.held = None  # of another file, whose load reads this one
    guard.admit(load, *tape.verify(load.named()[1]))
    return load.trusted


def verified_safetensors(file: Any) -> dict[str, Any] | None:
    """The tensors of a file that begins as safetensors do, where its bytes may load; None if it is none."""
    if not grants.any_trust():
        return safetensors_in(file)
    with guard.Announcement("pickle.load", file) as load, bytes_of(load, file) as verified:
        return safetensors_in(verified)
