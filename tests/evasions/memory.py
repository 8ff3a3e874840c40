"""States that native code believes: forged ones read and write memory that is not theirs."""

from __future__ import annotations

import codecs
import struct
from typing import Any, Final

from .archives import array, dtype, torch_zip
from .builders import (
    BUILD,
    FALSE,
    NONE,
    POP,
    TRUE,
    call,
    calling,
    get,
    given,
    group,
    kept,
    listing,
    mapping,
    named,
    named_by_line,
    new,
    number,
    octets,
    put,
    text,
)
from .objects import ONE, attributes_of, of_numpy, then
from .rows import FILE, Row, crash


def field(kind: str, offset: int) -> bytes:
    return group(dtype(kind), number(offset))


def struct_of(
    fields: bytes,
    *,
    names: tuple[str, ...] = ("a",),
    size: int = 8,
    flags: int = 16,
    copy: bytes = TRUE,
) -> bytes:
    """A structured dtype by its state, which numpy believes."""
    made = calling("numpy:dtype", text("V8"), FALSE, copy)
    parts = (number(3), text("|"), NONE, group(*map(text, names)), fields)
    return given(made, group(*parts, number(size), number(1), number(flags)))


FAR: Final = 2**40
EIGHT: Final = octets(b"A" * 8)


def first_field(loaded: Any) -> object:
    return repr(loaded["a"])


def changed_fields(kind: str, offset: int) -> bytes:
    """Leaves a dtype in the memo's entry 11 whose fields were changed after its state was given.

    numpy keeps the very dict that it got.
    """
    honest = mapping((text("a"), field("f8", 0)))
    made = kept(10, honest) + kept(11, struct_of(get(10)))
    return made + get(10) + text("a") + field(kind, offset) + b"s" + POP


def put_back() -> bytes:
    """The same dict as it was."""
    return get(10) + text("a") + field("f8", 0) + b"s" + POP


def masked(of: bytes) -> bytes:
    """A masked array, whose fill value is written through its dtype as soon as it has its state."""
    empty = calling(
        "numpy.ma.core:_mareconstruct",
        named("numpy.ma.core:MaskedArray"),
        named("numpy:ndarray"),
        group(number(0)),
        text("b"),
    )
    fill = group(b"G" + bytes(8))
    return given(empty, group(number(1), ONE, of, FALSE, EIGHT, octets(b"\0"), fill))


def twist(words: bytes, position: int) -> bytes:
    """numpy's Mersenne Twister, with a position of the attacker's."""
    inner = attributes_of(key=words, pos=number(position))
    state = attributes_of(bit_generator=text("MT19937"), state=inner)
    return given(calling("numpy.random._pickle:__bit_generator_ctor", text("MT19937")), group(state, NONE))


MEMORY: Final = (
    of_numpy(
        "dtype_with_a_field_outside",
        array(EIGHT, of=struct_of(mapping((text("a"), field("f8", FAR))))),
        load=then(first_field),
        effect=crash,
    ),
    of_numpy(
        "dtype_with_an_unflagged_object",
        array(EIGHT, of=struct_of(mapping((text("a"), field("O8", 0))))),
        load=then(first_field),
        effect=crash,
    ),
    of_numpy(
        "dtype_with_a_field_moved_afterwards",
        changed_fields("f8", FAR) + array(EIGHT, of=get(11)),
        load=then(first_field),
        effect=crash,
    ),
    of_numpy(
        "dtype_with_a_field_made_an_object_afterwards",
        changed_fields("O8", 0) + array(EIGHT, of=get(11)),
        load=then(first_field),
        effect=crash,
    ),
    of_numpy(
        "dtype_with_a_field_moved_for_a_moment",
        changed_fields("f8", 2**30) + kept(12, masked(get(11))) + put_back() + get(12),
        effect=crash,
    ),
    of_numpy(
        "dtype_given_its_state_twice",
        kept(1, struct_of(mapping((text("a"), field("f8", 0)))))
        + kept(2, array(EIGHT, of=get(1)))
        + get(1)
        + group(
            number(3),
            text("|"),
            NONE,
            group(text("a")),
            mapping((text("a"), field("f8", FAR))),
            number(8),
            number(1),
            number(16),
        )
        + BUILD
        + POP
        + get(2),
        load=then(first_field),
        effect=crash,
    ),
    of_numpy(
        "random_words_at_a_wild_position",
        twist(listing(*[number(1)] * 624), 2**30),
        load=then(lambda made: made.random_raw()),
        effect=crash,
        until=("numpy", "2.5"),
    ),
    Row(
        id="forged_dtype_for_weights_only",
        file=lambda _: torch_zip(forged_for_weights()),
        load=lambda: weights_only_with_numpy(),
        effect=crash,
        needs=("torch", "numpy"),
    ),
)


def forged_for_weights() -> bytes:
    """A structured array whose field points outside, in the opcodes that weights-only knows."""

    def kind(code: str) -> bytes:
        made = call(named_by_line("numpy:dtype"), text(code), FALSE, TRUE)
        if code == "f8":
            return given(
                made,
                group(number(3), text("<"), NONE, NONE, NONE, number(-1), number(-1), number(0)),
            )
        fields = mapping((text("a"), group(kind("f8"), number(FAR))))
        return given(
            made,
            group(
                number(3),
                text("|"),
                NONE,
                group(text("a")),
                fields,
                number(8),
                number(1),
                number(16),
            ),
        )

    empty = call(
        named_by_line("numpy.core.multiarray:_reconstruct"),
        named_by_line("numpy:ndarray"),
        group(number(0)),
        call(named_by_line("_codecs:encode"), text("b"), text("latin1")),
    )
    content = call(named_by_line("_codecs:encode"), text("A" * 8), text("latin1"))
    return given(empty, group(number(1), ONE, kind("V8"), FALSE, content))


def weights_only_with_numpy() -> object:
    """A program that added numpy to torch's safe globals, as torch's error message says."""
    import numpy as np
    import torch

    reconstruct = np._core.multiarray._reconstruct  # type: ignore[attr-defined]
    torch.serialization.add_safe_globals(
        [
            (reconstruct, "numpy.core.multiarray._reconstruct"),
            np.ndarray,
            np.dtype,
            np.dtypes.VoidDType,
            np.dtypes.Float64DType,
            codecs.encode,
        ]
    )
    return first_field(torch.load(FILE, weights_only=True))


def blocks(placement: bytes, columns: int, afterwards: bytes = b"") -> bytes:
    """A frame of one block whose columns stand where the placement says.

    The placement is entry 20 of the memo; ``afterwards`` runs when all is judged.
    """
    values = array(octets(bytes(8 * columns)), shape=group(number(columns), number(1)))
    block = calling("pandas._libs.internals:_unpickle_block", values, placement + put(20), number(2))
    manager = calling(
        "pandas.core.internals.managers:BlockManager",
        group(block),
        listing(range_index(columns), range_index(1)),
    )
    state = attributes_of(
        _mgr=manager,
        _typ=text("dataframe"),
        _metadata=listing(),
        attrs=mapping(),
        _flags=attributes_of(allows_duplicate_labels=TRUE),
    )
    return kept(22, given(new(named("pandas.core.frame:DataFrame")), state)) + afterwards + get(22)


def places(numbers: range | list[int], order: str = "<") -> bytes:
    data = struct.pack(f"{order}{len(numbers)}q", *numbers)
    state = group(number(3), text(order), NONE, NONE, NONE, number(-1), number(-1), number(0))
    return array(octets(data), of=dtype("i8", state=state), shape=group(number(len(numbers))))


def second_column(loaded: Any) -> object:
    return loaded.iloc[:, 1].sum(), loaded.sum()


def range_index(length: int) -> bytes:
    return calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.range:RangeIndex"),
        attributes_of(start=number(0), stop=number(length), step=number(1), name=NONE),
    )


def in_bytearray(count: int) -> bytes:
    """An array over a bytearray of the stream (entry 23), which it shares."""
    data = struct.pack(f"<{count}q", *range(count))
    buffer = b"\x96" + struct.pack("<Q", len(data)) + data + put(23)
    shape = group(number(count))
    return calling("numpy.core.numeric:_frombuffer", buffer, dtype("i8"), shape, text("C"))


def state_of_places(numbers: list[int]) -> bytes:
    data = octets(struct.pack(f"<{len(numbers)}q", *numbers))
    return group(number(1), group(number(len(numbers))), dtype("i8"), FALSE, data)


MANY: Final = 10_000

FRAMES: Final = (
    of_numpy(
        "frame_with_a_column_outside",
        blocks(places([0, 2**40]), 2),
        load=then(second_column),
        effect=crash,
        needs=("pandas",),
    ),
    of_numpy(
        "frame_with_columns_outside_in_a_big_buffer",
        blocks(places([*range(MANY - 1), 2**40]), MANY),
        load=then(second_column),
        effect=crash,
        needs=("pandas",),
    ),
    of_numpy(
        "frame_with_columns_outside_in_the_other_byte_order",
        blocks(places([0, 2**56], ">"), 2),
        load=then(second_column),
        effect=crash,
        needs=("pandas",),
    ),
    of_numpy(
        "frame_whose_columns_move_afterwards",
        blocks(places([0, 1]), 2, get(20) + state_of_places([0, 2**40]) + BUILD + POP),
        load=then(second_column),
        effect=crash,
        needs=("pandas",),
    ),
    of_numpy(
        "frame_whose_columns_move_in_their_buffer",
        blocks(in_bytearray(2), 2, get(23) + number(13) + number(1) + b"s" + POP),
        load=then(second_column),
        effect=crash,
        needs=("pandas",),
    ),
)

MANAGER: Final = "pandas.core.internals.managers:BlockManager"
A_LOT: Final = 9_000_000
MANY_LABELS: Final = 40_000


def uncounted(axes: bytes, columns: bytes, *, by_state: bool = False) -> bytes:
    """A frame whose columns pandas does not count: it is made by NEWOBJ, or by a state."""
    values = array(octets(bytes(16)), shape=group(number(2), number(1)))
    if by_state:
        block = attributes_of(values=values, mgr_locs=columns)
        parts = mapping((text("0.14.1"), attributes_of(axes=axes, blocks=listing(block))))
        manager = given(new(named(MANAGER)), group(listing(), listing(), listing(), parts))
    else:
        block = calling("pandas._libs.internals:_unpickle_block", values, columns, number(2))
        manager = new(named(MANAGER), group(block), axes)
    state = attributes_of(
        _mgr=manager,
        _typ=text("dataframe"),
        _metadata=listing(),
        attrs=mapping(),
        _flags=attributes_of(allows_duplicate_labels=TRUE),
    )
    return given(new(named("pandas.core.frame:DataFrame")), state)


def first_columns(count: int) -> bytes:
    return calling("builtins:slice", number(0), number(count), number(1))


def second_place(loaded: Any) -> object:
    return loaded._mgr.blknos


def levels_and_codes() -> bytes:
    """Labels, and codes that lead far outside them; of so many that codes have four bytes each."""
    codes = array(octets(struct.pack("<i", 2**28) * 64), of=dtype("i4"), shape=group(number(64)))
    labels = array(listing(*[text("a")] * MANY_LABELS), of=dtype("O8"), shape=group(number(MANY_LABELS)))
    level = calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.base:Index"),
        attributes_of(data=labels, name=NONE),
    )
    keywords = attributes_of(
        levels=listing(level, level),
        codes=listing(codes, codes),
        sortorder=NONE,
        names=listing(NONE, NONE),
    )
    return calling(
        "pandas.core.indexes.base:_new_Index",
        named("pandas.core.indexes.multi:MultiIndex"),
        keywords,
    )


def of_pandas(id: str, code: bytes, use: Any) -> Row:
    return of_numpy(id, code, load=then(use), effect=crash, needs=("pandas",))


def texts_far_away() -> bytes:
    """A column of arrow's whose second text begins a long way behind its bytes."""
    offsets = struct.pack("<5i", 0, 2**30, 2**30 + 1, 2**30 + 2, 2**30 + 3)
    kind = calling("pyarrow.lib:type_for_alias", text("string"))
    buffers = listing(NONE, *(calling("pyarrow.lib:py_buffer", octets(data)) for data in (offsets, b"abc")))
    parts = group(kind, number(4), number(0), number(0), buffers, listing(), NONE)
    return calling("pyarrow.lib:_restore_array", parts)


SHORT: Final = listing(range_index(1), range_index(1))

UNCHECKED: Final = (
    of_pandas("frame_of_more_columns_than_labels", uncounted(SHORT, first_columns(A_LOT)), second_place),
    of_pandas(
        "frame_of_more_columns_than_labels_by_state",
        uncounted(SHORT, first_columns(A_LOT), by_state=True),
        second_place,
    ),
    of_pandas(
        "frame_of_one_axis",
        uncounted(listing(range_index(2)), places([0, 2**40])),
        second_place,
    ),
    of_pandas(
        "extension_array_without_a_state",
        new(named("pandas.core.arrays.datetimes:DatetimeArray")),
        repr,
    ),
    of_pandas("codes_that_lead_outside_the_labels", levels_and_codes(), repr),
    of_numpy(
        "texts_that_lie_outside_their_bytes",
        texts_far_away(),
        load=then(lambda loaded: loaded.to_pylist()),
        effect=crash,
        needs=("pyarrow",),
    ),
)

ROWS: Final = (*MEMORY, *FRAMES, *UNCHECKED)
