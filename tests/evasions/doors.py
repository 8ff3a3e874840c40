"""The same pickle by every way into an unpickler, and what programs do around a load."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import functools
import importlib
import io
import operator
import os
import pickle
import pkgutil
import sys
import threading
import types
from array import array as machine_array
from collections.abc import Callable
from typing import Any, Final

from . import held
from .archives import torch_legacy, torch_zip
from .builders import (
    PYTHON,
    SHELL,
    call,
    calling,
    named_by_line,
    pickled,
    text,
)
from .rows import FILE, Files, Row

Load = Callable[[], object]


def content() -> bytes:
    with open(FILE, "rb") as stream:
        return stream.read()


def stream() -> io.BufferedReader:
    return open(FILE, "rb")


def door(
    id: str,
    load: Load,
    *,
    file: Callable[[bytes], Files] = pickled,
    needs: tuple[str, ...] = (),
    twin: bool = True,
    known: str = "",
) -> Row:
    return Row(id=id, file=file, load=load, needs=needs, twin=twin, known=known)


C: Final = importlib.import_module("_pickle")
PY: Final[Any] = pickle

CPYTHON: Final = (
    door("load", lambda: pickle.load(stream())),
    door("loads", lambda: pickle.loads(content())),
    door("loads_of_a_bytearray", lambda: pickle.loads(bytearray(content()))),
    door("loads_of_a_memoryview", lambda: pickle.loads(memoryview(content()))),
    door("loads_of_an_array", lambda: pickle.loads(machine_array("B", content()))),
    door("unpickler", lambda: pickle.Unpickler(stream()).load()),
    door("unpickler_by_keyword", lambda: pickle.Unpickler(file=stream(), encoding="latin1").load()),  # type: ignore[call-arg]
    door("unpickler_initialised_twice", lambda: initialised_twice()),
    door("unpickler_with_buffers", lambda: pickle.loads(content(), buffers=[])),
    door("load_of_the_c_module", lambda: C.load(stream())),
    door("loads_of_the_c_module", lambda: C.loads(content())),
    door("unpickler_of_the_c_module", lambda: C.Unpickler(stream()).load()),
    door("unbound_load", lambda: pickle.Unpickler.load(pickle.Unpickler(stream()))),
    door("load_by_methodcaller", lambda: operator.methodcaller("load")(pickle.Unpickler(stream()))),
    door("load_by_partial", lambda: functools.partial(pickle.load, encoding="latin1")(stream())),
    door("load_of_the_python_code", lambda: PY._load(stream()), known="GHSA-fphw-536r-4p88"),
    door("loads_of_the_python_code", lambda: PY._loads(content()), known="GHSA-fphw-536r-4p88"),
    door(
        "unpickler_of_the_python_code",
        lambda: PY._Unpickler(stream()).load(),
        known="GHSA-fphw-536r-4p88",
    ),
    door(
        "find_class_called_directly",
        lambda: pickle.Unpickler(stream()).find_class("os", "system")(SHELL),
        twin=False,
    ),
    door(
        "find_class_of_the_python_code",
        lambda: with_proto(PY._Unpickler(stream())).find_class("os", "system")(SHELL),
        twin=False,
    ),
)


def with_proto(unpickler: Any) -> Any:
    unpickler.proto = 4
    return unpickler


def initialised_twice() -> object:
    unpickler = pickle.Unpickler(io.BytesIO(b"N."))
    unpickler.load()
    unpickler.__init__(stream())  # type: ignore[misc]
    return unpickler.load()


HELD: Final = (
    door("load_taken_early", lambda: held.early_load(stream())),
    door("loads_taken_early", lambda: held.early_loads(content())),
    door("unpickler_taken_early", lambda: held.EarlyUnpickler(stream()).load()),
    door("subclass_made_early", lambda: held.EarlySubclass(stream()).load()),
    door("unpickler_made_early", lambda: held.EARLY_INSTANCE.load()),
    door("subclass_instance_made_early", lambda: held.EARLY_INSTANCE_OF_SUBCLASS.load()),
    door(
        "numpy_load_taken_early",
        lambda: held.reference("numpy.load")(FILE, allow_pickle=True),
        needs=("numpy",),
    ),
    door("joblib_load_taken_early", lambda: held.reference("joblib.load")(FILE), needs=("joblib",)),
    door("dill_load_taken_early", lambda: held.reference("dill.load")(stream()), needs=("dill",)),
    door(
        "cloudpickle_load_taken_early",
        lambda: held.reference("cloudpickle.load")(stream()),
        needs=("cloudpickle",),
    ),
    door(
        "pandas_read_pickle_taken_early",
        lambda: held.reference("pandas.read_pickle")(FILE),
        needs=("pandas",),
    ),
    door(
        "torch_load_taken_early",
        lambda: held.reference("torch.load")(FILE, weights_only=False),
        file=torch_zip,
        needs=("torch",),
    ),
)


class WithSuper(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name)


class Renaming(pickle.Unpickler):
    """Maps names of an older release of the program to today's."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class({"old_package": "os"}.get(module, module), name)


class ByImport(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByDunderImport(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        __import__(module)
        return getattr(sys.modules[module], name)


class ByResolveName(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return pkgutil.resolve_name(f"{module}:{name}")


def lookup(module: str, name: str) -> Any:
    return operator.attrgetter(name)(importlib.import_module(module))


class ByHelper(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return lookup(module, name)


class ByMethod(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return self.resolve(module, name)

    def resolve(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByTable(pickle.Unpickler):
    """A program's own table, in which the attacker finds something useful."""

    known: Final = {("os", "system"): os.system}

    def find_class(self, module: str, name: str) -> Any:
        return self.known[module, name]


class ByPrefix(pickle.Unpickler):
    """A program's own guard: any name of a library that it trusts."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ("numpy", "torch", "builtins"):
            return super().find_class(module, name)
        msg = f"{module}.{name} is forbidden"
        raise pickle.UnpicklingError(msg)


class ByImportInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByHelperInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return lookup(module, name)


class WithSuperInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name)


class WithCallable(pickle.Unpickler):
    """find_class that is no function but an object."""

    class Finder:
        def __call__(self, module: str, name: str) -> Any:
            return lookup(module, name)

    find_class = Finder()


class WithPartial(pickle.Unpickler):
    find_class = staticmethod(functools.partial(lookup))  # type: ignore[assignment]


class WithBuiltin(pickle.Unpickler):
    """find_class that is a builtin function: no code to read."""

    find_class = staticmethod(lambda module, name: lookup(module, name))  # type: ignore[assignment]


def on_instance() -> object:
    class Unpickler(pickle.Unpickler):
        pass

    unpickler = Unpickler(stream())
    unpickler.find_class = lookup  # type: ignore[method-assign]
    return unpickler.load()


def replaced_on_the_class() -> object:
    class Unpickler(pickle.Unpickler):
        pass

    Unpickler.find_class = lambda _, module, name: lookup(module, name)  # type: ignore[method-assign,assignment]
    return Unpickler(stream()).load()


def hidden_by_getattribute() -> object:
    class Unpickler(pickle.Unpickler):
        def __getattribute__(self, name: str) -> Any:
            return lookup if name == "find_class" else super().__getattribute__(name)

    return Unpickler(stream()).load()


def renamed(_: bytes) -> bytes:
    return pickled(calling("old_package:system", text(SHELL)))


SUBCLASSES: Final = (
    door("find_class_with_super", lambda: WithSuper(stream()).load()),
    door("find_class_that_renames", lambda: Renaming(stream()).load()),
    door(
        "find_class_that_renames_to_the_deed",
        lambda: Renaming(stream()).load(),
        file=renamed,
        twin=False,
    ),
    door("find_class_by_import_module", lambda: ByImport(stream()).load()),
    door("find_class_by_dunder_import", lambda: ByDunderImport(stream()).load()),
    door("find_class_by_resolve_name", lambda: ByResolveName(stream()).load()),
    door("find_class_by_a_function_elsewhere", lambda: ByHelper(stream()).load()),
    door("find_class_by_another_method", lambda: ByMethod(stream()).load()),
    door(
        "find_class_by_prefix",
        lambda: ByPrefix(stream()).load(),
        file=lambda _: pickled(
            calling("numpy.testing._private.utils:runstring", text(PYTHON), b"}")
        ),
        needs=("numpy",),
        twin=False,
        known="ragflow#1240",
    ),
    door(
        "find_class_by_prefix_of_builtins",
        lambda: ByPrefix(stream()).load(),
        file=lambda _: pickled(calling("builtins:eval", text(PYTHON))),
        twin=False,
    ),
    door("find_class_with_super_in_python", lambda: WithSuperInPython(stream()).load()),
    door("find_class_by_import_module_in_python", lambda: ByImportInPython(stream()).load()),
    door("find_class_by_a_function_elsewhere_in_python", lambda: ByHelperInPython(stream()).load()),
    door("find_class_that_is_an_object", lambda: WithCallable(stream()).load()),
    door("find_class_that_is_a_partial", lambda: WithPartial(stream()).load()),
    door("find_class_that_is_static", lambda: WithBuiltin(stream()).load()),
    door("find_class_on_the_instance", on_instance),
    door("find_class_put_on_the_class_later", replaced_on_the_class),
    door("find_class_by_getattribute", hidden_by_getattribute),
)


def in_thread() -> object:
    results: list[object] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(pickle.load(stream()))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results


def in_pool() -> object:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(pickle.loads, content()).result()


def in_event_loop() -> object:
    async def work() -> object:
        return await asyncio.to_thread(pickle.loads, content())

    return asyncio.run(work())


def again_and_again() -> object:
    """A program that takes any failure for a passing one."""
    for _ in range(5):
        with contextlib.suppress(Exception):
            return pickle.load(stream())
    return pickle.load(stream())


def with_other_loaders() -> object:
    """A program that tries every loader it knows."""
    for load in (pickle.load, PY._load, C.load):
        with contextlib.suppress(Exception):
            return load(stream())
    return pickle.Unpickler(stream()).load()


def recv(data: bytes) -> object:
    """A user's function with the name of one that reads pipes."""
    return pickle.loads(data)


def get() -> object:
    return recv(content())


def from_main() -> object:
    main = types.ModuleType("__main__")
    code = "import pickle\ndef _main():\n    return pickle.load(open('model.bin', 'rb'))"
    exec(code, vars(main))  # noqa: S102 - a user's script
    return main._main()


def by_map() -> object:
    return next(map(pickle.loads, [content()]))


def by_sort_key() -> object:
    return sorted([content()], key=pickle.loads)


def in_destructor() -> object:
    errors: list[BaseException] = []

    class Resource:
        def __del__(self) -> None:
            try:
                pickle.load(stream())
            except BaseException as error:  # noqa: BLE001 - an error in __del__ goes nowhere
                errors.append(error)

    resource = Resource()
    del resource
    if errors:
        raise errors[0]
    return None


class State:
    """A user's class whose state is a pickle."""

    def __setstate__(self, state: bytes) -> None:
        vars(self)["inner"] = pickle.loads(state)


def by_deepcopy() -> object:
    class Copied:
        def __reduce__(self) -> Any:
            return pickle.loads, (content(),)

    return copy.deepcopy(Copied())


def fresh_pickle() -> object:
    """pickle imported anew."""
    del sys.modules["pickle"]
    return importlib.import_module("pickle").load(stream())


def reloaded_pickle() -> object:
    return importlib.reload(pickle).load(stream())


def fresh_c_pickle() -> object:
    del sys.modules["_pickle"]
    del sys.modules["pickle"]
    return importlib.import_module("_pickle").loads(content())


def pickle_without_c() -> object:
    sys.modules["_pickle"] = None  # type: ignore[assignment]
    del sys.modules["pickle"]
    return importlib.import_module("pickle").load(stream())


def copy_of_pickle() -> object:
    """A copy of pickle.py in the program's own tree."""
    spec = importlib.util.spec_from_file_location("vendored_pickle", PY.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module._load(stream())


SURROUNDINGS: Final = (
    door("in_a_thread", in_thread),
    door("in_a_thread_pool", in_pool),
    door("in_an_event_loop", in_event_loop),
    door("in_a_destructor", in_destructor),
    door("by_map", by_map),
    door("by_sort_key", by_sort_key, twin=False),
    door("by_deepcopy_of_a_reduction", by_deepcopy),
    door("again_after_every_refusal", again_and_again),
    door("other_loaders_after_a_refusal", with_other_loaders),
    door("function_called_recv", get),
    door("function_called_main", from_main),
    door("pickle_imported_anew", fresh_pickle),
    door("pickle_reloaded", reloaded_pickle),
    door("c_pickle_imported_anew", fresh_c_pickle),
    door("pickle_imported_without_c", pickle_without_c),
    door("copy_of_the_pickle_module", copy_of_pickle),
)


def forking_pickler() -> object:
    from multiprocessing.reduction import ForkingPickler

    return ForkingPickler.loads(content())


def over_zmq() -> object:
    import zmq

    with (
        zmq.Context() as context,
        context.socket(zmq.PAIR) as sender,
        context.socket(zmq.PAIR) as receiver,
    ):
        sender.bind("inproc://row")
        receiver.connect("inproc://row")
        sender.send(content())
        return receiver.recv_pyobj()


def logging_record() -> object:
    """What the cookbook's log receiver does with a datagram."""
    import logging

    return logging.makeLogRecord(pickle.loads(content()))


def by_url() -> object:
    import torch

    return torch.hub.load_state_dict_from_url(
        f"file://{os.getcwd()}/{FILE}", model_dir="hub", progress=False
    )


def after_a_refusal() -> object:
    import torch

    try:
        return torch.load(FILE)
    except Exception:  # noqa: BLE001 - as programs do
        return torch.load(FILE, weights_only=False)


def with_added_globals(*names: str) -> object:
    import subprocess

    import torch

    torch.serialization.add_safe_globals([subprocess.getoutput])
    return torch.load(FILE, weights_only=True)


def by_environment() -> object:
    os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
    import torch

    return torch.load(FILE)


def torch_load(*args: Any, **keywords: Any) -> object:
    import torch

    return torch.load(*args, **keywords)


def own_module() -> types.ModuleType:
    """A pickle module of the program's, for torch to load with."""
    module = types.ModuleType("own_pickle")
    vars(module).update(Unpickler=ByImport, load=lambda f, **_: ByImport(f).load())
    return module


def of_torch(
    id: str,
    load: Load,
    *,
    file: Callable[[bytes], Files] = torch_zip,
    twin: bool = True,
    known: str = "",
) -> Row:
    return door(id, load, file=file, needs=("torch",), twin=twin, known=known)


LIBRARIES: Final = (
    door("forking_pickler", forking_pickler),
    door("zmq_object", over_zmq, needs=("zmq",), known="ShadowMQ"),
    door("log_record", logging_record, twin=False),
    door("joblib_load_of_a_stream", lambda: joblib_load(stream()), needs=("joblib",)),
    door(
        "joblib_load_under_its_other_name",
        lambda: importlib.import_module("joblib.numpy_pickle").load(FILE),
        needs=("joblib",),
    ),
    door(
        "joblib_load_of_old_files",
        lambda: old_joblib_load(),
        needs=("joblib",),
        file=lambda deed: z(deed),
    ),
    door("dill_loads", lambda: importlib.import_module("dill").loads(content()), needs=("dill",)),
    door(
        "dill_unpickler",
        lambda: importlib.import_module("dill").Unpickler(stream()).load(),
        needs=("dill",),
    ),
    door(
        "cloudpickle_loads",
        lambda: importlib.import_module("cloudpickle").loads(content()),
        needs=("cloudpickle",),
    ),
    door(
        "pandas_compatible_loads",
        lambda: importlib.import_module("pandas.compat.pickle_compat").Unpickler(stream()).load(),
        needs=("pandas",),
    ),
    door("pandas_patch_of_pickle", lambda: patched_by_pandas(), needs=("pandas",)),
    of_torch("torch_without_weights_only_after_a_refusal", after_a_refusal),
    of_torch(
        "torch_with_dangerous_safe_globals",
        with_added_globals,
        file=lambda _: torch_zip(call(named_by_line("subprocess:getoutput"), text(SHELL))),
        twin=False,
        known="Impact-Subpack#44",
    ),
    of_torch("torch_by_environment", by_environment),
    of_torch("torch_with_pickle", lambda: torch_load(FILE, pickle_module=pickle)),
    of_torch(
        "torch_with_dill", lambda: torch_load(FILE, pickle_module=importlib.import_module("dill"))
    ),
    of_torch(
        "torch_with_a_module_of_the_program", lambda: torch_load(FILE, pickle_module=own_module())
    ),
    of_torch(
        "torch_with_a_module_of_the_program_legacy",
        lambda: torch_load(FILE, pickle_module=own_module()),
        file=torch_legacy,
    ),
    of_torch("torch_from_memory", lambda: torch_load(io.BytesIO(content()), weights_only=False)),
    of_torch(
        "torch_from_memory_legacy",
        lambda: torch_load(io.BytesIO(content()), weights_only=False),
        file=torch_legacy,
    ),
    of_torch("torch_with_a_map", lambda: torch_load(FILE, "cpu", weights_only=False)),
    of_torch(
        "torch_with_an_encoding", lambda: torch_load(FILE, weights_only=False, encoding="bytes")
    ),
    of_torch("torch_by_url", by_url, known="pytorch/vision#9632"),
    of_torch(
        "torch_storage_from_bytes",
        lambda: importlib.import_module("torch.storage")._load_from_bytes(content()),
    ),
)


def joblib_load(*args: Any) -> object:
    return importlib.import_module("joblib").load(*args)


def z(deed: bytes) -> bytes:
    import zlib

    from .archives import z_file

    return z_file(pickled(deed), zlib.compress)


def old_joblib_load() -> object:
    return importlib.import_module("joblib.numpy_pickle_compat").load_compatibility(FILE)


def patched_by_pandas() -> object:
    from pandas.compat import pickle_compat

    patch = getattr(pickle_compat, "patch_pickle", contextlib.nullcontext)
    with patch():
        return pickle.loads(content())


ROWS: Final = (*CPYTHON, *HELD, *SUBCLASSES, *SURROUNDINGS, *LIBRARIES)
