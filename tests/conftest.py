"""Which tests say nothing about the Python that they run on: one Python runs them all, the others go without."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

HERE: Final = Path(__file__).parent

ON_ONE_PYTHON: Final = (
    # Files of ours, and what is said of them.
    "test_architecture.py",
    "test_artifacts.py",
    "test_compat.py",
    "test_docs.py",
    "test_settings.py",
    "rollout/test_in_ci.py",
    "rollout/test_install.py",
    "rollout/test_kernelspec.py",
    "rollout/test_learn.py",
    "rollout/test_log.py",
    "rollout/test_pasted.py",
    "rollout/test_scan.py",
    "rollout/test_under_a_lock.py",
    "trust/",
    # Lists and readers of formats: the libraries are the same everywhere.
    "allowlists/test_attributes.py",
    "allowlists/test_babel_list.py",
    "allowlists/test_more_lists.py",
    "allowlists/test_pandas_list.py",
    "allowlists/test_profile_files.py",
    "allowlists/test_rules.py",
    "allowlists/test_scipy_list.py",
    "allowlists/test_search.py",
    "allowlists/test_sklearn_list.py",
    "sandbox/",
    "tensors/",
)
# The same programs, with safeload arriving elsewhere.
ORDERS: Final = ("life/test_ipc.py", "life/test_everyday.py")
ONE_ORDER: Final = ("first", "plain")
# The same files in two arms. Where the C part is not built, the harder one is that in which what safeload has to
# reach was imported before it.
ARMS: Final = "evasions/test_evasions.py"
# Nothing of ours is in that arm: that a file does what it is refused for is shown once, with all libraries there.
BARE: Final = "test_fires_without_the_guard"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    one_arm = ("late",) if config.pluginmanager.has_plugin("tests.without_c") else ONE_ORDER
    for item in items:
        path = item.path.relative_to(HERE).as_posix()
        given = item.callspec.params if hasattr(item, "callspec") else {}
        order = given.get("form", given.get("arm", "first"))
        is_bare = item.name.startswith(BARE)
        is_another = (path in ORDERS and order not in ONE_ORDER) or (path == ARMS and order not in one_arm)
        if is_bare or is_another or path.startswith(ON_ONE_PYTHON):
            item.add_marker(pytest.mark.on_one_python)
