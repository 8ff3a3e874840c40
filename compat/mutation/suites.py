"""What is spoilt, and by what tests a fault can be noticed."""

from __future__ import annotations

from typing import Final

MODULES: Final = (
    # The guard, and the doors that lead to it.
    "guard", "loads", "tape", "tape_in_memory", "replay", "grants", "pins/granting",
    "doors/for_pickle", "doors/find_class", "doors/steady",
    # The policy, and what it judges by.
    "policy", "rulebook", "plain", "allowlists/__init__", "allowlists/never",
    # The look.
    "scan/array_forms", "scan/base", "scan/careful", "scan/copied", "scan/entry", "scan/forms", "scan/inert",
    "scan/keep", "scan/keeping", "scan/listen", "scan/look", "scan/memo", "scan/nested", "scan/npy", "scan/outline",
    "scan/pickles", "scan/readers", "scan/reading", "scan/report", "scan/rest", "scan/safetensors_header",
    "scan/skeleton", "scan/sniff", "scan/standin", "scan/strain", "scan/tables", "scan/tars", "scan/torch_file",
    "scan/torch_forms", "scan/torch_storages", "scan/torch_tar", "scan/unpack", "scan/window", "scan/zip_form",
    "scan/zips",
)  # fmt: skip

NAMES: Final = (
    "doors/test_one_unpickler_for_many", "doors/test_streams_of_any_length", "doors/test_under_way",
    "doors/test_faults", "test_allowing", "test_errors", "test_plain",
    "trust/test_granting", "trust/test_held", "trust/test_lock_file", "trust/test_signatures", "tensors/test_convert",
    "tensors/test_corrupted", "tensors/test_hostile", "tensors/test_load_tensors", "tensors/test_sparse",
    "tensors/test_torch_tar", "tensors/test_twin",
)  # fmt: skip
SOME: Final = ("test_settings.py::test_what_is_tighter_of_a_child", "allowlists/test_rules.py::test_never")
FIRST: Final = ("tests/scan", *(f"tests/{name}.py" for name in NAMES), *(f"tests/{name}" for name in SOME))
"""What a process that is there already can run, quickly."""

ROWS: Final = "tests/evasions"
"""The evasion table, each row in a fork, with the guard that came after everything."""

_RULES: Final = ("tests/allowlists/test_rules.py",)
_UNDER_A_LOCK: Final = ("tests/trust/test_loads_under_a_lock.py", "tests/trust/test_events.py")
ALSO: Final = {
    **dict.fromkeys(("policy", "rulebook"), ("tests/test_settings.py",)),
    **dict.fromkeys(("guard", "loads", "grants", "pins/granting"), _UNDER_A_LOCK),
    **dict.fromkeys(("allowlists/never", "scan/entry", "scan/inert", "scan/keeping"), _RULES),
    "doors/for_pickle": ("tests/doors/test_odd_files.py",),
    **dict.fromkeys(("tape", "replay", "scan/listen"), ("tests/doors/test_what_was_judged_is_loaded.py",)),
}
"""Tests that start processes of their own, which nobody watched: for what survives the rest, if asked for."""
