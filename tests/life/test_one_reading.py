"""What is judged and what is loaded are read alike, also where CPython's own readers disagree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from crossed_frames import PADDINGS, WAYS
from three_forms import GUARDED, HERE, run


@pytest.fixture(scope="module")
def fired(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bool]]:
    """For every form of the program, which hidden halves ran."""
    source = (HERE / "crossed_frames.py").read_text("utf-8")
    results = {}
    for form in ("plain", *GUARDED):
        folder: Path = tmp_path_factory.mktemp("crossed")
        ended = run(source, form, folder)
        assert ended.code == 0, ended
        results[form] = json.loads(ended.out)
    return results


def test_cpython_reads_such_a_stream_in_two_ways(fired: dict[str, dict[str, bool]]) -> None:
    plain = fired["plain"]
    assert plain["loads, 70000 bytes, kept half is hostile"]
    assert plain["raw file, 0 bytes, dropped half is hostile"]
    assert len(plain) >= 2 * len(WAYS) * len(PADDINGS)


@pytest.mark.parametrize("form", GUARDED)
def test_neither_reading_gets_past_the_look(fired: dict[str, dict[str, bool]], form: str) -> None:
    assert [label for label, ran in fired[form].items() if ran] == []
