"""Names that no policy can allow by name, with what they do; only a file's digest can.

The list stops *a user's* allowance of a name, where one click would otherwise hand the process to
whoever wrote the file. It is not the defence (that is the allowlists), so it need not be
complete, and it must not hold what honest users have to allow: their own classes, above all.
A shipped entry may name one of these under a rule on its arguments.
"""

from __future__ import annotations

from typing import Final

from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef


def _table(text: str) -> dict[GlobalRef, str]:
    """``what it does | module: name name …`` lines."""
    found: dict[GlobalRef, str] = {}
    for line in text.strip().splitlines():
        words, _, rest = line.partition("|")
        module, _, names = rest.partition(":")
        for name in names.split():
            found[GlobalRef(module.strip(), name)] = words.strip()
    return found


NEVER: Final[dict[GlobalRef, str]] = _table("""
runs any Python code            | builtins: exec eval compile execfile
imports any module              | builtins: __import__ __build_class__
reads or writes any file        | builtins: open file
reaches into any object         | builtins: getattr setattr delattr vars globals locals dir super
reads from the terminal         | builtins: input raw_input
starts the debugger             | builtins: breakpoint
calls any function              | builtins: apply map filter
opens an interpreter or ends it | builtins: help exit quit copyright credits license
reaches into any object         | operator: attrgetter itemgetter methodcaller call setitem delitem
reaches into any object         | _operator: attrgetter itemgetter methodcaller call setitem delitem
calls any function              | functools: partial partialmethod reduce singledispatch cmp_to_key
calls any function              | _functools: partial reduce cmp_to_key
calls any function              | functools: lru_cache cache cached_property
calls any function              | itertools: starmap accumulate takewhile dropwhile filterfalse
makes a function or a class     | types: FunctionType LambdaType CodeType MethodType new_class
makes a function or a class     | types: DynamicClassAttribute coroutine prepare_class resolve_bases
reaches into any object         | types: ModuleType FrameType TracebackType CellType
reads another pickle            | pickle: load loads Unpickler _Unpickler _load _loads
reads another pickle            | _pickle: load loads Unpickler
reads another pickle            | cPickle: load loads Unpickler
reads another pickle            | shelve: open Shelf DbfilenameShelf
changes how pickles are read    | copyreg: pickle constructor add_extension remove_extension
evaluates text as code          | typing: get_type_hints ForwardRef _eval_type
evaluates text as code          | inspect: get_annotations
makes a class from text         | collections: namedtuple
makes a class from text         | dataclasses: make_dataclass dataclass
makes a class from text         | enum: Enum _make_class_unpickle
runs a callback later           | weakref: finalize
runs a callback later           | atexit: register _run_exitfuncs
runs a callback later           | threading: Thread Timer _start_new_thread start_new_thread
runs a callback later           | signal: signal set_wakeup_fd raise_signal pthread_kill
runs code from a file           | logging.config: fileConfig dictConfig listen
runs code from a file           | logging: FileHandler
deletes or writes files         | tempfile: NamedTemporaryFile TemporaryDirectory mkstemp mkdtemp
deletes or writes files         | tempfile: TemporaryFile _TemporaryFileCloser mktemp
deletes or writes files         | pathlib: Path.unlink Path.write_text Path.write_bytes Path.open
reads or writes any file        | io: open FileIO open_code
reads or writes any file        | _io: open FileIO open_code
reads or writes any file        | codecs: open
reads or writes any file        | fileinput: input FileInput
reads or writes any file        | linecache: getlines updatecache
reads or writes any file        | zipfile: ZipFile
reads or writes any file        | tarfile: open TarFile
reads or writes any file        | dbm: open
reads or writes any file        | sqlite3: connect
reads or writes any file        | _sqlite3: connect
opens a network connection      | urllib.request: urlopen urlretrieve build_opener Request
opens a network connection      | http.client: HTTPConnection HTTPSConnection
opens a network connection      | smtplib: SMTP SMTP_SSL
opens a network connection      | ftplib: FTP
opens a network connection      | requests: get post request
opens a network connection      | requests.api: get post request
runs a command                  | platform: popen _syscmd_ver
runs a command                  | uuid: _get_command_stdout _popen
runs any Python code            | doctest: testmod testfile debug_script run_docstring_examples
runs any Python code            | trace: Trace
runs any Python code            | profile: run runctx Profile
runs any Python code            | test.support.script_helper: assert_python_ok spawn_python
runs any Python code            | unittest: main
imports any module              | zipimport: zipimporter
imports any module              | pydoc: locate render_doc pipepager safeimport
imports any module              | logging.config: _resolve _import
imports any module              | unittest.mock: _importer _get_target patch
runs a command                  | numpy.distutils.exec_command: exec_command _exec_command
runs any Python code            | numpy.testing: rundocs runstring
runs any Python code            | numpy.testing._private.utils: rundocs runstring
reads another pickle            | numpy: load loads
reads or writes any file        | numpy: save savez savez_compressed savetxt fromfile memmap
reads or writes any file        | numpy: genfromtxt loadtxt DataSource fromregex
reads another pickle            | numpy.lib.npyio: load NpzFile loadtxt
reads another pickle            | numpy.lib._npyio_impl: load NpzFile loadtxt
reads another pickle            | numpy.lib.format: read_array open_memmap
calls any function              | numpy: vectorize frompyfunc apply_along_axis apply_over_axes
calls any function              | numpy: piecewise
calls any function              | numpy: fromfunction fromiter
evaluates text as code          | pandas: eval
evaluates text as code          | pandas.core.computation.eval: eval
evaluates text as code          | pandas: DataFrame.eval DataFrame.query
evaluates text as code          | pandas.core.frame: DataFrame.eval DataFrame.query
reads another pickle            | pandas: read_pickle read_hdf HDFStore
reads another pickle            | pandas.io.pickle: read_pickle
reads another pickle            | pandas.compat.pickle_compat: load loads Unpickler
evaluates text as code          | numexpr: evaluate NumExpr re_evaluate
evaluates text as code          | numexpr.necompiler: evaluate NumExpr re_evaluate
evaluates text as code          | sympy: sympify lambdify parse_expr S
evaluates text as code          | sympy.core.sympify: sympify
evaluates text as code          | sympy.utilities.lambdify: lambdify
evaluates text as code          | sympy.parsing.sympy_parser: parse_expr eval_expr
reads another pickle            | joblib: load
reads another pickle            | joblib.numpy_pickle: load _unpickle NumpyUnpickler
reads another pickle            | joblib.numpy_pickle_compat: load_compatibility ZipNumpyUnpickler
calls any function              | joblib.parallel: delayed BatchedCalls Parallel
rebuilds code from the file     | numba.core.serialize: _numba_unpickle _unpickle__CustomPickled
rebuilds code from the file     | numba.core.serialize: custom_rebuild
rebuilds code from the file     | numba.core.serialize: _rebuild_function
rebuilds code from the file     | torch.fx.graph_module: reduce_graph_module
rebuilds code from the file     | torch.fx.graph_module: reduce_package_graph_module
rebuilds code from the file     | torch.fx.graph_module: reduce_deploy_graph_module
rebuilds code from the file     | torch.fx.graph_module: _exec_with_source
rebuilds code from the file     | torch.fx.graph_module: _deserialize_graph_module _forward_from_src
rebuilds code from the file     | torch.jit: load CompilationUnit script
rebuilds code from the file     | torch.jit._script: CompilationUnit script
rebuilds code from the file     | torch.jit._serialization: load
rebuilds code from the file     | torch.jit.unsupported_tensor_ops: execWrapper
runs any Python code            | torch._dynamo.guards: GuardBuilder.get
runs any Python code            | torch.utils.bottleneck.__main__: run_cprofile run_autograd_prof
runs a command                  | torch.utils.collect_env: run get_pip_packages run_and_read_all
runs a command                  | torch.utils.cpp_extension: load load_inline
runs any Python code            | torch.utils._config_module: ConfigModule.load_config
reads another pickle            | torch.utils._config_module: load_config
calls any function              | torch.utils.data.datapipes.utils.decoder: basichandlers
reads another pickle            | torch: load
reads another pickle            | torch.serialization: load _load _legacy_load
reads another pickle            | torch.storage: _load_from_bytes
loads native code               | torch: classes.load_library ops.load_library
loads native code               | torch._ops: _Ops.load_library
calls any function              | torch: vmap compile
loads native code               | ctypes: CDLL
""")

NEVER_MODULES: Final[dict[str, str]] = {
    **dict.fromkeys(
        ("os", "posix", "nt", "posixpath", "ntpath", "subprocess", "commands", "popen2"),
        "runs commands or handles files",
    ),
    **dict.fromkeys(("_posixsubprocess", "_winapi", "pty", "popen", "os2"), "starts processes"),
    **dict.fromkeys(
        ("multiprocessing", "concurrent.futures", "_multiprocessing"), "starts processes"
    ),
    **dict.fromkeys(
        ("importlib", "imp", "_imp", "pkgutil", "runpy", "zipimport", "_frozen_importlib"),
        "imports any module",
    ),
    **dict.fromkeys(("_frozen_importlib_external", "site", "sitecustomize"), "imports any module"),
    **dict.fromkeys(("ctypes", "_ctypes", "cffi", "_cffi_backend", "mmap"), "handles raw memory"),
    **dict.fromkeys(("shutil", "glob", "distutils", "setuptools", "pip"), "handles files"),
    **dict.fromkeys(("ensurepip", "venv", "pkg_resources", "_distutils_hack"), "installs packages"),
    **dict.fromkeys(("socket", "_socket", "socketserver", "ssl", "_ssl"), "opens connections"),
    **dict.fromkeys(("telnetlib", "xmlrpc", "webbrowser", "antigravity"), "opens connections"),
    **dict.fromkeys(
        ("code", "codeop", "pdb", "bdb", "cProfile", "timeit", "doctest", "idlelib"),
        "runs any Python code",
    ),
    **dict.fromkeys(("lib2to3", "turtledemo", "pydoc", "trace"), "runs any Python code"),
    **dict.fromkeys(("sys", "gc", "builtins.__dict__", "_thread"), "changes the interpreter"),
    **dict.fromkeys(("marshal", "_interpreters", "_xxsubinterpreters"), "makes code objects"),
    "asyncio.base_events": "runs commands and callbacks",
    "asyncio.events": "runs commands and callbacks",
    "asyncio.runners": "runs commands and callbacks",
    "asyncio.subprocess": "runs commands and callbacks",
    "asyncio.unix_events": "runs commands and callbacks",
    "numpy.f2py": "runs commands",
    "numpy.distutils": "runs commands",
    "torch.hub": "downloads and runs code",
    "torch.package": "rebuilds code from the file",
    "torch._inductor": "compiles and runs code",
    "torch.utils.cpp_extension": "compiles and runs code",
    "torch.testing._internal": "runs any Python code",
    "torch.distributed.launcher": "starts processes",
    "torch.multiprocessing": "starts processes",
    "cloudpickle": "rebuilds code from the file",
    "dill": "rebuilds code from the file",
    "paramiko": "opens connections",
    "fabric": "runs commands",
    "sh": "runs commands",
    "pexpect": "runs commands",
    "plumbum": "runs commands",
    "IPython": "runs any Python code",
    "jinja2.sandbox": "runs any Python code",
}

_INTO_ANYTHING: Final = "reaches into an object's internals"


def _is_special(part: str) -> bool:
    return part.startswith("__") and part.endswith("__")


def _module_reason(module: str) -> str | None:
    """The reason of the module or of a package that holds it."""
    while module:
        if module in NEVER_MODULES:
            return NEVER_MODULES[module]
        module = module.rpartition(".")[0]
    return None


def why_never(ref: GlobalRef) -> str | None:
    """What the name does, if no policy may allow it by name; else None.

    Every way a name can be spelled counts: Python 2 names, and dotted names that pass through a
    module (``shutil:os.system``) or through an object's internals (``collections:x.__class__``).
    """
    for spelling in (ref, normalised(ref)):
        module, qualname = spelling
        reason = NEVER.get(spelling) or _module_reason(module)
        if reason is not None:
            return reason
        parts = qualname.split(".")
        if len(parts) == 1:
            continue
        if any(map(_is_special, parts)):
            return _INTO_ANYTHING
        for end in range(1, len(parts)):
            inner = ".".join(parts[:end])
            reason = (
                NEVER.get(GlobalRef(module, inner))
                or _module_reason(f"{module}.{inner}")
                or _through_a_module(parts[end - 1], parts[end:])
            )
            if reason is not None:
                return reason
    return None


def _through_a_module(name: str, rest: list[str]) -> str | None:
    """``…os.system``: a module that another one imported, perhaps under an underscore."""
    for module in {name, name.lstrip("_")}:
        reason = NEVER_MODULES.get(module) or NEVER.get(GlobalRef(module, ".".join(rest)))
        if reason is not None:
            return reason
    return None
