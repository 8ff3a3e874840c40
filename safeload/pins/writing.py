"""Pins to a lock file: sorted and with each value on its line, so that a review shows what changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from safeload.errors import PolicyError
from safeload.pins import reading
from safeload.pins.lock import VERSION, Lock, Pin

HEAD: Final = (
    "# Bytes that may load, by their digest. Written by `safeload pin`; each entry is a decision to be reviewed.",
    f"version = {VERSION}",
)
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def as_text(lock: Lock) -> str:
    """The file, whole; reading it gives the same lock."""
    tables = ["\n".join(_table(lock.pins[digest])) for digest in sorted(lock.pins)]
    return "\n\n".join(("\n".join(HEAD), *tables)) + "\n"


def _table(pin: Pin) -> list[str]:
    lines = [
        "[[file]]",
        f"sha256 = {_text(pin.sha256)}",
        f"size = {pin.size}",
        f"grant = {_text(pin.level.value)}",
        f"reason = {_text(pin.reason)}",
        f"pinned = {pin.pinned.isoformat()}",
    ]
    if pin.expires is not None:
        lines.append(f"expires = {pin.expires.isoformat()}")
    lines += _list("paths", pin.paths)
    for key, value in (("source", pin.source), ("safetensors", pin.safetensors), ("signed_by", pin.signed_by)):
        if value:
            lines.append(f"{key} = {_text(value)}")
    # Last: it is the longest, and what a review looks at when it changes.
    return lines + _list("globals", tuple(f"{ref.module}:{ref.qualname}" for ref in pin.globals))


def _list(key: str, items: tuple[str, ...]) -> list[str]:
    return [f"{key} = [", *(f"    {_text(item)}," for item in sorted(set(items))), "]"] if items else []


def _text(value: str) -> str:
    """A basic string of TOML, with everything escaped that could write over a terminal or end it."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _code(c)) for c in value) + '"'


def _code(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"  # noqa: PLR2004 - what fits four digits


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Whoever adds to a lock file reads it and writes it anew: of two at once, one waits for the other."""
    try:
        import fcntl
    except ImportError:  # Windows: whoever writes last wins
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems know no locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def write(lock: Lock) -> None:
    """Put the file where it belongs, whole or not at all.

    Raises:
        PolicyError: it is a link, or what would be written could not be read again.
        OSError: it cannot be written.
    """
    path = Path(lock.path)
    if path.is_symlink():
        msg = f"{path}: it is a link; name the file that it leads to, so that it is clear what is written"
        raise PolicyError(msg)
    text = as_text(lock)
    reading.parse(path, text)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with open(new, "x", encoding="utf-8", newline="\n") as file:  # noqa: PTH123 - "x", as pathlib's has it too
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            new.chmod(path.stat().st_mode & 0o7777)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
