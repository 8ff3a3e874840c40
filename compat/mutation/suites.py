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
"""What a process that is there already can run, quickly."""

ROWS: Final = "tests/evasions"
"""The evasion table, each row in a fork, with the guard that came after everything."""

UNFIT: Final[dict[str, str]] = {}
"""Tests that cannot be run so, each with the reason."""
