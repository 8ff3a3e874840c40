"""Every row fires without the guard and is refused with it, whenever the guard came."""

from __future__ import annotations

import pytest

from .conftest import Load
from .rows import crash
from .table import ROWS

GUARDED = ["first", "late"]
CRASHES = {4, 6, 7, 8, 11}  # SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV

every_row = pytest.mark.parametrize("key", ROWS)
every_twin = pytest.mark.parametrize("key", [key for key, row in ROWS.items() if row.twin])
both_ways = pytest.mark.parametrize("arm", GUARDED)


@every_row
def test_fires_without_the_guard(key: str, load_in: Load) -> None:
    answer = load_in("bare", key)
    if ROWS[key].effect is crash:
        assert answer["signal"] in CRASHES, answer
    else:
        assert answer["fired"], answer


@both_ways
@every_row
def test_is_refused_under_the_guard(key: str, arm: str, load_in: Load) -> None:
    answer = load_in(arm, key)
    assert not answer["signal"], answer
    assert not answer["fired"], answer
    assert answer["refused"] or not ROWS[key].refused, answer


@both_ways
@every_twin
def test_loads_under_the_guard_without_the_deed(key: str, arm: str, load_in: Load) -> None:
    answer = load_in(arm, key, harmless=True)
    assert not answer["error"], answer
