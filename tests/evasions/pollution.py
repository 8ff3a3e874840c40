"""Streams that change the process, or call something, without any opcode that calls."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import Final

from .builders import (
    MARK,
    NONE,
    SHELL,
    calling,
    given,
    group,
    listing,
    mapping,
    named,
    new,
    number,
    pickled,
    text,
)
from .rows import Row, fragment, unpickle

COMMAND: Final = text(SHELL)


def polluted(code: bytes, id: str, effect: Callable[[], bool], *, needs: tuple[str, ...] = ()) -> Row:
    """A pickle that changes something of the process without calling anything."""
    return fragment(id, code, effect=lambda _: effect(), needs=needs)


def slots(**values: bytes) -> bytes:
    """The state that BUILD sets attribute by attribute, on whatever it is given."""
    return group(NONE, mapping(*((text(k), v) for k, v in values.items())))


def torch_defaults() -> object:
    return sys.modules["torch"]._utils._rebuild_tensor_v2.__defaults__


POLLUTION: Final = (
    polluted(
        given(named("argparse:Namespace"), slots(polluted=number(1))),
        "attribute_of_a_listed_class",
        lambda: hasattr(argparse.Namespace, "polluted"),
    ),
    polluted(
        given(named("argparse:Namespace"), slots(__setattr__=named("builtins:print"))),
        "method_of_a_listed_class_replaced",
        lambda: argparse.Namespace.__setattr__ is print,
    ),
    polluted(
        given(named("os:path"), mapping((text("polluted"), number(1)))),
        "attribute_of_a_module",
        lambda: hasattr(os.path, "polluted"),
    ),
    polluted(
        given(named("os:popen"), slots(__code__=named("os:getenv.__code__"))),
        "code_of_a_function_replaced",
        lambda: os.popen.__code__ is os.getenv.__code__,
    ),
    polluted(
        given(named("copyreg:_reconstructor"), slots(__defaults__=group(number(1)))),
        "defaults_of_a_listed_function",
        lambda: sys.modules["copyreg"]._reconstructor.__defaults__ == (1,),
    ),
    polluted(
        given(named("torch._utils:_rebuild_tensor_v2"), slots(__defaults__=group(number(1)))),
        "defaults_of_torch_rebuilder",
        lambda: torch_defaults() == (1,),
        needs=("torch",),
    ),
    polluted(
        given(named("joblib.numpy_pickle:NumpyArrayWrapper"), slots(read=named("builtins:print"))),
        "method_of_joblib_wrapper_replaced",
        lambda: sys.modules["joblib"].numpy_pickle.NumpyArrayWrapper.read is print,
        needs=("joblib",),
    ),
    polluted(
        named("os:environ") + text("POLLUTED") + text("1") + b"s",
        "item_of_the_environment",
        lambda: "POLLUTED" in os.environ,
    ),
    polluted(
        named("os:environ") + MARK + text("POLLUTED") + text("1") + b"u",
        "items_of_the_environment",
        lambda: "POLLUTED" in os.environ,
    ),
    polluted(
        named("builtins:__dict__") + text("polluted") + number(1) + b"s",
        "builtin_added",
        lambda: "polluted" in vars(sys.modules["builtins"]),
    ),
    polluted(
        named("sys:modules") + text("polluted") + named("os:path") + b"s",
        "module_planted",
        lambda: "polluted" in sys.modules,
    ),
    polluted(
        named("sys:path") + text("/polluted") + b"a",
        "import_path_appended",
        lambda: "/polluted" in sys.path,
    ),
    polluted(
        named("sys:path") + MARK + text("/polluted") + text("/more") + b"e",
        "import_path_extended",
        lambda: "/polluted" in sys.path,
    ),
    polluted(
        named("site:PREFIXES") + text("/polluted") + b"a",
        "list_of_a_module_appended",
        lambda: "/polluted" in sys.modules["site"].PREFIXES,
    ),
    polluted(
        named("token:EXACT_TOKEN_TYPES") + text("polluted") + number(1) + b"s",
        "table_of_a_module",
        lambda: "polluted" in sys.modules["token"].EXACT_TOKEN_TYPES,
    ),
    polluted(
        named("copyreg:dispatch_table") + named("argparse:Namespace") + named("builtins:print") + b"s",
        "pickling_of_a_class_rerouted",
        lambda: argparse.Namespace in sys.modules["copyreg"].dispatch_table,
    ),
)

class Own:
    """A class of the program's, which its user allows."""


def allowed() -> object:
    safeload = sys.modules.get("safeload")
    if safeload is not None:
        safeload.allow(f"{__name__}:Own")
    return unpickle()


EXCHANGED: Final = mapping((text("__class__"), named("argparse:Namespace")))
PAIR: Final = group(text("__class__"), named("argparse:Namespace"))
STATES: Final = {
    "a_tuple": group(NONE, EXCHANGED),
    "a_tuple_that_is_called": calling("builtins:tuple", listing(NONE, EXCHANGED)),
    "a_dict_that_is_called": group(NONE, calling("builtins:dict", listing(PAIR))),
    "an_ordered_dict_of_pairs": group(NONE, calling("collections:OrderedDict", listing(PAIR))),
    "an_ordered_dict_with_items": group(
        NONE, calling("collections:OrderedDict") + text("__class__") + named("argparse:Namespace") + b"s"
    ),
    "a_dict_by_reconstructor": group(
        NONE,
        calling("copyreg:_reconstructor", named("collections:OrderedDict"), named("builtins:dict"), EXCHANGED),
    ),
}
"""States by which an object becomes one of another class, of names that are all listed."""

BY_STATE: Final = tuple(
    Row(
        id=f"class_exchanged_by_{how}",
        file=lambda _, state=state: pickled(given(new(named(f"{__name__}:Own")), state)),  # type: ignore[misc]
        load=allowed,
        effect=lambda loaded: type(loaded) is argparse.Namespace,
    )
    for how, state in STATES.items()
)

DISGUISED: Final = (
    polluted(
        given(
            given(
                new(named("argparse:Namespace")),
                mapping((text("__setstate__"), named("os:system"))),
            ),
            COMMAND,
        ),
        "call_by_build_of_a_planted_setstate",
        lambda: os.path.exists("canary"),
    ),
    polluted(
        given(new(named("argparse:Namespace")), mapping((text("append"), named("os:system")))) + COMMAND + b"a",
        "call_by_append_on_a_planted_method",
        lambda: os.path.exists("canary"),
    ),
    polluted(
        given(new(named("argparse:Namespace")), mapping((text("add"), named("os:system")))) + MARK + COMMAND + b"\x90",
        "call_by_additems_on_a_planted_method",
        lambda: os.path.exists("canary"),
    ),
)

ROWS: Final = (*POLLUTION, *DISGUISED, *BY_STATE)
