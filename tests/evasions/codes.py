"""Codes of pandas that lead outside their labels, ways to say that there are more of them, and arrow's like."""

from __future__ import annotations

import struct
from typing import Any, Final

from .archives import array, dtype
from .builders import (
    FALSE,
    NONE,
    POP,
    TRUE,
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
from .memory import MANY_LABELS
from .objects import attributes_of, then
from .rows import FILE, Row, crash

FAR: Final = array(octets(struct.pack("<4i", *[2**28 + 100] * 4)), of=dtype("i4"), shape=group(number(4)))


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


def frozen_list_over_a_list() -> bytes:
    """The labels of a MultiIndex are copied from a list, in which more of them stand when the codes come."""
    labels = listing(listing(*[text("a")] * MANY_LABELS)) + put(50)
    frozen = calling("pandas.core.indexes.frozen:FrozenList", labels) + put(51) + POP
    more = get(50) + number(0) + many(2**29) + b"s" + POP
    index = calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.multi:MultiIndex"),
        attributes_of(levels=get(51), codes=listing(FAR), sortorder=NONE, names=listing(NONE)),
    )
    return sequence(frozen, more, index)


def array_described_anew() -> bytes:
    """Labels in an array of two, which joblib reads; then its description says that there were more."""
    described = attributes_of(
        subclass=named("numpy:ndarray"),
        shape=group(number(2)),
        order=text("C"),
        dtype=dtype("i8"),
        allow_mmap=FALSE,
    )
    read = given(new(named("joblib.numpy_pickle:NumpyArrayWrapper")), described + put(60)) + bytes(16)
    more = get(60) + text("shape") + group(number(2**29)) + b"s" + POP
    index = index_of(sequence(read, put(61), POP, more, get(61)))
    return categorical(FAR, kind(index))


def joblib_loaded() -> Any:
    import joblib

    return joblib.load(FILE)


def arrow(*parts: bytes) -> bytes:
    """What pyarrow puts together unchecked: type, length, missing values, offset, buffers, children, dictionary."""
    return calling("pyarrow.lib:_restore_array", group(*parts))


def arrow_type(name: str) -> bytes:
    return calling("pyarrow.lib:type_for_alias", text(name))


def buffer(data: bytes) -> bytes:
    return calling("pyarrow.lib:py_buffer", octets(data))


def whole_numbers(count: int, *, missing: int = 0) -> tuple[bytes, ...]:
    buffers = listing(NONE, buffer(bytes(8 * count)))
    return arrow_type("int64"), number(count), number(missing), number(0), buffers, listing(), NONE


def texts_that_are_numbers() -> bytes:
    """A list of texts, whose child is a column of numbers."""
    kind = calling("pyarrow.lib:list_", arrow_type("string"))
    buffers = listing(NONE, buffer(struct.pack("<2i", 0, 1)))
    return arrow(kind, number(1), number(0), number(0), buffers, listing(group(*whole_numbers(1))), NONE)


def labels_that_are_numbers() -> bytes:
    """Texts by their places in a dictionary, which is a column of numbers."""
    kind = calling("pyarrow.lib:dictionary", arrow_type("int32"), arrow_type("string"), FALSE)
    buffers = listing(NONE, buffer(bytes(8)))
    return arrow(kind, number(2), number(0), number(0), buffers, listing(), group(*whole_numbers(2)))


def pairs_that_may_lack_values() -> bytes:
    """A map whose pairs have a value each, as it says; as they say, some lack it."""
    texts, numbers = arrow_type("string"), arrow_type("int64")
    key = calling("pyarrow.lib:field", text("key"), texts, FALSE, NONE)
    values = [calling("pyarrow.lib:field", text("value"), numbers, missing, NONE) for missing in (FALSE, TRUE)]
    keys = group(
        texts, number(1), number(0), number(0),
        listing(NONE, buffer(struct.pack("<2i", 0, 1)), buffer(b"a")), listing(), NONE,
    )  # fmt: skip
    pair = calling("pyarrow.lib:struct", listing(key, values[1]))
    children = listing(keys, group(*whole_numbers(1)))
    pairs = group(pair, number(1), number(0), number(0), listing(NONE), children, NONE)
    kind = calling("pyarrow.lib:map_", key, values[0])
    offsets = listing(NONE, buffer(struct.pack("<2i", 0, 1)))
    return arrow(kind, number(1), number(0), number(0), offsets, listing(pairs), NONE)


def bytes_of_any_length() -> bytes:
    """Bytes of one length, which is -1: to pyarrow they have offsets, of which there are none."""
    buffers = listing(NONE, buffer(b""))
    kind = calling("pyarrow.lib:binary", number(-1))
    return arrow(kind, number(2**20), number(0), number(0), buffers, listing(), NONE)


def lists_of_one_length() -> bytes:
    """A list of so many numbers each time, by offsets that it does not have."""
    kind = calling("pyarrow.lib:list_", arrow_type("int64"), number(2**24))
    buffers = listing(NONE, buffer(struct.pack("<2i", 0, 1)))
    return arrow(kind, number(1), number(0), number(0), buffers, listing(group(*whole_numbers(1))), NONE)


def twice(made: Any) -> object:
    return made.take([1, 0])


def shown_as_objects(made: Any) -> object:
    return made.astype(object)


def row(id: str, code: bytes, use: Any = shown_as_objects) -> Row:
    return Row(id=id, file=lambda _: pickled(code), load=then(use), effect=crash, needs=("pandas",))


def arrow_row(id: str, code: bytes, use: Any) -> Row:
    return Row(id=id, file=lambda _: pickled(code), load=then(use), effect=crash, needs=("pyarrow", "pyarrow.compute"))


ROWS: Final = (
    row("categories_that_the_codes_leave", categorical(FAR, kind(TWO))),
    row("categories_that_change_in_their_dict", dict_changed_afterwards()),
    row("categories_in_an_array_of_two_lengths", two_values()),
    row("labels_copied_from_a_list_that_changes", frozen_list_over_a_list(), repr),
    Row(
        id="array_of_joblib_described_anew",
        file=lambda _: pickled(array_described_anew()),
        load=lambda: joblib_loaded().astype(object),
        effect=crash,
        needs=("joblib", "pandas"),
    ),
    arrow_row("list_of_texts_over_numbers", texts_that_are_numbers(), repr),
    arrow_row("dictionary_of_texts_over_numbers", labels_that_are_numbers(), twice),
    arrow_row("map_of_pairs_that_may_lack_values", pairs_that_may_lack_values(), list),
    arrow_row("bytes_of_one_length_that_is_minus_one", bytes_of_any_length(), lambda made: made.to_pylist()),
    arrow_row("list_of_one_length", lists_of_one_length(), lambda made: made[0].values.to_numpy().sum()),
    arrow_row("missing_values_that_are_there", arrow(*whole_numbers(1000, missing=5)), lambda made: made.drop_null()),
)
