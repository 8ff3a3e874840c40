"""A run of the tests as if the C part had not been built: ``pytest -p tests.without_c``.

Every process of the run gets the ``sitecustomize`` beside this file by its ``PYTHONPATH``: the
workers and whatever the tests start.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
os.environ["PYTHONPATH"] = os.pathsep.join(_path)

for _part in ("safeload._inplace", "safeload._standin"):
    if sys.modules.setdefault(_part, None) is not None:  # type: ignore[arg-type]
        _message = "the C part is in this process already"
        raise RuntimeError(_message)
