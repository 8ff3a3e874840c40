"""Ways to name a callable, and ways to call one without naming it or without REDUCE."""

from __future__ import annotations

import copyreg
import os
import pickle
import struct
from typing import Final

from .builders import (
    DUP,
    MARK,
    PYTHON,
    REDUCE,
    SHELL,
    STACK_GLOBAL,
    attribute,
    call,
    calling,
    get,
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
    sequence,
    text,
)
from .rows import FILE, Row, fragment, gadget, unpickle

COMMAND: Final = text(SHELL)
SOURCE: Final = text(PYTHON)
SYSTEM: Final = named("os:system")
LAZY: Final = calling("builtins:map", SYSTEM, listing(COMMAND))
"""A map object: runs the command when somebody reads it."""

EXTENSION: Final = 240


def as_extension(*, cached: bool) -> object:
    """Load in a program that has registered an extension code, as its own pickles need."""
    copyreg.add_extension("os", "system", EXTENSION)
    if cached:
        copyreg._extension_cache[EXTENSION] = os.system  # type: ignore[attr-defined]
    return unpickle()


def extension(id: str, opcode: bytes, *, cached: bool = False) -> Row:
    return Row(
        id=id,
        file=lambda _: pickled(call(opcode, COMMAND)),
        load=lambda: as_extension(cached=cached),
    )


def without_fixed_imports() -> object:
    with open(FILE, "rb") as stream:
        return pickle.load(stream, fix_imports=False)


OPCODES: Final = (
    fragment("global", call(named_by_line("os:system"), b"Vtouch canary\n"), version=0),
    fragment("stack_global", call(SYSTEM, COMMAND)),
    fragment(
        "stack_global_of_memoized_strings",
        sequence(
            kept(0, text("system")),
            kept(1, text("os")),
            call(get(1) + get(0) + STACK_GLOBAL, COMMAND),
        ),
    ),
    fragment(
        "stack_global_after_the_memo_was_overwritten",
        sequence(
            kept(0, text("math")),
            kept(0, text("os")),
            kept(300, text("system")),
            call(get(0) + get(300) + STACK_GLOBAL, COMMAND),
        ),
    ),
    fragment("stack_global_under_protocol_2", calling("__builtin__:eval", SOURCE), version=2),
    fragment(
        "stack_global_of_escaped_strings",
        call(rb"S'\x6f\x73'" + b"\n" + rb"S'sys\164em'" + b"\n" + STACK_GLOBAL, COMMAND),
    ),
    fragment(
        "stack_global_of_escaped_unicode",
        call(rb"V\u006f\u0073" + b"\n" + rb"Vsys\u0074em" + b"\n" + STACK_GLOBAL, COMMAND),
    ),
    fragment(
        "stack_global_of_python_2_strings",
        call(b"U\x02os" + b"T" + struct.pack("<i", 6) + b"system" + STACK_GLOBAL, COMMAND),
    ),
    fragment(
        "stack_global_of_a_string_from_a_call",
        call(calling("builtins:str", text("os")) + text("system") + STACK_GLOBAL, COMMAND),
    ),
    fragment(
        "stack_global_of_a_string_joined_by_a_method",
        call(
            calling("builtins:str.join", text(""), listing(text("o"), text("s"))) + text("system") + STACK_GLOBAL,
            COMMAND,
        ),
    ),
    fragment("inst", MARK + COMMAND + b"ios\nsystem\n"),
    fragment("obj", MARK + SYSTEM + COMMAND + b"o"),
    fragment(
        "obj_of_a_class",
        MARK + named("subprocess:Popen") + listing(text("touch"), text("canary")) + b"o",
    ),
    fragment(
        "newobj_alone",
        new(named("builtins:tuple"), new(named("builtins:map"), SYSTEM, listing(COMMAND))),
    ),
    fragment(
        "newobj_ex_alone",
        new_with(
            named("builtins:tuple"),
            group(new_with(named("builtins:map"), group(SYSTEM, listing(COMMAND)), mapping())),
            mapping(),
        ),
    ),
    fragment("function_twice_on_the_stack", SYSTEM + DUP + group(COMMAND) + REDUCE + b"\x86"),
    fragment(
        "proto_raised_in_midstream_for_a_dotted_name",
        proto(4) + calling("shutil:os.system", COMMAND),
        version=2,
    ),
    extension("extension_code_of_one_byte", b"\x82" + bytes([EXTENSION])),
    extension("extension_code_of_two_bytes", b"\x83" + struct.pack("<H", EXTENSION)),
    extension("extension_code_of_four_bytes", b"\x84" + struct.pack("<i", EXTENSION)),
    extension("extension_code_from_the_cache", b"\x82" + bytes([EXTENSION]), cached=True),
)

ALIASES: Final = (
    fragment("posix_for_os", calling("posix:system", COMMAND)),
    fragment("python_2_builtins", call(named_by_line("__builtin__:eval"), SOURCE), version=2),
    fragment("python_2_commands", call(named_by_line("commands:getoutput"), COMMAND), version=2),
    fragment(
        "python_2_reduce",
        call(
            named_by_line("__builtin__:reduce"),
            named_by_line("__builtin__:eval"),
            listing(SOURCE, mapping()),
        ),
        version=2,
    ),
    fragment(
        "python_2_imap",
        call(
            named_by_line("__builtin__:list"),
            call(named_by_line("itertools:imap"), named_by_line("os:system"), listing(COMMAND)),
        ),
        version=2,
    ),
    Row(
        id="names_not_mapped_by_request_of_the_caller",
        file=lambda _: pickled(call(named_by_line("builtins:eval"), SOURCE), 2),
        load=without_fixed_imports,
    ),
    fragment("module_that_another_imports", calling("shutil:os.system", COMMAND)),
    fragment("underscored_module_that_another_imports", calling("argparse:_os.system", COMMAND)),
    fragment("module_object_taken_from_another", call(attribute(named("shutil:os"), "system"), COMMAND)),
    fragment(
        "module_table_of_a_listed_module",
        call(attribute(calling("collections:_sys.modules.get", text("os")), "system"), COMMAND),
    ),
    fragment(
        "globals_of_a_function",
        call(
            calling(
                "operator:getitem",
                calling("collections:namedtuple.__globals__.get", text("__builtins__")),
                text("eval"),
            ),
            SOURCE,
        ),
    ),
    fragment(
        "getattribute_of_modules",
        call(
            calling("types:ModuleType.__getattribute__", named("shutil:os"), text("system")),
            COMMAND,
        ),
    ),
    fragment(
        "subclasses_of_object",
        sequence(
            kept(0, calling("collections:OrderedDict.__base__.__base__.__subclasses__")),
            calling("shutil:os.system", COMMAND),
        ),
    ),
    fragment(
        "method_of_a_listed_class",
        calling("pathlib:Path.touch", calling("pathlib:Path", text("canary"))),
    ),
    fragment(
        "array_method_that_writes_a_file",
        calling("numpy:ndarray.tofile", calling("numpy:zeros", number(3)), text("canary")),
        needs=("numpy",),
    ),
    gadget(
        "c_api_by_dotted_name",
        "ctypes:pythonapi.PyRun_SimpleString",
        octets(PYTHON.encode()),
    ),
)

ROWS: Final = (*OPCODES, *ALIASES)
