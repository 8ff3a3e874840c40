"""Files whose deed waits until the program uses what it loaded; every name in them is a listed one."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any, Final

from .archives import torch_legacy
from .builders import (
    BINPERSID,
    CANARY,
    FALSE,
    MARK,
    NONE,
    POP,
    SHELL,
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
    text,
)
from .loaders import loader
from .objects import ONE, OVERWRITE, attributes_of, namespace, of_numpy, then
from .rows import FILE, Row, crash

ADDRESS: Final = "__array_interface__"
AN_ADDRESS: Final = attributes_of(
    data=group(number(2**38), FALSE), shape=group(number(8)), typestr=text("<i8"), version=number(3)
)
NUMPYS_TEXT: Final = given(
    calling("numpy:dtype", text("U19"), number(0), number(1)),
    group(number(3), text("<"), NONE, NONE, NONE, number(76), number(4), number(8)),
)


def missing(loaded: Any) -> object:
    return loaded["missing"]


def exhausted(made: Any) -> object:
    """What a program calls without arguments asks for more memory than there is."""
    try:
        return made()
    except MemoryError:
        Path(CANARY).touch()
        raise


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
    Row(
        id="partial_judged_without_the_keywords_that_it_gets_afterwards",
        file=lambda _: pickled(
            kept(0, attributes_of())
            + kept(
                1,
                given(
                    calling("functools:partial", named("builtins:bytes")),
                    group(named("builtins:bytes"), group(), get(0), NONE),
                ),
            )
            + get(0)
            + text("source")
            + number(2**62)
            + b"s"
            + POP
            + get(1)
        ),
        load=then(exhausted),
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


FROZEN: Final = "scipy.stats._distn_infrastructure:rv_continuous_frozen"


def frozen(distribution: bytes) -> bytes:
    """A frozen distribution calls the methods of the object that it holds, with arguments that it holds."""
    state = attributes_of(dist=distribution, args=group(*OVERWRITE), kwds=attributes_of())
    return given(new(named(FROZEN)), state)


def summed(loaded: Any) -> object:
    return sys.modules["numpy"].asarray(loaded).sum()


def mean(loaded: Any) -> object:
    return loaded.mean()


def kept_by(id: str, distribution: bytes, before: bytes = b"") -> Row:
    return of_numpy(id, before + frozen(distribution), load=then(mean), needs=("scipy.stats",))


MEMMAP_CLASS: Final = named("numpy:memmap")
RESULT: Final = "scipy.stats._stats_py:DescribeResult"

BY_TORCH: Final = loader("torch.load", weights_only=False)


BY_ID: Final = group(text("module"), text(ADDRESS), text(""), text("")) + BINPERSID


class Echo(pickle.Unpickler):
    """A program's own, to which a persistent id says itself what it is of."""

    def persistent_load(self, pid: Any) -> Any:
        return pid[0]


def echoed() -> Any:
    with Path(FILE).open("rb") as file:
        return Echo(file).load()


PERSISTENT: Final = (
    Row(
        id="function_from_a_persistent_id_of_torchs",
        file=lambda _: torch_legacy(
            frozen(namespace(mean=group(octets(b"module"), MEMMAP_CLASS, text(""), text("")) + BINPERSID))
        ),
        load=lambda: mean(BY_TORCH()),
        needs=("torch", "scipy.stats"),
    ),
    Row(
        id="function_from_a_persistent_id",
        file=lambda _: pickled(frozen(namespace(mean=group(MEMMAP_CLASS) + BINPERSID))),
        load=lambda: mean(echoed()),
        needs=("scipy.stats",),
    ),
    *(
        Row(
            id=f"address_whose_name_torch_takes_from_a_persistent_id_{how}",
            file=lambda _, code=code: torch_legacy(code),  # type: ignore[misc]
            load=lambda: summed(BY_TORCH()),
            effect=crash,
            needs=("torch", "scipy.optimize"),
        )
        for how, code in {
            "as_an_item": new(named("scipy.optimize._optimize:OptimizeResult")) + BY_ID + AN_ADDRESS + b"s",
            "as_an_attribute": given(new(named("argparse:Namespace")), mapping((BY_ID, AN_ADDRESS))),
        }.items()
    ),
)

KEPT: Final = (
    kept_by(
        "function_taken_from_a_state_when_the_object_has_it",
        get(31),
        kept(30, attributes_of(mean=MEMMAP_CLASS))
        + kept(31, given(new(named("argparse:Namespace")), get(30)))
        + get(30)
        + text("mean")
        + NONE
        + b"s"
        + POP,
    ),
    kept_by(
        "function_as_a_field_of_a_named_tuple",
        new(named(RESULT), NONE, NONE, MEMMAP_CLASS, NONE, NONE, NONE),
    ),
    kept_by(
        "function_as_a_field_by_reconstructor",
        calling(
            "copyreg:_reconstructor",
            named(RESULT),
            named("builtins:tuple"),
            group(NONE, NONE, MEMMAP_CLASS, NONE, NONE, NONE),
        ),
    ),
    kept_by(
        "function_among_the_items_of_a_dict_with_attributes",
        new(named("scipy.optimize._optimize:OptimizeResult")) + text("mean") + MEMMAP_CLASS + b"s",
    ),
    *(
        of_numpy(
            f"address_among_the_items_of_a_dict_with_attributes{how}",
            new(named("scipy.optimize._optimize:OptimizeResult"))
            + name
            + AN_ADDRESS
            + b"s",
            load=then(summed),
            effect=crash,
            needs=("scipy.optimize",),
        )
        for how, name in {
            "": text(ADDRESS),
            "_by_a_name_that_is_made": calling("builtins:str", text(ADDRESS)),
            "_by_a_name_of_numpys": calling(
                "numpy._core.multiarray:scalar", NUMPYS_TEXT, octets(ADDRESS.encode("utf-32-le"))
            ),
        }.items()
    ),
    of_numpy(
        "address_among_the_attributes_that_an_object_keeps",
        kept(30, attributes_of(coef=listing(ONE)))
        + kept(31, given(new(named("numpy.polynomial.polynomial:Polynomial")), get(30)))
        + get(30)
        + text(ADDRESS)
        + AN_ADDRESS
        + b"s"
        + POP
        + get(31),
        load=then(summed),
        effect=crash,
        needs=("numpy.polynomial",),
    ),
)

ROWS: Final = (*DEFERRED, *PERSISTENT, *KEPT)
