"""Looking at many files: one after the other, or side by side through joblib's backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

import click

from safeload.cli.findings import Finding, Target

BACKENDS: Final = ("loky", "threading", "dask", "ray")


def look_at(
    targets: list[Target], jobs: int, backend: str, look: Callable[[Target], Finding]
) -> Iterator[Finding]:
    """What a look at each finds, in the order of the targets."""
    if jobs == 1 and backend == "loky":
        yield from map(look, targets)
        return
    try:
        import joblib
    except ImportError:
        msg = "--jobs and --backend need joblib: pip install joblib"
        raise click.UsageError(msg) from None
    with _cluster(backend), joblib.parallel_config(backend=backend, n_jobs=jobs):
        at_once = "list" if backend == "ray" else "generator"  # ray's hands over nothing before the end
        yield from joblib.Parallel(return_as=at_once)(joblib.delayed(look)(target) for target in targets)


def _cluster(backend: str) -> AbstractContextManager[Any]:
    """The cluster that a backend works on: the one its own settings name, or one on this machine."""
    try:
        if backend == "dask":
            from distributed import Client

            client: AbstractContextManager[Any] = Client()
            return client
        if backend == "ray":
            from ray.util.joblib import register_ray

            register_ray()
    except ImportError as error:
        msg = f"--backend {backend} needs {error.name}, here and on every worker"
        raise click.UsageError(msg) from None
    return nullcontext()
