"""Codes of pandas that lead outside their labels, and ways to say that there are more labels than there are."""

from __future__ import annotations

import struct
from typing import Any, Final

from .archives import array, dtype
from .builders import (
    FALSE,
    NONE,
    POP,
    calling,
    get,
    given,
    group,
    listing,
    named,
    new,
    number,
    octets,
    pickled,
    put,
    sequence,
    text,
)
from .objects import attributes_of, then
from .rows import Row, crash

FAR: Final = array(octets(struct.pack("<4i", *[2**28] * 4)), of=dtype("i4"), shape=group(number(4)))


def many(size: int) -> bytes:
    """So many labels that the codes lead inside: a range of numbers, which takes no room."""
    return calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.range:RangeIndex"),
        attributes_of(start=number(0), stop=number(size), step=number(1), name=NONE),
    )


def index_of(data: bytes) -> bytes:
    return calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.base:Index"),
        attributes_of(data=data, name=NONE),
    )


TWO: Final = index_of(array(listing(text("a"), text("b")), of=dtype("O8"), shape=group(number(2))))


def categorical(codes: bytes, dtype: bytes) -> bytes:
    return given(new(named("pandas.core.arrays.categorical:Categorical")), group(dtype, codes, b"}"))


def kind(categories: bytes) -> bytes:
    made = new(named("pandas.core.dtypes.dtypes:CategoricalDtype"))
    return given(made, attributes_of(categories=categories, ordered=FALSE))


def dict_changed_afterwards() -> bytes:
    """The labels are taken from a dict, in which more of them stand when the codes come."""
    state = attributes_of(categories=TWO, ordered=FALSE) + put(30)
    typed = given(new(named("pandas.core.dtypes.dtypes:CategoricalDtype")), state)
    more = get(30) + text("categories") + many(2**29) + b"s" + POP
    return categorical(FAR, sequence(typed, more))


def two_values() -> bytes:
    """Labels in an array whose attributes name a longer one too."""
    values = attributes_of(
        _ndarray=array(octets(b""), of=dtype("i8"), shape=group(number(0), number(2**29))),
        _data=array(octets(bytes(16)), of=dtype("i8"), shape=group(number(2))),
        _mask=array(octets(bytes(2)), of=dtype("b1"), shape=group(number(2))),
    )
    return categorical(FAR, kind(index_of(given(new(named("pandas.core.arrays.integer:IntegerArray")), values))))


def shown_as_objects(made: Any) -> object:
    return made.astype(object)


def row(id: str, code: bytes, use: Any = shown_as_objects) -> Row:
    return Row(id=id, file=lambda _: pickled(code), load=then(use), effect=crash, needs=("pandas",))


ROWS: Final = (
    row("categories_that_the_codes_leave", categorical(FAR, kind(TWO))),
    row("categories_that_change_in_their_dict", dict_changed_afterwards()),
    row("categories_in_an_array_of_two_lengths", two_values()),
)
