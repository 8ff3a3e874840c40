"""Names that honest files use, with arguments, states and attributes that no honest file has.

A guard that only knows names lets every one of these pass.
"""

from __future__ import annotations

import importlib
import logging
import os
import pickle
import sys
from typing import Any, Final

from . import held
from .archives import joblib_array
from .builders import (
    CANARY,
    MARK,
    NONE,
    POP,
    PYTHON,
    SHELL,
    STACK_GLOBAL,
    STOP,
    TRUE,
    attribute,
    call,
    calling,
    get,
    given,
    group,
    kept,
    listing,
    named,
    new,
    new_with,
    number,
    octets,
    pickled,
    proto,
    put,
    sequence,
    text,
)
from .memory import changed_fields, put_back
from .objects import MEMMAP, NO_FILE, NUMPY, ONE, OVERWRITE, attributes_of, namespace, of_numpy, opened, slots, then
from .rows import FILE, Row, crash, fragment
from .streams import twice_with_one_memo

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
        "mapped_file_overwritten_by_a_partial_of_its_new",  # as pickle writes NEWOBJ_EX below protocol 4
        call(
            given(
                calling("functools:partial", attribute(named("numpy:memmap"), "__new__")),
                group(
                    attribute(named("numpy:memmap"), "__new__"),
                    group(named("numpy:memmap"), *OVERWRITE),
                    attributes_of(),
                    NONE,
                ),
            )
        ),
    ),
    of_numpy(
        "mapped_file_overwritten_by_newobj_ex",
        new_with(named("numpy:memmap"), group(text(CANARY)), attributes_of(mode=text("w+"), shape=ONE)),
    ),
    of_numpy("mapped_file_overwritten_by_obj", MARK + named("numpy:memmap") + b"".join(OVERWRITE) + b"o"),
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
        calling("copyreg:_reconstructor", named("numpy:ndarray"), named("numpy:ndarray"), number(9)),
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


ATTRIBUTES: Final = (
    of_numpy(
        "setstate_planted_on_an_object",
        given(namespace(__setstate__=named("numpy:memmap")), NO_FILE),
        effect=opened,
    ),
    of_numpy(
        "append_planted_on_an_object",
        given(new(named("collections:OrderedDict")), attributes_of(append=named("numpy:memmap"))) + NO_FILE + b"a",
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
        given(new(named("collections:OrderedDict")), slots(append=named("numpy:memmap"))) + NO_FILE + b"a",
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
        refused=False,  # as below
    ),
    Row(
        id="joblib_array_that_two_readers_take_differently_for_a_moment",
        file=lambda _: parted(restored=True),
        load=lambda: importlib.import_module("joblib").load(FILE),
        needs=("joblib", "numpy"),
        refused=False,  # the load follows the guard's reading, in which nothing happens
    ),
)

ROWS: Final = (*CALLS, *ATTRIBUTES, *BETWEEN)
