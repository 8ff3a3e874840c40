"""Names that honest files use, with arguments, states and attributes that no honest file has.

A guard that only knows names lets every one of these pass.
"""

from __future__ import annotations

import codecs
import importlib
import logging
import os
import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any, Final

from . import held
from .archives import array, dtype, joblib_array, torch_zip
from .builders import (
    BUILD,
    CANARY,
    FALSE,
    MARK,
    NONE,
    POP,
    PYTHON,
    SHELL,
    STACK_GLOBAL,
    STOP,
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
    new_with,
    number,
    octets,
    pickled,
    proto,
    put,
    text,
)
from .rows import FILE, Row, canary, crash, fragment, unpickle

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
) -> Row:
    return Row(id=id, file=lambda _: pickled(code), load=load, effect=effect, needs=needs)


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


CALLS: Final = (
    of_numpy(
        "array_of_forged_pointers",
        calling("numpy:ndarray", ONE, text("O"), octets(b"A" * 8)),
        load=then(list),
        effect=crash,
    ),
    of_numpy("mapped_file_overwritten", MEMMAP),
    of_numpy("mapped_file_overwritten_by_newobj", new(named("numpy:memmap"), *OVERWRITE)),
    of_numpy(
        "mapped_file_overwritten_by_newobj_ex",
        new_with(
            named("numpy:memmap"), group(text(CANARY)), attributes_of(mode=text("w+"), shape=ONE)
        ),
    ),
    of_numpy(
        "mapped_file_overwritten_by_obj", MARK + named("numpy:memmap") + b"".join(OVERWRITE) + b"o"
    ),
    of_numpy("mapped_file_overwritten_by_inst", MARK + b"".join(OVERWRITE) + b"inumpy\nmemmap\n"),
    of_numpy(
        "mapped_file_overwritten_under_another_name",
        calling("numpy._core.memmap:memmap", *OVERWRITE),
    ),
    of_numpy(
        "array_of_uninitialised_memory",
        calling(
            "numpy.core.multiarray:_reconstruct",
            named("numpy:ndarray"),
            group(number(9)),
            b"C\x01d",
        ),
        effect=lambda made: getattr(made, "shape", None) == (9,),
    ),
    of_numpy(
        "array_of_uninitialised_memory_by_reconstructor",
        calling(
            "copyreg:_reconstructor", named("numpy:ndarray"), named("numpy:ndarray"), number(9)
        ),
        effect=lambda made: getattr(made, "shape", None) == (9,),
    ),
    of_numpy(
        "constructor_of_a_generator_as_a_trampoline",
        calling("numpy.random._pickle:__generator_ctor", text(SHELL), named("os:system")),
    ),
    of_numpy(
        "constructor_of_a_random_state_as_a_trampoline",
        calling("numpy.random._pickle:__randomstate_ctor", text(SHELL), named("os:system")),
    ),
    of_numpy(
        "constructor_of_an_index_as_a_trampoline",
        calling(
            "pandas.core.indexes.base:_new_Index",
            named("numpy.ma.core:MaskedArray"),
            attributes_of(data=listing(number(1)), dtype=text("f8")),
        ),
        effect=lambda made: type(made).__name__ == "MaskedArray",
        needs=("pandas",),
    ),
    of_numpy(
        "tensor_of_uninitialised_memory",
        calling("torch:FloatTensor", number(9)),
        effect=lambda made: getattr(made, "shape", None) == (9,),
        needs=("torch",),
    ),
    of_numpy(
        "tensor_rebuilt_by_a_listed_function",
        calling(
            "torch._tensor:_rebuild_from_type_v2",
            named("numpy:memmap"),
            named("numpy:memmap"),
            group(*OVERWRITE),
            attributes_of(),
        ),
        needs=("torch", "numpy"),
    ),
    fragment(
        "codec_that_spells_a_name",
        call(
            calling("_codecs:encode", text("bf"), text("rot13")) + text("system") + STACK_GLOBAL,
            text(SHELL),
        ),
    ),
    fragment(
        "codec_that_imports_a_module",
        calling("_codecs:encode", octets(b""), text("uu")),
        effect=lambda _: "encodings.uu_codec" in sys.modules,
    ),
    fragment(
        "memory_for_the_asking",
        calling("builtins:bytearray", number(10**8)),
        effect=lambda made: isinstance(made, bytearray),
    ),
    fragment(
        "date_that_does_not_exist",
        calling("datetime:date", octets(b"\x00\x00\x01\x01")),
        effect=lambda made: getattr(made, "year", None) == 0,
    ),
    fragment(
        "getattr_beside_the_listed_one",
        calling("builtins:getattr", named("zoneinfo:ZoneInfo"), text("__init_subclass__")),
        effect=callable,
    ),
    fragment(
        "item_of_something_else_than_a_type",
        calling("_operator:getitem", named("sys:modules"), text("os")),
        effect=lambda made: made is os,
    ),
)


def missing(loaded: Any) -> object:
    return loaded["missing"]


def transformer(function: str, **keywords: bytes) -> bytes:
    """A step of a pipeline that calls a function with what the step before gave, and keywords."""
    name = "sklearn.preprocessing._function_transformer:FunctionTransformer"
    state = attributes_of(
        func=named(function),
        kw_args=attributes_of(**keywords),
        validate=FALSE,
        feature_names_out=NONE,
    )
    return given(new(named(name)), state)


def pipeline(*steps: bytes) -> bytes:
    named_steps = listing(*(group(text(f"s{i}"), step) for i, step in enumerate(steps)))
    state = attributes_of(steps=named_steps, memory=NONE, verbose=FALSE, transform_input=NONE)
    return given(new(named("sklearn.pipeline:Pipeline")), state)


def transform(loaded: Any) -> object:
    import numpy as np

    return repr(loaded.transform(np.zeros((2, 2))))


SKLEARN: Final = ("sklearn.pipeline", "sklearn.preprocessing")

DEFERRED: Final = (
    Row(
        id="default_factory",
        file=lambda _: pickled(
            calling(
                "collections:defaultdict",
                calling("functools:partial", named("os:system"), text(SHELL)),
            )
        ),
        load=then(missing),
    ),
    of_numpy(
        "default_factory_of_listed_names",
        calling(
            "collections:defaultdict",
            given(
                calling("functools:partial", named("numpy:memmap")),
                group(named("numpy:memmap"), group(*OVERWRITE), attributes_of(), NONE),
            ),
        ),
        load=then(missing),
    ),
    of_numpy(
        "factory_judged_before_it_had_its_state",
        kept(0, calling("functools:partial", named("numpy:zeros")))
        + kept(1, calling("collections:defaultdict", get(0)))
        + given(get(0), group(named("numpy:memmap"), group(*OVERWRITE), attributes_of(), NONE))
        + POP
        + get(1),
        load=then(missing),
    ),
    of_numpy(
        "partial_keywords_changed_afterwards",
        kept(0, attributes_of())
        + kept(
            1,
            given(
                calling("functools:partial", named("numpy:memmap")),
                group(named("numpy:memmap"), group(text(CANARY)), get(0), NONE),
            ),
        )
        + get(0)
        + MARK
        + text("mode")
        + text("w+")
        + text("shape")
        + ONE
        + b"u"
        + POP
        + get(1),
        load=then(lambda made: made()),
    ),
    of_numpy(
        "transformers_that_overwrite_a_file",
        pipeline(
            transformer("numpy:full_like", fill_value=text(CANARY), dtype=text("U9"), shape=ONE),
            transformer("numpy:take", indices=number(0)),
            transformer("numpy:memmap", mode=text("w+"), shape=ONE),
        ),
        load=then(transform),
        needs=SKLEARN,
    ),
    of_numpy(
        "transformers_that_run_a_command",
        pipeline(
            transformer("numpy:full_like", fill_value=text("os"), dtype=text("U2"), shape=ONE),
            transformer("numpy:take", indices=number(0)),
            transformer("numpy.core:_ufunc_reconstruct", name=text("system")),
            transformer(
                "torch._tensor:_rebuild_from_type_v2",
                args=group(text(SHELL)),
                new_type=named("builtins:int"),
                state=NONE,
            ),
        ),
        load=then(transform),
        needs=(*SKLEARN, "torch"),
    ),
    of_numpy(
        "transformers_that_forge_pointers",
        pipeline(
            transformer("numpy:full_like", fill_value=number(1), dtype=text("i8"), shape=ONE),
            transformer("numpy:ndarray", dtype=text("O"), buffer=octets(b"A" * 8)),
        ),
        load=then(transform),
        effect=crash,
        needs=SKLEARN,
    ),
    of_numpy(
        "frozen_distribution_that_overwrites_a_file",
        given(
            new(named("scipy.stats._distn_infrastructure:rv_continuous_frozen")),
            attributes_of(
                dist=namespace(mean=named("numpy:memmap")),
                args=group(*OVERWRITE),
                kwds=attributes_of(),
            ),
        ),
        load=then(lambda loaded: loaded.mean()),
        needs=("scipy.stats",),
    ),
    of_numpy(
        "frozen_distribution_that_imports_a_module",
        given(
            new(named("scipy.stats._distn_infrastructure:rv_continuous_frozen")),
            attributes_of(
                dist=namespace(mean=named("numpy.core:_ufunc_reconstruct")),
                args=group(text("this"), text("s")),
                kwds=attributes_of(),
            ),
        ),
        load=then(lambda loaded: loaded.mean()),
        effect=lambda _: "this" in sys.modules,
        needs=("scipy.stats",),
    ),
)


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
    return given(
        calling("numpy.random._pickle:__bit_generator_ctor", text("MT19937")), group(state, NONE)
    )


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
    block = calling(
        "pandas._libs.internals:_unpickle_block", values, placement + put(20), number(2)
    )
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

ATTRIBUTES: Final = (
    of_numpy(
        "setstate_planted_on_an_object",
        given(namespace(__setstate__=named("numpy:memmap")), NO_FILE),
        effect=opened,
    ),
    of_numpy(
        "append_planted_on_an_object",
        given(new(named("collections:OrderedDict")), attributes_of(append=named("numpy:memmap")))
        + NO_FILE
        + b"a",
        effect=opened,
    ),
    of_numpy(
        "add_planted_on_an_object",
        given(new(named("collections:OrderedDict")), attributes_of(add=named("numpy:memmap")))
        + MARK
        + NO_FILE
        + b"\x90",
        effect=opened,
    ),
    of_numpy(
        "append_planted_by_slots",
        given(new(named("collections:OrderedDict")), slots(append=named("numpy:memmap")))
        + NO_FILE
        + b"a",
        effect=opened,
    ),
    fragment(
        "class_of_an_object_changed",
        given(new(named("argparse:Namespace")), slots(__class__=named("string:Formatter"))),
        effect=lambda made: type(made).__name__ == "Formatter",
    ),
    of_numpy(
        "array_interface_on_an_object",
        namespace(
            __array_interface__=attributes_of(
                version=number(3),
                shape=group(number(8)),
                typestr=text("|u1"),
                data=group(number(0x41414141), TRUE),
            )
        ),
        load=then(lambda made: sys.modules["numpy"].array(made).sum()),
        effect=crash,
    ),
    fragment(
        "state_given_to_a_shared_logger",
        given(calling("logging:getLogger", text("row")), attributes_of(disabled=TRUE)),
        effect=lambda _: logging.getLogger("row").disabled is True,
    ),
    fragment(
        "state_given_to_a_member_of_an_enumeration",
        given(calling("http:HTTPStatus", number(200)), attributes_of(_value_=number(500))),
        effect=lambda _: importlib.import_module("http").HTTPStatus.OK.value == 500,
    ),
    Row(
        id="scipy_distribution_that_executes_its_template",
        file=lambda _: pickled(
            given(
                new(named("scipy.stats._continuous_distns:norm_gen")),
                attributes_of(_parse_arg_template=text(PYTHON)),
            )
        ),
        needs=("scipy.stats",),
    ),
)


def twice_with_one_memo() -> object:
    with open(FILE, "rb") as stream:
        unpickler = pickle.Unpickler(stream)
        return unpickler.load(), unpickler.load()


class Renaming(pickle.Unpickler):
    """Reads the files of an older release, when its numpy had another name."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module.replace("vendored_numpy", "numpy"), name)


def renaming() -> object:
    with open(FILE, "rb") as stream:
        return Renaming(stream).load()


def parted(*, restored: bool) -> bytes:
    """A joblib array of no items whose dtype seems to hold objects, by its state, but not to numpy.

    Who goes by the state takes what follows for a pickle of its own, with a memo of its own, in
    which entry 0 is an exception class. To the real load it is the rest of the stream, and entry 0
    is memmap.
    """
    inner = sequence(
        proto(4),
        named("builtins:ValueError") + b"\x94" + POP,
        call(get(0), *OVERWRITE),
        STOP,
    )
    return sequence(
        proto(4),
        kept(0, named("numpy:memmap")),
        changed_fields("O8", 0),
        joblib_array(b"", of=get(11), shape=group(number(0))),
        inner,
        put_back() if restored else b"",
        STOP,
    )


def sequence(*fragments: bytes) -> bytes:
    return b"".join(fragments)


BETWEEN: Final = (
    Row(
        id="attributes_from_the_memo_of_an_earlier_load",
        file=lambda _: (
            pickled(attributes_of(__setstate__=named("numpy:memmap")) + put(0))
            + pickled(given(given(new(named("argparse:Namespace")), get(0)), NO_FILE))
        ),
        load=twice_with_one_memo,
        effect=opened,
        needs=NUMPY,
    ),
    Row(
        id="renamed_class_that_is_never_called",
        file=lambda _: pickled(calling("vendored_numpy:memmap", *OVERWRITE)),
        load=renaming,
        needs=NUMPY,
    ),
    Row(
        id="hostile_arguments_for_an_unpickler_made_early",
        file=lambda _: pickled(MEMMAP),
        load=lambda: held.EARLY_INSTANCE.load(),
        needs=NUMPY,
    ),
    Row(
        id="joblib_array_that_two_readers_take_differently",
        file=lambda _: parted(restored=False),
        load=lambda: importlib.import_module("joblib").load(FILE),
        needs=("joblib", "numpy"),
    ),
    Row(
        id="joblib_array_that_two_readers_take_differently_for_a_moment",
        file=lambda _: parted(restored=True),
        load=lambda: importlib.import_module("joblib").load(FILE),
        needs=("joblib", "numpy"),
        refused=False,  # the load follows the guard's reading, in which nothing happens
    ),
)

ROWS: Final = (*CALLS, *DEFERRED, *MEMORY, *FRAMES, *ATTRIBUTES, *BETWEEN)
