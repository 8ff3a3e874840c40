"""The shipped lists: data, one file for each library, each name with its reason.

Nothing here imports the library it speaks of, and a list is read only when a policy asks for it.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from safeload.allowlists.table import Entries
from safeload.installed import ours

if TYPE_CHECKING:
    from safeload.allowlists.registered import Registered

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

# List -> the packages that its names are of. One that is not here may have names of any, and is always read.
OF_PACKAGES: Final = {
    name: frozenset(packages.split())
    for name, packages in {
        "builtins": "_codecs builtins copyreg types",
        "numpy": "numpy",
        "scipy": "scipy",
        "pandas": "dateutil pandas pyarrow pytz",
        "torch": "torch",
        "joblib": "joblib sklearn",
        "sklearn": "_loss sklearn",
        "babel": "babel",
    }.items()
}

# The one profile that is no list: it judges the classes of the program (:mod:`safeload.plain`).
PLAIN: Final = "plain"


@cache
def profile_entries(profile: str) -> Entries:
    """The entries of one shipped list.

    Raises:
        KeyError: there is no list of that name.
    """
    with ours():
        module = importlib.import_module(f"{__name__}.{PROFILES[profile]}")
    entries: Entries = module.ENTRIES
    return entries


def entries_of(profile: str) -> Entries:
    """The entries of a shipped list, or of one that a library has registered.

    A registered list that cannot be used has none; :func:`problem_of` says why.
    """
    return profile_entries(profile) if profile in PROFILES else _registered(profile).entries


def brings(profile: str) -> tuple[str, ...]:
    """The shipped lists that one brings along, since its files never go without them."""
    if profile not in PROFILES:
        return ()
    module = importlib.import_module(f"{__name__}.{PROFILES[profile]}")
    along: tuple[str, ...] = getattr(module, "WITH", ())
    return along


def problem_of(profile: str) -> str:
    """Why a registered list is not in force; empty for any other."""
    return "" if profile in PROFILES or profile == PLAIN else _registered(profile).problem


@cache
def _registered(profile: str) -> Registered:
    from safeload.allowlists.registered import Registered, registered

    found = registered(profile)
    taken = next((ref for ref in found.entries if profiles_naming(ref)), None)
    if taken is not None:
        return Registered(problem=f"the registered profile {profile!r} lists {taken}, as a shipped one does")
    return found


def is_profile(name: str) -> bool:
    """Whether a policy may name it: a shipped list, ``plain``, or what a library has registered."""
    return name in PROFILES or name == PLAIN or name in _registered_names()


def profile_names() -> tuple[str, ...]:
    """Every profile that a policy may name here."""
    return (*sorted({*PROFILES, PLAIN}), *sorted(_registered_names()))


def _registered_names() -> frozenset[str]:
    from safeload.allowlists.registered import registered_names

    return registered_names()


def profiles_naming(ref: tuple[str, str]) -> tuple[str, ...]:
    """The shipped lists, in force or not, that hold a name; reads them all, so only for a refusal."""
    return tuple(name for name in PROFILES if ref in profile_entries(name))


def never_reason(ref: tuple[str, str]) -> str | None:
    """What a name that may never be allowed by name does, or None if it may."""
    from safeload.allowlists.never import why_never
    from safeload.scan.report import GlobalRef

    return why_never(GlobalRef(*ref))
