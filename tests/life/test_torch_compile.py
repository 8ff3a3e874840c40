"""torch.compile keeps pickles in a cache on disk: read while it is the user's own, and only then."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from three_forms import environment

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch"),
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch compiles with a C++ compiler"),
]

PROGRAM = """
import json, safeload, torch
from torch._dynamo.utils import counters

@torch.compile
def f(x):
    return (x * 2 + 1).relu().sum()

value = float(f(torch.ones(7)))
hits = counters["inductor"]["fxgraph_cache_hit"]
print(json.dumps({"value": value, "hits": hits, "by": list(safeload.status().channel_loads)}))
"""


def compiled(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env=environment(TORCHINDUCTOR_CACHE_DIR=str(folder)),
    )
    assert not done.returncode, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_cache_of_ones_own_is_read_and_one_that_others_write_to_is_not(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    assert compiled(cache) == {"value": 21.0, "hits": 0, "by": []}
    own = compiled(cache)
    assert own["hits"] == 1
    assert any(channel.startswith("torch._inductor.codecache:") for channel in own["by"])
    os.chmod(cache, 0o777)
    # torch takes the refusal for a miss and compiles anew: what others may have planted is not read.
    assert compiled(cache) == {"value": 21.0, "hits": 0, "by": []}
