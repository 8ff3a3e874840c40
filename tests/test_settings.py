"""Which policy is in force: the system file, a named file, the environment, and what is broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from safeload import settings
from safeload.policy import Mode, Twins

LOCKED = 'mode = "enforce"\nlocked = true\n'
OPEN = 'mode = "audit"\n'
OFF = 'mode = "off"\n'

# what is the case: (system file, named file, environment, mode, locked, whether there is a problem)
CASES = {
    "nothing is configured": (None, None, {}, Mode.ENFORCE, False, False),
    "the environment alone": (None, None, {"SAFELOAD_MODE": "audit"}, Mode.AUDIT, False, False),
    "a named file alone": (None, OFF, {}, Mode.OFF, False, False),
    "a named file before an open system file": (OPEN, OFF, {}, Mode.OFF, False, False),
    "an open system file": (OPEN, None, {}, Mode.AUDIT, False, False),
    "a locked system file before a named one": (LOCKED, OFF, {}, Mode.ENFORCE, True, False),
    "a locked system file before the environment": (
        LOCKED, None, {"SAFELOAD_MODE": "off", "SAFELOAD_ALLOW": "a:b"}, Mode.ENFORCE, True, False,
    ),
    "a locked system file before a broken named one": (LOCKED, "mode =", {}, Mode.ENFORCE, True, False),
    "a locked system file before a broken environment": (
        LOCKED, None, {"SAFELOAD_MODE": "of"}, Mode.ENFORCE, True, True,
    ),
    "a broken system file, which may have been locked": ("mode =", OFF, {}, Mode.ENFORCE, True, True),
    "a broken named file": (None, "mode =", {}, Mode.ENFORCE, False, True),
    "an unknown key": (None, 'mood = "off"', {}, Mode.ENFORCE, False, True),
    "a name that may never be allowed": (
        None, None, {"SAFELOAD_ALLOW": "os:system"}, Mode.ENFORCE, False, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_policy_in_force(
    case: tuple[str | None, str | None, dict[str, str], Mode, bool, bool],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    system, named, environment, *expected = case
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "system.toml")
    if system is not None:
        (tmp_path / "system.toml").write_text(system)
    if named is not None:
        (tmp_path / "named.toml").write_text(named)
        environment = environment | {"SAFELOAD_POLICY": str(tmp_path / "named.toml")}
    found = settings.load(environment)
    assert [found.policy.mode, found.policy.locked, bool(found.problem)] == expected
    assert not found.policy.allow


# what is the case: (system file, environment, what is in force, whether there is a problem)
TWINS = {
    "nothing is configured": (None, {}, Twins.PREFER, False),
    "the environment alone": (None, {"SAFELOAD_TENSORS": "require"}, Twins.REQUIRE, False),
    "the environment over an open file": ('tensors = "require"\n', {"SAFELOAD_TENSORS": "off"}, Twins.OFF, False),
    "a locked file is tightened": ("locked = true\n", {"SAFELOAD_TENSORS": "require"}, Twins.REQUIRE, False),
    "a locked file is not loosened": (
        'tensors = "require"\nlocked = true\n', {"SAFELOAD_TENSORS": "off"}, Twins.REQUIRE, False,
    ),
    "a locked file keeps the twin": ("locked = true\n", {"SAFELOAD_TENSORS": "off"}, Twins.PREFER, False),
    "a word that is none": (None, {"SAFELOAD_TENSORS": "yes"}, Twins.PREFER, True),
}  # fmt: skip


@pytest.mark.parametrize("case", TWINS.values(), ids=TWINS)
def test_whether_the_twin_is_opened(
    case: tuple[str | None, dict[str, str], Twins, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, environment, *expected = case
    monkeypatch.setattr(settings, "SYSTEM_FILE", tmp_path / "system.toml")
    if system is not None:
        (tmp_path / "system.toml").write_text(system)
    found = settings.load(environment)
    assert [found.policy.tensors, bool(found.problem)] == expected
