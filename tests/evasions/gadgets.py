"""Callables of the standard library that run commands, source, other pickles, or touch files."""

from __future__ import annotations

import marshal
import os
import sys
from pathlib import Path
from typing import Final

from .builders import (
    BOOM,
    FALSE,
    NONE,
    PYTHON,
    SHELL,
    TRUE,
    attribute,
    call,
    calling,
    given,
    kept,
    listing,
    mapping,
    named,
    number,
    octets,
    pickled,
    text,
)
from .rows import FILE, Files, Row, dressed, fragment, gadget

COMMAND: Final = text(SHELL)
SOURCE: Final = text(PYTHON)
TOUCH: Final = listing(text("touch"), text("canary"))
NESTED: Final = octets(pickled(BOOM))
PLANT: Final = f"{PYTHON}\ndef grow(*given): return given\n".encode()
"""A module of the attacker's: its import is the deed."""


def beside(id: str, code: bytes, *, known: str = "", **companions: bytes) -> Row:
    """A pickle that needs companions: ``plant_py=b"..."`` is the file plant.py."""

    def file(_: bytes) -> Files:
        names = {name.replace("_", "."): data for name, data in companions.items()}
        return dressed(pickled(code), names)

    return Row(id=id, file=file, known=known)


def imported(module: str) -> Row:
    return fragment(
        f"import_of_{module}_for_its_side_effect",
        named(f"{module}:__name__"),
        effect=lambda _: module in sys.modules,
    )


def marshalled() -> bytes:
    code = marshal.dumps(compile(PYTHON, "canary", "exec"))
    return call(calling("types:FunctionType", calling("marshal:loads", octets(code)), mapping()))


def asynchronous(coroutine: bytes) -> bytes:
    return calling("asyncio:run", coroutine)


COMMANDS: Final = (
    gadget("os_popen", "os:popen", COMMAND),
    gadget("os_spawn", "os:spawnlp", number(0), text("touch"), text("touch"), text("canary")),
    gadget(
        "os_posix_spawn",
        "os:posix_spawnp",
        text("touch"),
        TOUCH,
        mapping((text("PATH"), text(os.defpath))),
    ),
    gadget("subprocess_run", "subprocess:run", TOUCH),
    gadget("subprocess_getoutput", "subprocess:getoutput", COMMAND),
    gadget("pty_spawn", "pty:spawn", TOUCH, known="picklescan advisories of 2025"),
    gadget("uuid_helper", "uuid:_get_command_stdout", text("touch"), text("canary")),
    gadget("osx_support_helper", "_osx_support:_read_output", COMMAND),
    gadget("pydoc_pager", "pydoc:pipepager", text("words"), COMMAND),
    gadget("pydoc_pager_of_a_file", "pydoc:tempfilepager", text("words"), text("touch canary;:")),
    gadget("pyrepl_pager", "_pyrepl.pager:pipe_pager", text("words"), COMMAND, needs=("_pyrepl",)),
    gadget("imap_over_a_command", "imaplib:IMAP4_stream", COMMAND),
    gadget("distutils_spawn", "distutils.spawn:spawn", TOUCH, needs=("distutils",)),
    gadget(
        "unittest_helper",
        "test.support.script_helper:assert_python_ok",
        text("-c"),
        SOURCE,
        needs=("test",),
    ),
    fragment(
        "background_browser",
        call(
            named("webbrowser:BackgroundBrowser.open"),
            calling("webbrowser:BackgroundBrowser", TOUCH),
            text("page"),
        ),
    ),
    fragment(
        "asyncio_subprocess",
        asynchronous(calling("asyncio:create_subprocess_shell", COMMAND)),
        known="CVE-2025-10157",
    ),
    fragment(
        "asyncio_transport",
        calling(
            "asyncio.unix_events:_UnixSubprocessTransport._start",
            given(calling("argparse:Namespace"), mapping()),
            TOUCH,
            FALSE,
            NONE,
            NONE,
            NONE,
            number(0),
        ),
        known="picklescan advisories of 2025",
    ),
    fragment(
        "logging_config_factory",
        calling(
            "logging.config:dictConfig",
            mapping(
                (text("version"), number(1)),
                (
                    text("formatters"),
                    mapping(
                        (
                            text("f"),
                            mapping((text("()"), text("subprocess.getoutput")), (text("cmd"), COMMAND)),
                        )
                    ),
                ),
            ),
        ),
    ),
    fragment(
        "exit_handler",
        kept(0, calling("atexit:register", named("os:system"), COMMAND)) + calling("atexit:_run_exitfuncs"),
    ),
    fragment(
        "library_loaded_by_ctypes",
        call(
            calling("operator:getitem", calling("ctypes:CDLL", NONE), text("system")),
            octets(SHELL.encode()),
        ),
    ),
)

SOURCES: Final = (
    gadget("builtin_exec", "builtins:exec", SOURCE),
    fragment(
        "compile_and_eval",
        calling("builtins:eval", calling("builtins:compile", SOURCE, text("f"), text("exec"))),
    ),
    fragment("marshalled_function", marshalled()),
    gadget("timeit", "timeit:timeit", SOURCE, text("pass"), named("time:time"), number(1)),
    gadget("timeit_command_line", "timeit:main", listing(text("-n1"), text("-r1"), SOURCE)),
    gadget("pdb", "pdb:run", SOURCE),
    fragment("bdb", calling("bdb:Bdb.run", calling("bdb:Bdb"), SOURCE)),
    gadget("profile", "profile:run", SOURCE),
    gadget("c_profile", "cProfile:run", SOURCE),
    fragment("trace", calling("trace:Trace.run", calling("trace:Trace", FALSE, FALSE), SOURCE)),
    gadget("doctest", "doctest:debug_script", SOURCE, TRUE),
    fragment(
        "interactive_interpreter",
        calling(
            "code:InteractiveInterpreter.runcode",
            calling("code:InteractiveInterpreter"),
            calling("builtins:compile", SOURCE, text("f"), text("exec")),
        ),
    ),
    fragment(
        "type_hints",
        calling(
            "typing:get_type_hints",
            given(
                calling("types:SimpleNamespace"),
                mapping((text("__annotations__"), mapping((text("x"), SOURCE)))),
            ),
        ),
    ),
    gadget("idle_call_tip", "idlelib.calltip:get_entity", SOURCE, needs=("tkinter", "idlelib")),
    fragment(
        "idle_completion",
        calling(
            "idlelib.autocomplete:AutoComplete.get_entity",
            NONE,
            SOURCE,
        ),
        needs=("tkinter", "idlelib"),
    ),
    fragment(
        "lib2to3_label",
        calling(
            "lib2to3.pgen2.pgen:ParserGenerator.make_label",
            NONE,
            given(calling("types:SimpleNamespace"), mapping((text("labels"), listing()))),
            text(f"''or {PYTHON}"),
        ),
        needs=("lib2to3",),
    ),
)

FILES_BESIDE: Final = (
    beside("unknown_module", named("plant:grow"), plant_py=PLANT),
    beside("unknown_callable", calling("plant:grow"), plant_py=b"def grow():\n " + PYTHON.encode()),
    beside("import_module_of_a_file", calling("importlib:import_module", text("plant")), plant_py=PLANT),
    beside("run_path", calling("runpy:run_path", text("plant.py")), plant_py=PLANT),
    beside("run_module", calling("runpy:run_module", text("plant")), plant_py=PLANT),
    beside(
        "source_file_loader",
        call(
            attribute(
                calling("importlib.machinery:SourceFileLoader", text("plant"), text("plant.py")),
                "load_module",
            )
        ),
        plant_py=PLANT,
    ),
    beside(
        "path_file",
        calling("site:addpackage", text("."), text("plant.pth"), calling("builtins:set")),
        plant_pth=b"import plant\n",
        plant_py=PLANT,
    ),
    beside(
        "user_customization",
        calling("site:execusercustomize"),
        usercustomize_py=PLANT,
    ),
    beside(
        "logging_config_file",
        calling("logging.config:fileConfig", text("log.ini")),
        log_ini=f"""[loggers]
keys=root
[handlers]
keys=h
[formatters]
keys=
[logger_root]
handlers=h
[handler_h]
class=StreamHandler
args=({PYTHON},)
""".encode(),
    ),
    beside("pydoc_locate", calling("pydoc:locate", text("plant")), plant_py=PLANT),
    beside("parent_of_a_spec", calling("importlib.util:find_spec", text("plant.leaf")), plant_py=PLANT),
    beside(
        "pickle_in_a_file_beside",
        calling("pickle:load", calling("io:open", text("inner.pkl"), text("rb"))),
        inner_pkl=pickled(BOOM),
    ),
    Row(
        id="secret_read_into_the_object",
        file=lambda _: {
            FILE: pickled(calling("linecache:getlines", text("secret.txt"))),
            "secret.txt": b"the secret\n",
        },
        effect=lambda loaded: loaded == ["the secret\n"],
        known="picklescan advisories of 2025",
    ),
)

NESTED_LOADS: Final = (
    gadget("nested_loads", "pickle:loads", NESTED),
    gadget("nested_loads_of_the_c_module", "_pickle:loads", NESTED),
    gadget("nested_loads_of_the_python_code", "pickle:_loads", NESTED),
    fragment(
        "nested_unpickler",
        call(attribute(calling("pickle:Unpickler", calling("io:BytesIO", NESTED)), "load")),
    ),
    gadget("nested_loads_of_multiprocessing", "multiprocessing.reduction:ForkingPickler.loads", NESTED),
    fragment(
        "nested_loads_of_lib2to3",
        calling("lib2to3.pgen2.grammar:Grammar.loads", calling("lib2to3.pgen2.grammar:Grammar"), NESTED),
        needs=("lib2to3",),
    ),
    fragment(
        "nested_four_deep",
        calling(
            "pickle:loads",
            octets(pickled(calling("_pickle:loads", octets(pickled(calling("pickle:loads", NESTED)))))),
        ),
    ),
)


def exists(name: str) -> bool:
    return Path(name).exists()


TOUCHED: Final = (
    gadget("file_opened_for_writing", "io:open", text("canary"), text("w")),
    gadget("file_of_a_log_handler", "logging:FileHandler", text("canary")),
    gadget("file_of_a_database", "sqlite3:connect", text("canary"), needs=("sqlite3",)),
    gadget("file_linked", "os:symlink", text(FILE), text("canary")),
    gadget("file_copied", "shutil:copyfile", text(FILE), text("canary")),
    Row(
        id="file_removed",
        file=lambda _: pickled(calling("os:remove", text(FILE))),
        effect=lambda _: not exists(FILE),
    ),
    Row(
        id="tree_removed",
        file=lambda _: {FILE: pickled(calling("shutil:rmtree", text("d"))), "d/f": b""},
        effect=lambda _: not exists("d"),
    ),
    imported("this"),
)

ROWS: Final = (*COMMANDS, *SOURCES, *FILES_BESIDE, *NESTED_LOADS, *TOUCHED)
