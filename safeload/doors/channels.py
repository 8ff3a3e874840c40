"""Pipes between our own processes, told by the function that reads them.

Only the immediate caller of the unpickler counts: a file that a worker loads is a file. What crosses
a network socket (zmq, managers over TCP) is not listed. Each row was seen in a real run or read in
the library's source, and carries arbitrary objects by design, so that no list of names would fit.
"""

from __future__ import annotations

from types import FrameType
from typing import Any, Final

CHANNELS: Final = frozenset(
    {
        # CPython
        ("multiprocessing.connection", "recv"),
        ("multiprocessing.queues", "get"),
        ("multiprocessing.spawn", "_main"),
        ("multiprocessing.forkserver", "main"),
        ("concurrent.futures.process", "_sendback_result"),
        # the in-process copy of test.support and of interpreters' queues
        ("test.support.interpreters.queues", "get"),
        ("concurrent.interpreters._crossinterp", "unbind"),
        # loky, alone and as joblib carries it
        ("loky.backend.queues", "get"),
        ("loky.backend.popen_loky_posix", "<module>"),
        ("loky.cloudpickle_wrapper", "_reconstruct_wrapper"),
        ("joblib.externals.loky.backend.queues", "get"),
        ("joblib.externals.loky.backend.popen_loky_posix", "<module>"),
        ("joblib.externals.loky.cloudpickle_wrapper", "_reconstruct_wrapper"),
        # torch
        ("torch.multiprocessing.queue", "recv"),
        ("torch._inductor.compile_worker.subproc_pool", "_read_thread"),
        ("torch._inductor.compile_worker.subproc_pool", "_main_impl"),
        ("torch._inductor.compile_worker.subproc_pool", "loads"),
        ("torch._inductor.autotune_process", "get"),
        ("torch.distributed.distributed_c10d", "_tensor_to_object"),
        ("torch.distributed.rpc.internal", "deserialize"),
        # dask
        ("distributed.protocol.pickle", "loads"),
        ("dask.tokenize", "_normalize_pickle"),
        ("dask.local", "get_async"),
        ("dask.local", "execute_task"),
        # ipyparallel, ray
        ("ipyparallel.serialize.serialize", "deserialize_object"),
        ("ray._private.serialization", "_deserialize_pickle5_data"),
        ("ray._private.serialization", "_deserialize_object"),
        ("ray._private.function_manager", "fetch_and_register_remote_function"),
        ("ray._private.function_manager", "fetch_registered_method"),
        ("ray._private.function_manager", "_load_actor_class_from_gcs"),
        ("ray._private.runtime_env.setup_hook", "load_and_execute_setup_hook_func"),
        ("ray._private.worker", "job_logging_config"),
        ("ray.exceptions", "from_ray_exception"),
    }
)


# What torch.compile keeps for itself on disk: trusted while only this user can have written it.
CACHES: Final = frozenset(
    {
        ("torch._inductor.codecache", "iterate_over_candidates"),
        ("torch._inductor.codecache", "_emit_triton_bundle"),
        ("torch._inductor.cache", "get"),
        ("torch._functorch._aot_autograd.autograd_cache", "try_load"),
        ("torch._functorch._aot_autograd.autograd_cache", "_lookup"),
        ("torch._dynamo.package", "load_guards_state"),
        ("torch._dynamo.pgo", "get_local_code_state"),
        ("torch.fx._graph_pickler", "loads"),
    }
)

# Machine code that numba keeps beside the source, as Python keeps its own: trusted as that is, while nobody
# but this user and the system's can have written it. Importing umap reads it.
COMPILED: Final = frozenset(
    {
        ("numba.core.caching", "_load_index"),
        ("numba.core.caching", "_load_data"),
    }
)


def _is_own_cache() -> bool:
    """Whether torch's cache directory is this user's, and nobody else may write there."""
    import os
    import sys

    paths = sys.modules.get("torch._inductor.runtime.cache_dir_utils")
    return paths is not None and _is_kept_from_others(paths.cache_dir(), {os.geteuid()})


def _is_compiled(cache: Any) -> bool:
    """Whether numba's index and the directory it stands in are as the interpreter's own files should be."""
    import os

    owners = {os.geteuid(), 0}
    try:
        return all(_is_kept_from_others(path, owners) for path in (cache._cache_path, cache._index_path))
    except (AttributeError, OSError):
        return False


def _is_kept_from_others(path: Any, owners: set[int]) -> bool:
    import os
    import stat

    status = os.stat(path)  # noqa: PTH116 - whatever a program made of pathlib
    return status.st_uid in owners and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def channel_of(frame: FrameType | None) -> str | None:
    """The name of the channel whose reader ``frame`` is, or None for anything else."""
    if frame is None:
        return None
    module = frame.f_globals.get("__name__")
    if module == "__main__":
        spec = frame.f_globals.get("__spec__")
        module = getattr(spec, "name", module)
    key = (module, frame.f_code.co_name)
    if key in CACHES and _is_own_cache():
        return ":".join(key)
    if key in COMPILED and _is_compiled(frame.f_locals.get("self")):
        return ":".join(key)
    if key not in CHANNELS or (key == _CONNECTION and _is_network(frame.f_locals.get("self"))):
        return None
    return ":".join(key)


_CONNECTION: Final = ("multiprocessing.connection", "recv")


def _is_network(connection: Any) -> bool:
    """Whether a Connection reads from a socket that another machine can reach."""
    import os
    import socket
    import stat

    descriptor = connection.fileno()
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return False
    with socket.socket(fileno=os.dup(descriptor)) as peer:
        return peer.family != socket.AF_UNIX
