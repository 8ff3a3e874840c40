"""Lists are read as names come, and say the same as if all had been read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from safeload.allowlists import DEFAULT_PROFILES, OF_PACKAGES, PROFILES, brings, profile_entries
from safeload.policy import Policy
from safeload.rulebook import GRANT
from safeload.scan.report import GlobalRef


@pytest.mark.parametrize("profile", OF_PACKAGES)
def test_a_list_has_names_of_its_packages_alone_and_brings_no_other(profile: str) -> None:
    packages = {ref.module.partition(".")[0] for ref in profile_entries(profile)}
    assert (packages, brings(profile)) == (OF_PACKAGES[profile], ())


@pytest.mark.parametrize("profiles", [DEFAULT_PROFILES, ("chemprop", *DEFAULT_PROFILES), tuple(PROFILES)], ids=len)
def test_says_what_all_lists_together_say(profiles: tuple[str, ...]) -> None:
    together: dict[GlobalRef, object] = {}
    for profile in reversed(profiles):  # where two list a name, the first one's rules hold
        for name in (*brings(profile), profile):
            together.update(profile_entries(name))
    rulebook = Policy(profiles=profiles).rulebook()
    assert {ref: rulebook.get(ref) for ref in together} == together
    assert dict(rulebook) == together
    assert len(rulebook) == len(together)


def test_what_is_allowed_beside_the_lists_keeps_their_rules() -> None:
    listed, free = GlobalRef("numpy", "ndarray"), GlobalRef("somewhere.else", "Thing")
    rulebook = Policy(allow=frozenset([listed, free])).rulebook()
    assert rulebook[listed] is profile_entries("numpy")[listed]
    assert rulebook[free].profile == GRANT
    assert rulebook[free] is rulebook[free]
    assert GlobalRef("somewhere", "else") not in rulebook
    assert rulebook.get(("numpy", "ndarray")) is rulebook[listed]  # type: ignore[call-overload]


READS = """
import safeload, pickle, sys
pickle.loads(pickle.dumps(range(1)))
print(*sorted(name.rpartition(".for_")[2] for name in sys.modules if ".for_" in name and ".allowlists." in name))
"""


def test_a_load_reads_the_lists_that_may_hold_its_names() -> None:
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["builtins", "stdlib"]
