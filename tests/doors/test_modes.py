"""A run with the C part has it, and a run without has it nowhere: else half of the tests would be none."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig

import pytest

PROBE = "from safeload.doors.arrival import IN_PLACE; print(IN_PLACE)"


def test_this_process_and_its_children_are_of_the_kind_that_was_asked_for() -> None:
    from safeload.doors.arrival import IN_PLACE

    without = "tests.without_c" in sys.modules or "without_c" in str(sys.modules.get("sitecustomize"))
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if not without and not IN_PLACE and shutil.which(compiler) is None:
        pytest.skip("no compiler here: every run is one without the C part")
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert IN_PLACE is not without
    assert done.stdout.strip() == str(IN_PLACE)
