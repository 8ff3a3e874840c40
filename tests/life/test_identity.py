"""Every probe of the loaders finds the same with safeload as without."""

from __future__ import annotations

import json
from importlib import import_module
from types import ModuleType

import pytest
from probe_kit import FAILED
from three_forms import GUARDED, HERE, missing, run

FILES = [
    import_module(name)
    for name in (
        "probes_shape",
        "probes_subclass",
        "probes_streams",
        "probes_errors",
        "probes_effects",
        "probes_strain",
    )
]
CASES = [(file, probe) for file in FILES for probe in file.probe]


class Found:
    """What each file of probes tells in each form, run when first asked for."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self.factory = factory
        self.known: dict[tuple[str, str], dict[str, str]] = {}

    def by(self, file: ModuleType, form: str) -> dict[str, str]:
        key = (file.__name__, form)
        if key not in self.known:
            source = (HERE / f"{file.__name__}.py").read_text("utf-8")
            folder = self.factory.mktemp(file.__name__)
            ended = run(source, form, folder, SAFELOAD_ALLOW=getattr(file, "ALLOW", ""))
            assert ended.code == 0, ended
            self.known[key] = json.loads(ended.out.splitlines()[-1])
        return self.known[key]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return Found(tmp_path_factory)


@pytest.mark.parametrize(("file", "probe"), [pytest.param(*case, id=f"{case[0].__name__}-{case[1]}") for case in CASES])
def test_same_as_without(file: ModuleType, probe: str, found: Found) -> None:
    if absent := missing(getattr(file, "NEEDS", ())):
        pytest.skip(f"needs {', '.join(absent)}")
    plain = found.by(file, "plain")[probe]
    assert not plain.startswith(FAILED), plain
    for form in GUARDED:
        told = found.by(file, form)[probe]
        if any(probe.endswith(words) for words in getattr(file, "OURS", ())) and told != plain:
            assert told.startswith("'UnreadableError: "), form
            assert not plain.startswith("'no error"), form
        else:
            assert told == plain, form
