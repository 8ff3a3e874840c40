"""Processes that send each other pickles go on as before; a hostile file in one of them does not."""

from __future__ import annotations

from pathlib import Path

import programs
import programs_science
import pytest
from hostile_workers import WORKERS
from programs import Program
from three_forms import GUARDED, Ended, missing, run

PROGRAMS = [*programs.PROGRAMS, *programs_science.PROGRAMS]


class Plain:
    """What the programs do without safeload, each run once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, Ended] = {}

    def of(self, program: Program) -> Ended:
        if program.source not in self.known:
            ended = run(program.source, "plain", self.folder / str(len(self.known)))
            assert ended.code == 0, f"broken without safeload: {ended}"
            self.known[program.source] = ended
        return self.known[program.source]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    return Plain(tmp_path_factory.mktemp("plain"))


def skip_without(program: Program) -> None:
    if absent := missing(program.needs):
        pytest.skip(f"needs {', '.join(absent)}")


@pytest.mark.parametrize("form", GUARDED)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_goes_on_as_before(program: Program, form: str, plain: Plain, tmp_path: Path) -> None:
    skip_without(program)
    before = plain.of(program)
    ended = run(program.source, form, tmp_path)
    assert ended.code == 0, ended
    assert ended.out == before.out, ended
    assert "Traceback" not in ended.err or "Traceback" in before.err, ended


@pytest.mark.parametrize("form", GUARDED)
@pytest.mark.parametrize("program", WORKERS, ids=lambda program: program.name)
def test_hostile_file_in_a_worker(program: Program, form: str, plain: Plain, tmp_path: Path) -> None:
    skip_without(program)
    assert set(plain.of(program).out.split()) == {"ran"}
    ended = run(program.source, form, tmp_path)
    assert ended.code == 0, ended
    assert set(ended.out.split()) == {"refused"}, ended
