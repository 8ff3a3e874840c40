"""What a name is, who needs it, and what is judged of it. Nothing is imported to find out."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions, version
from typing import Final

from safeload.allowlists import DEFAULT_PROFILES, never_reason, profile_entries, profiles_naming
from safeload.policy import Policy
from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef, Use

FUNCTION: Final = "a function, going by its name: what it does with arguments of a file's choosing has to be read first"
CLASS: Final = "a class, going by its name: what its __new__, __setstate__ and __reduce__ do has to be read first"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One name, explained.

    Attributes:
        ref: the name as Python 3 knows it.
        comes_from: the standard library, a distribution with its version, or nothing that is here.
        lists: the shipped lists that hold it, each with its uses and reason.
        never: why it can never be allowed by name; empty if it can.
        in_force: what the policy in force says of it.
        may_be_allowed: whether an allowance of the name is a way out.
    """

    ref: GlobalRef
    comes_from: str
    lists: tuple[str, ...]
    never: str
    in_force: str
    may_be_allowed: bool


def explain(raw: GlobalRef, policy: Policy) -> Explanation:
    """Say what is known of a name."""
    ref = normalised(raw)
    danger = never_reason(ref) or ""
    entry = policy.rulebook().get(ref)
    holders = profiles_naming(ref)
    if entry is not None:
        rule = "" if entry.plain else ", with rules on what is done with it"
        said = f"allowed by {entry.profile}{rule}: {entry.reason}"
    elif danger:
        said = f"refused: it {danger}; no policy can allow it by name, only a file's digest lets it through"
    else:
        said = f"refused: no allowlist in force names it; {risk(ref)}"
    return Explanation(
        ref=ref,
        comes_from=origin(ref.module),
        lists=tuple(_listed(name, ref) for name in holders),
        never=danger,
        in_force=said,
        may_be_allowed=entry is None and not danger,
    )


def risk(ref: GlobalRef) -> str:
    """What to look at before a name is allowed; a hint from how it is written."""
    last = ref.qualname.rpartition(".")[2].lstrip("_")
    return CLASS if last[:1].isupper() else FUNCTION


def is_risky(ref: GlobalRef) -> bool:
    """Whether a name looks like a function: calling it is all that a file needs."""
    return risk(ref) is FUNCTION


def _listed(profile: str, ref: GlobalRef) -> str:
    entry = profile_entries(profile)[ref]
    uses = str(entry.uses & ~Use.REFERENCED) or "referenced only"
    default = "on by default" if profile in DEFAULT_PROFILES else "opt-in"
    return f"{profile} ({default}; {uses}): {entry.reason}"


def origin(module: str) -> str:
    """Which distribution brings a module, told from its first part."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return "the standard library"
    found = _distributions().get(top, [])
    return ", ".join(f"{name} {version(name)}" for name in dict.fromkeys(found)) or f"no distribution here brings {top}"


@cache
def _distributions() -> dict[str, list[str]]:
    return dict(packages_distributions())
