"""What is spoilt, and by what tests a fault can be noticed."""

from __future__ import annotations

from typing import Final

MODULES: Final = (
    # The guard, and the doors that lead to it.
    "guard", "loads", "tape", "replay", "grants", "pins/granting", "doors/for_pickle", "doors/find_class",
    # The policy, and what it judges by.
    "policy", "rulebook", "plain", "allowlists/__init__", "allowlists/never",
    # The look.
    "scan/array_forms", "scan/base", "scan/careful", "scan/entry", "scan/forms", "scan/inert", "scan/keep",
    "scan/keeping", "scan/listen", "scan/look", "scan/memo", "scan/nested", "scan/npy", "scan/outline",
    "scan/pickles", "scan/readers", "scan/reading", "scan/report", "scan/safetensors_header", "scan/skeleton",
    "scan/sniff", "scan/standin", "scan/strain", "scan/tables", "scan/tars", "scan/torch_file", "scan/torch_forms",
    "scan/torch_storages", "scan/torch_tar", "scan/unpack", "scan/window", "scan/zips",
)  # fmt: skip

LISTS: Final = (
    "rules", "more_lists", "scipy_list", "sklearn_list", "pandas_list", "rulebook", "profile_files", "everyday",
    "everyday_numpy", "attributes", "joblib_list",
)  # fmt: skip
TENSORS: Final = ("convert", "corrupted", "hostile", "load_tensors", "sparse", "torch_tar", "twin")
FIRST: Final = (
    "tests/scan",
    *(f"tests/doors/test_{name}.py" for name in ("one_unpickler_for_many", "faults", "joblib_in_c")),
    *(f"tests/test_{name}.py" for name in ("allowing", "errors", "plain", "cli")),
    *(f"tests/allowlists/test_{name}.py" for name in LISTS),
    *(f"tests/trust/test_{name}.py" for name in ("held", "lock_file", "signatures", "claims")),
    *(f"tests/tensors/test_{name}.py" for name in TENSORS),
)
"""In one process, which says which lines they run; those that run none of them there are left out."""

ROWS: Final = ("tests/evasions", "-k", "under_the_guard and late")
"""The evasion table: each row in a fork of one process, with the guard that came after everything."""

_LOADS: Final = (
    "tests/doors/test_what_was_judged_is_loaded.py", "tests/doors/test_small_data.py", "tests/doors/test_ext_codes.py",
    "tests/doors/test_subinterpreters.py", "tests/life/test_one_reading.py",
)  # fmt: skip
CHILDREN: Final = {
    **dict.fromkeys(("guard", "loads", "tape", "replay", "doors/for_pickle", "doors/find_class"), _LOADS),
    **dict.fromkeys(("scan/inert", "scan/listen", "scan/look", "scan/memo", "scan/nested", "scan/window"), _LOADS),
    **dict.fromkeys(("policy", "rulebook", "plain"), ("tests/test_settings.py",)),
    **dict.fromkeys(("grants", "pins/granting"), ("tests/trust/test_loads_under_a_lock.py",)),
}
"""What else is run for a module, in processes of which nobody knows what lines they run."""
