"""Ways to a callable through others, and to a call through what reads an iterator."""

from __future__ import annotations

from typing import Final

from .builders import (
    NONE,
    PYTHON,
    SHELL,
    attribute,
    call,
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
    sequence,
    text,
)
from .rows import fragment, gadget

COMMAND: Final = text(SHELL)
SOURCE: Final = text(PYTHON)
SYSTEM: Final = named("os:system")
LAZY: Final = calling("builtins:map", SYSTEM, listing(COMMAND))
"""A map object: runs the command when somebody reads it."""


INDIRECT: Final = (
    fragment(
        "resolve_name",
        call(calling("pkgutil:resolve_name", text("os:system")), COMMAND),
        known="picklescan advisories of 2025",
    ),
    fragment(
        "dunder_import_and_getattr",
        call(attribute(calling("builtins:__import__", text("os")), "system"), COMMAND),
    ),
    fragment(
        "import_module_and_getattr",
        call(attribute(calling("importlib:import_module", text("os")), "system"), COMMAND),
    ),
    fragment(
        "getattr_from_a_listed_class",
        sequence(
            kept(0, attribute(attribute(named("argparse:Namespace"), "__init__"), "__globals__")),
            call(attribute(call(attribute(get(0), "get"), text("_os")), "system"), COMMAND),
        ),
    ),
    fragment(
        "attrgetter",
        call(
            call(
                calling("operator:attrgetter", text("system")),
                calling("importlib:import_module", text("os")),
            ),
            COMMAND,
        ),
    ),
    fragment(
        "attrgetter_of_the_c_module",
        call(
            call(
                calling("_operator:attrgetter", text("os.system")),
                calling("builtins:__import__", text("shutil")),
            ),
            COMMAND,
        ),
    ),
    fragment(
        "methodcaller",
        call(
            calling("operator:methodcaller", text("system"), COMMAND),
            calling("importlib:import_module", text("os")),
        ),
    ),
    fragment(
        "itemgetter_on_the_module_table",
        call(
            attribute(call(calling("operator:itemgetter", text("os")), named("sys:modules")), "system"),
            COMMAND,
        ),
    ),
    fragment(
        "getitem_of_a_module_namespace",
        call(calling("operator:getitem", named("os:__dict__"), text("system")), COMMAND),
    ),
    fragment("operator_call", calling("operator:call", SYSTEM, COMMAND)),
    fragment("partial", call(calling("functools:partial", SYSTEM, COMMAND))),
    fragment(
        "partial_whose_function_is_in_its_state",
        call(
            given(
                new(named("functools:partial"), named("builtins:print")),
                group(SYSTEM, group(COMMAND), mapping(), NONE),
            )
        ),
    ),
    fragment(
        "reduce_as_a_call_with_two_arguments",
        calling("functools:reduce", named("builtins:exec"), listing(SOURCE, mapping())),
    ),
    fragment("bound_method", call(calling("types:MethodType", SYSTEM, COMMAND))),
    fragment(
        "reconstructor_that_runs_an_init",
        calling(
            "copyreg:_reconstructor",
            named("subprocess:Popen"),
            named("subprocess:Popen"),
            listing(text("touch"), text("canary")),
        ),
    ),
    gadget(
        "weak_reference_finalizer",
        "weakref:finalize",
        calling("argparse:Namespace"),
        SYSTEM,
        COMMAND,
    ),
    gadget("new_thread", "_thread:start_new_thread", SYSTEM, group(COMMAND)),
    fragment(
        "breakpoint_hook_from_the_environment",
        sequence(
            named("os:environ"),
            text("PYTHONBREAKPOINT"),
            text("os.system"),
            b"s",
            calling("builtins:breakpoint", COMMAND),
        ),
    ),
)

CONSUMERS: Final = (
    *(
        fragment(f"map_read_by_{ref.partition(':')[2].lower()}", calling(ref, LAZY))
        for ref in (
            "builtins:list",
            "builtins:tuple",
            "builtins:set",
            "builtins:frozenset",
            "builtins:bytes",
            "builtins:bytearray",
            "builtins:sum",
            "builtins:any",
            "builtins:sorted",
            "collections:deque",
            "collections:Counter",
            "collections:OrderedDict.fromkeys",
        )
    ),
    fragment(
        "filter_read_by_list",
        calling("builtins:list", calling("builtins:filter", SYSTEM, listing(COMMAND))),
    ),
    fragment(
        "map_read_by_dict",
        calling("builtins:dict", calling("builtins:zip", LAZY, listing(number(1)))),
    ),
    fragment(
        "starmap_read_by_array",
        calling(
            "array:array",
            text("i"),
            calling("itertools:starmap", SYSTEM, listing(group(COMMAND))),
        ),
    ),
    fragment(
        "calls_until_a_sentinel_read_by_list",
        calling(
            "builtins:list",
            calling("builtins:iter", calling("functools:partial", SYSTEM, COMMAND), number(0)),
        ),
    ),
)

ROWS: Final = (*INDIRECT, *CONSUMERS)
