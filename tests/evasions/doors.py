"""The same pickle by every way into an unpickler."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import operator
import os
import pickle
from array import array as machine_array
from collections.abc import Callable
from typing import Any, Final

from . import held
from .archives import torch_legacy, torch_zip
from .builders import (
    SHELL,
    call,
    named_by_line,
    pickled,
    text,
)
from .door import Load, content, door, stream
from .rows import FILE, Files, Row

C: Final = importlib.import_module("_pickle")
PY: Final[Any] = pickle

CPYTHON: Final = (
    door("load", lambda: pickle.load(stream())),
    door("loads", lambda: pickle.loads(content())),
    door("loads_of_a_bytearray", lambda: pickle.loads(bytearray(content()))),
    door("loads_of_a_memoryview", lambda: pickle.loads(memoryview(content()))),
    door("loads_of_an_array", lambda: pickle.loads(machine_array("B", content()))),
    door("unpickler", lambda: pickle.Unpickler(stream()).load()),
    door("unpickler_by_keyword", lambda: pickle.Unpickler(file=stream(), encoding="latin1").load()),
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

    return torch.hub.load_state_dict_from_url(f"file://{os.getcwd()}/{FILE}", model_dir="hub", progress=False)


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
    of_torch("torch_with_dill", lambda: torch_load(FILE, pickle_module=importlib.import_module("dill"))),
    of_torch("torch_from_memory", lambda: torch_load(io.BytesIO(content()), weights_only=False)),
    of_torch(
        "torch_from_memory_legacy",
        lambda: torch_load(io.BytesIO(content()), weights_only=False),
        file=torch_legacy,
    ),
    of_torch("torch_with_a_map", lambda: torch_load(FILE, "cpu", weights_only=False)),
    of_torch("torch_with_an_encoding", lambda: torch_load(FILE, weights_only=False, encoding="bytes")),
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
    pickle_compat: Any = importlib.import_module("pandas.compat.pickle_compat")

    patch = getattr(pickle_compat, "patch_pickle", contextlib.nullcontext)
    with patch():
        return pickle.loads(content())


ROWS: Final = (*CPYTHON, *HELD, *LIBRARIES)
