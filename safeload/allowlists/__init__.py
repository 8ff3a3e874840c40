"""The shipped lists: data, one file for each library, each name with its reason.

Nothing here imports the library it speaks of, and a list is read only when a policy asks for it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Final

from safeload.allowlists.table import Entries

DEFAULT_PROFILES: Final = (
    "builtins",
    "stdlib",
    "numpy",
    "scipy",
    "pandas",
    "torch",
    "joblib",
    "sklearn",
    "babel",
)

# Profile name -> the module of this package that holds it: one file, one profile.
PROFILES: Final = {
    path.stem.removeprefix("for_").replace("_", "-"): path.stem
    for path in sorted(Path(__file__).parent.glob("for_*.py"))
}


@cache
def profile_entries(profile: str) -> Entries:
    """The entries of one profile.

    Raises:
        KeyError: there is no profile of that name.
    """
    module = importlib.import_module(f"{__name__}.{PROFILES[profile]}")
    entries: Entries = module.ENTRIES
    return entries


def profiles_naming(ref: tuple[str, str]) -> tuple[str, ...]:
    """The shipped profiles, in force or not, that list a name."""
    return tuple(name for name in PROFILES if ref in profile_entries(name))


def never_reason(ref: tuple[str, str]) -> str | None:
    """What a name that may never be allowed by name does, or None if it may."""
    from safeload.allowlists.never import why_never
    from safeload.scan.report import GlobalRef

    return why_never(GlobalRef(*ref))
