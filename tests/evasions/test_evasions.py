"""Every row fires without the guard and is refused with it, whenever the guard came."""

from __future__ import annotations

import pytest

from safeload.doors.arrival import IN_PLACE

from .conftest import Load
from .rows import crash
from .table import ROWS

GUARDED = ["first", "late"]
CRASHES = {4, 6, 7, 8, 11}  # SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV


def marks(key: str, arm: str) -> list[pytest.MarkDecorator]:
    """A gap that closes, unnoticed, fails."""
    reason = ROWS[key].gaps.get(arm if IN_PLACE else f"{arm} without C")
    return [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]


def judged() -> list[object]:
    """Every row under every arm."""
    return [pytest.param(key, arm, id=f"{key}-{arm}", marks=marks(key, arm)) for key in ROWS for arm in GUARDED]


def harmless() -> list[object]:
    """Every row that has a twin, under every arm."""
    rows = [(key, arm) for key, row in ROWS.items() if row.twin for arm in GUARDED]
    return [pytest.param(key, arm, id=f"{key}-{arm}", marks=marks(key, f"twin {arm}")) for key, arm in rows]


every_row = pytest.mark.parametrize("key", ROWS)


@every_row
def test_fires_without_the_guard(key: str, load_in: Load) -> None:
    answer = load_in("bare", key)
    if ROWS[key].effect is crash:
        assert answer["signal"] in CRASHES, answer
    else:
        assert answer["fired"], answer


@pytest.mark.parametrize(("key", "arm"), judged())
def test_is_refused_under_the_guard(key: str, arm: str, load_in: Load) -> None:
    answer = load_in(arm, key)
    assert not answer["signal"], answer
    assert not answer["fired"], answer
    assert answer["refused"] or not ROWS[key].refused, answer


@pytest.mark.parametrize(("key", "arm"), harmless())
def test_loads_under_the_guard_without_the_deed(key: str, arm: str, load_in: Load) -> None:
    answer = load_in(arm, key, harmless=True)
    assert not answer["error"], answer
