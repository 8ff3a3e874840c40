"""joblib: the placeholders that stand in its files for numpy arrays.

Left out, and why:

- ``joblib.memory:Memory`` and its store backends: a file could name the cache directory that a
  later ``fit`` writes into and reads pickles from.
- ``joblib.parallel:*``, ``joblib.externals.*``: what workers send each other, never in a file.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_joblib as rule
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.table import Entries, alias, rows

PROFILE: Final = "joblib"

_NOW: Final[Entries] = {
    **rows(
        PROFILE,
        "joblib.numpy_pickle: NumpyArrayWrapper",
        uses="ns",
        reason="an array whose bytes follow in the same file; one of objects is a pickle of its own",
        call=no_args,
        state=rule.array_state,
    ),
    **rows(
        PROFILE,
        "joblib.numpy_pickle: NDArrayWrapper\njoblib.numpy_pickle_compat: NDArrayWrapper",
        uses="ns",
        reason="joblib up to 0.9: an array in a file of its own, read with numpy.load and pickles "
        "allowed, so the file must lie beside this one",
        call=no_args,
        state=rule.file_state,
    ),
    **rows(
        PROFILE,
        "joblib.numpy_pickle: ZNDArrayWrapper\njoblib.numpy_pickle_compat: ZNDArrayWrapper",
        uses="ns",
        reason="joblib up to 0.9, compressed: an array whose bytes lie in a file beside this one",
        call=no_args,
        state=rule.zipped_state,
    ),
}

ENTRIES: Final[Entries] = _NOW | alias(_NOW, {"joblib": "sklearn.externals.joblib"})
