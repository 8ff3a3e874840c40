"""What is given to objects: followed as deep as constructors copy, and again when the stream is over."""

from __future__ import annotations

import pytest
from allowlists.judged import BOOK, refusals
from evasions.builders import (
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
    sequence,
    text,
)

from safeload.scan.inert import Recorder
from safeload.scan.look import look_at_bytes
from safeload.scan.report import GlobalRef, Use
from safeload.scan.standin import is_cache

COUNT = calling("itertools:count", number(0))
MEMMAP = named("numpy:memmap")
ARRAY = calling("numpy.core.multiarray:_reconstruct", named("numpy:ndarray"), group(number(0)), octets(b"b"))
LEFT_AS_IT_IS = group(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0))
FLOAT = given(calling("numpy:dtype", text("f8"), number(0), number(1)), LEFT_AS_IT_IS)
ITS_STATE = group(number(1), group(number(1)), FLOAT, number(0), octets(bytes(8)))


def partial(function: str, args: bytes, keywords: bytes) -> bytes:
    made = calling("functools:partial", named(function))
    return given(made, group(named(function), args, keywords, NONE))


def with_its_keywords_changed(function: str, key: str, value: bytes) -> bytes:
    return sequence(
        kept(0, mapping()), kept(1, partial(function, group(), get(0))), get(0), text(key), value, b"s", POP, get(1)
    )


# A stream, and what is said of it; nothing where it loads.
ROWS = {
    "a counter as an argument": (
        calling("builtins:ValueError", COUNT),
        "itertools:count: is given to builtins:ValueError, which may run it to its end",
    ),
    "a counter in a list that is copied": (
        calling("builtins:list", listing(COUNT)),
        "itertools:count: is given to builtins:list, which may run it to its end",
    ),
    "a counter deeper than what is copied": (calling("builtins:list", listing(listing(COUNT))), ""),
    "an array that gets its state too late": (
        sequence(
            kept(0, ARRAY), kept(1, calling("builtins:ValueError", get(0))), kept(2, given(get(0), ITS_STATE)), get(1)
        ),
        "numpy:ndarray: is given to builtins:ValueError before its state",
    ),
    "an array with its state": (calling("builtins:ValueError", given(ARRAY, ITS_STATE)), ""),
    "a partial's keywords, changed": (
        with_its_keywords_changed("builtins:bytes", "source", number(2**40)),
        "functools:partial: has its arguments changed afterwards",
    ),
    "a partial's keywords, changed to what overwrites files": (
        with_its_keywords_changed("numpy:mean", "a", MEMMAP),
        "numpy:memmap: is kept by functools:partial",
    ),
    "a partial's list, changed to what overwrites files": (
        sequence(
            kept(0, listing()), kept(1, partial("numpy:mean", group(get(0)), NONE)), get(0), MEMMAP, b"a", POP, get(1)
        ),
        "numpy:memmap: is kept by functools:partial",
    ),
    "classes in a list that a defaultdict holds": (
        calling("collections:defaultdict", named("builtins:list")) + b"(" + text("k") + listing(listing(MEMMAP)) + b"u",
        "",
    ),
    "an object of a class that no list has, with its state": (
        given(new(named("mylab.nets:Head")), mapping((text("a"), number(1)))),
        "mylab.nets:Head is on no list",
    ),
    "a partial as it is written": (
        partial("numpy:mean", group(listing(number(1))), mapping((text("axis"), number(0)))),
        "",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fragment", "said"), ROWS.values(), ids=ROWS)
def test_what_is_given_to_objects(fragment: bytes, said: str) -> None:
    assert refusals(pickled(fragment)) == ([said] if said else [])
    report = look_at_bytes(pickled(fragment), Recorder(BOOK, lambda _form, _data: None))
    assert not any(objection.structural for objection in report.objections), "no name's allowance could let it in"


CACHES = {
    "a dict, where pandas keeps its properties": ("pandas.arrays", {}, True),
    "none yet, where pandas keeps its properties": ("pandas.arrays", None, True),
    "a number, where pandas' C code takes it for a dict": ("pandas.arrays", 7, False),
    "a number, where it is a program's own": ("mylab.nets", 7, True),
    "a number, where pandas is another's": ("mylab.pandas", 7, True),
}


@pytest.mark.parametrize(("module", "value", "allowed"), CACHES.values(), ids=CACHES)
def test_what_may_stand_where_properties_are_kept(module: str, value: object, allowed: bool) -> None:  # noqa: FBT001 - a column
    assert is_cache(GlobalRef(module, "Head"), value) is allowed


ON_A_GLOBAL = {
    "BUILD": mapping() + b"b",
    "APPENDS": b"(" + NONE + b"e",
    "ADDITEMS": b"(" + NONE + b"\x90",
}


@pytest.mark.parametrize("opcode", ON_A_GLOBAL)
def test_what_is_done_to_a_global_itself_is_named(opcode: str) -> None:
    said = f"argparse:Namespace: {opcode} on the global itself changes it for the process"
    assert said in refusals(pickled(named("argparse:Namespace") + ON_A_GLOBAL[opcode]))


def test_a_name_keeps_its_uses_where_it_is_named_again() -> None:
    report = look_at_bytes(
        pickled(calling("builtins:print") + POP + named("builtins:print")), Recorder(BOOK, lambda _form, _data: None)
    )
    assert report.uses[GlobalRef("builtins", "print")] == Use.REFERENCED | Use.CALLED
