"""States that are objects: as a dict of attributes is judged, so are the names in what becomes one."""

from __future__ import annotations

import io
import pickle
from typing import Any

import pytest
from evasions.builders import (
    BINPERSID,
    NONE,
    POP,
    calling,
    get,
    given,
    group,
    kept,
    listing,
    mapping,
    named,
    new,
    number,
    octets,
    pickled,
    put,
    sequence,
    text,
)

import safeload

OWN = new(named("plain_classes:Simple"))
ALLOWED = [f"plain_classes:{name}" for name in ("Simple", "Table", "Pair", "Name")]
SPECIAL = mapping((text("__x__"), NONE))
ORDERED = calling("collections:OrderedDict")


def numpys(letters: str, data: bytes, order: str = "<") -> bytes:
    """A scalar of numpy's."""
    sizes = map(number, (len(data), 4, 8) if letters.startswith("U") else (-1, -1, 0))
    dtype = given(
        calling("numpy:dtype", text(letters), number(0), number(1)),
        group(number(3), text(order), NONE, NONE, NONE, *sizes),
    )
    return calling("numpy._core.multiarray:scalar", dtype, octets(data))


def item(target: bytes, key: bytes) -> bytes:
    return target + key + number(1) + b"s"


# What an object of the program's is given for its state, and whether there is leave for it.
STATES = {
    "a dict": (mapping((text("x"), NONE)), True),
    "an ordered dict": (item(ORDERED, text("x")), True),
    "an ordered dict, of pairs": (calling("collections:OrderedDict", listing(listing(text("x"), NONE))), True),
    "slots in an ordered dict": (group(NONE, item(ORDERED, text("x"))), True),
    "a tuple of three": (group(text("__x__"), NONE, NONE), True),
    "a number of numpy's": (numpys("i8", bytes(8)), True),
    "a named tuple": (new(named("plain_classes:Pair"), NONE, mapping((text("x"), NONE))), True),
    "an ordered dict with a special item": (item(ORDERED, text("__x__")), False),
    "an ordered dict with a made item": (item(ORDERED, calling("builtins:str", text("__x__"))), False),
    "slots in such a dict": (group(NONE, item(ORDERED, text("__x__"))), False),
    "a named tuple of a special item": (new(named("plain_classes:Pair"), NONE, SPECIAL), False),
    "a dict with a name from an id": (mapping((group(text("ours"), text("__x__")) + BINPERSID, NONE)), False),
    "something from an id": (group(text("ours"), number(1)) + BINPERSID, True),
    "something special from an id": (group(text("ours"), SPECIAL) + BINPERSID, False),
    "one by reconstructor": (
        calling(
            "copyreg:_reconstructor",
            named("plain_classes:Pair"),
            named("builtins:tuple"),
            group(NONE, SPECIAL),
        ),
        False,
    ),
}


class Loader(pickle.Unpickler):
    """Whose persistent ids hold what they are of."""

    def persistent_load(self, pid: Any) -> Any:
        return pid[1]


def is_let_through(*streams: bytes) -> bool:
    """Whether nobody refuses it: what the classes make of such a state is their own affair."""
    unpickler = Loader(io.BytesIO(b"".join(streams)))
    with safeload.allow(*ALLOWED):
        for number_, _ in enumerate(streams, 1):
            try:
                unpickler.load()
            except safeload.BlockedLoadError:
                assert number_ == len(streams)
                return False
            except (pickle.UnpicklingError, TypeError):
                pass
    return True


@pytest.mark.parametrize(("state", "leave"), STATES.values(), ids=STATES)
def test_a_state(state: bytes, leave: bool) -> None:  # noqa: FBT001 - a column
    assert is_let_through(pickled(given(OWN, state))) is leave
    assert is_let_through(pickled(state + put(0)), pickled(given(OWN, get(0)))) is leave, "of an earlier stream"


TABLE = new(named("plain_classes:Table"))

# A dict of the program's, whose items may be attributes too, and whether there is leave for it.
ITEMS = {
    "it is its own state": (sequence(kept(0, item(TABLE, text("x"))), given(get(0), get(0))), True),
    "a number": (item(TABLE, number(1)), True),
    "a number of numpy's": (item(TABLE, numpys("i8", b"__\0\0\0\0\0\0")), True),
    "a text of numpy's": (item(TABLE, numpys("U3", "abc".encode("utf-32-le"))), True),
    "a tuple": (item(TABLE, group(text("__x__"))), True),
    "a date": (item(TABLE, calling("datetime:date", octets(b"\x07\xe4\x01\x01"))), True),
    "special": (item(TABLE, text("__x__")), False),
    "something from an id": (item(TABLE, group(text("ours"), number(1)) + BINPERSID), True),
    "something special from an id": (item(TABLE, group(text("ours"), text("__x__")) + BINPERSID), False),
    "special, of numpy's": (item(TABLE, numpys("U5", "__x__".encode("utf-32-le"))), False),
    "special, of numpy's the other way": (item(TABLE, numpys("U5", "__x__".encode("utf-32-be"), ">")), False),
    "special, as a version": (item(TABLE, calling("torch.torch_version:TorchVersion", text("__x__"))), False),
}


@pytest.mark.parametrize(("fragment", "leave"), ITEMS.values(), ids=ITEMS)
def test_an_item(fragment: bytes, leave: bool) -> None:  # noqa: FBT001 - a column
    assert is_let_through(pickled(sequence(fragment, POP, NONE))) is leave
