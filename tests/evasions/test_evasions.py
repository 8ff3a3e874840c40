"""Every row fires without the guard and is refused with it, whenever the guard came."""

from __future__ import annotations

import pytest

from .conftest import Load
from .rows import Row, crash
from .table import ROWS

GUARDED = ["first", "late"]
CRASHES = {4, 6, 7, 8, 11}  # SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV

every_row = pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
every_twin = pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row.twin], ids=lambda row: row.id
)
both_ways = pytest.mark.parametrize("arm", GUARDED)


@every_row
def test_fires_without_the_guard(row: Row, load_in: Load) -> None:
    answer = load_in("bare", row)
    if row.effect is crash:
        assert answer["signal"] in CRASHES, answer
    else:
        assert answer["fired"], answer


@both_ways
@every_row
def test_is_refused_under_the_guard(row: Row, arm: str, load_in: Load) -> None:
    answer = load_in(arm, row)
    assert not answer["signal"], answer
    assert not answer["fired"], answer
    assert answer["refused"], answer


@both_ways
@every_twin
def test_loads_under_the_guard_without_the_deed(row: Row, arm: str, load_in: Load) -> None:
    answer = load_in(arm, row, harmless=True)
    assert not answer["error"], answer
