"""Objects of listed classes, as fragments, and rows about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .builders import (
    CANARY,
    NONE,
    calling,
    given,
    group,
    mapping,
    named,
    new,
    number,
    pickled,
    text,
)
from .rows import Row, canary, unpickle

NUMPY: Final = ("numpy",)
ONE: Final = group(number(1))
OVERWRITE: Final = (text(CANARY), text("uint8"), text("w+"), number(0), ONE)
"""The arguments with which memmap makes, or empties, a file."""

MEMMAP: Final = calling("numpy:memmap", *OVERWRITE)
NO_FILE: Final = text("no/such/file")


def opened(outcome: object) -> bool:
    """memmap was called with NO_FILE, and tried to open it."""
    return isinstance(outcome, FileNotFoundError)


def of_numpy(
    id: str,
    code: bytes,
    *,
    load: Callable[[], object] = unpickle,
    effect: Callable[[object], bool] = canary,
    needs: tuple[str, ...] = NUMPY,
    until: tuple[str, str] | None = None,
) -> Row:
    return Row(
        id=id,
        file=lambda _: pickled(code),
        load=load,
        effect=effect,
        needs=needs,
        until=until,
    )


def then(use: Callable[[Any], object]) -> Callable[[], object]:
    """A program that uses what it loaded."""
    return lambda: use(unpickle())


def namespace(**attributes: bytes) -> bytes:
    """A Namespace, given these attributes in the ordinary way."""
    return given(new(named("argparse:Namespace")), attributes_of(**attributes))


def attributes_of(**attributes: bytes) -> bytes:
    return mapping(*((text(name), value) for name, value in attributes.items()))


def slots(**attributes: bytes) -> bytes:
    """The state that BUILD sets by setattr."""
    return group(NONE, attributes_of(**attributes))
