"""Environment and policy file to a Policy; the only reader of ``os.environ``.

Read once for the process. What cannot be read opens nothing: the shipped policy is in force then, and
the problem is told in the log and in every refusal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from safeload.allowlists import DEFAULT_PROFILES, PROFILES, never_reason
from safeload.errors import PolicyError
from safeload.policy import Mode, Policy, Twins
from safeload.scan.report import GlobalRef

SYSTEM_FILE: Final = Path("/etc/safeload/policy.toml")
FILE_KEYS: Final = {
    "mode": str,
    "profiles": list,
    "allow": list,
    "tensors": str,
    "locked": bool,
    "log": str,
}
REJECTED: Final = "shipped (the configured policy was rejected)"
TRUE: Final = {"0": False, "1": True, "": False}


@dataclass(frozen=True, slots=True)
class Settings:
    """What was configured; ``problem`` says why it is not in force."""

    policy: Policy
    log: str = "stderr"
    problem: str = ""
    cache: str = ""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; never raises.

    A locked system file stays in force whatever the environment says or gets wrong. One that cannot
    be read may have been locked, so the shipped policy that stands in for it is.
    """
    environment = os.environ if environment is None else environment
    return replace(_load(environment), cache=environment.get("SAFELOAD_CACHE", ""))


def _load(environment: Mapping[str, str]) -> Settings:
    log = environment.get("SAFELOAD_LOG", "stderr")
    try:
        system = _from_file(SYSTEM_FILE) if SYSTEM_FILE.exists() else None
    except (PolicyError, OSError) as error:
        return Settings(Policy(origin=REJECTED, locked=True), "stderr", str(error))
    if system is not None and not system[0].locked and environment.get("SAFELOAD_POLICY"):
        system = None
    try:
        return _read(system, environment)
    except PolicyError as error:
        if system is not None and system[0].locked:
            return Settings(*system, str(error))
        return Settings(Policy(origin=REJECTED), log, str(error))


def _read(system: tuple[Policy, str] | None, environment: Mapping[str, str]) -> Settings:
    policy, log = system or (Policy(), "stderr")
    named = environment.get("SAFELOAD_POLICY", "")
    if named and not policy.locked:
        policy, log = _from_file(Path(named).expanduser())
    policy = _from_environment(policy, environment)
    locked = system is not None and system[0].locked
    return Settings(policy, log if locked else environment.get("SAFELOAD_LOG", log))


def _from_file(path: Path) -> tuple[Policy, str]:
    import tomllib

    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path}: {error}"
        raise PolicyError(msg) from None
    for key, value in table.items():
        wanted = FILE_KEYS.get(key)
        if wanted is None:
            msg = f"{path}: there is no setting {key!r}; there are {', '.join(FILE_KEYS)}"
            raise PolicyError(msg)
        if not isinstance(value, wanted):
            msg = f"{path}: {key} has to be a {wanted.__name__}"
            raise PolicyError(msg)
    policy = Policy(
        mode=_mode(table.get("mode", "enforce"), str(path)),
        profiles=_profiles(table.get("profiles", DEFAULT_PROFILES), str(path)),
        allow=_names(table.get("allow", ()), str(path)),
        tensors=_twins(table.get("tensors", "prefer"), str(path)),
        origin=str(path),
        locked=table.get("locked", False),
    )
    return policy, table.get("log", "stderr")


def _from_environment(policy: Policy, environment: Mapping[str, str]) -> Policy:
    """What the environment sets; over a locked policy it may only tighten."""
    changes: dict[str, Any] = {}
    mode = _mode(environment.get("SAFELOAD_MODE", policy.mode.value), "SAFELOAD_MODE")
    allow = _names(filter(None, environment.get("SAFELOAD_ALLOW", "").split(",")), "SAFELOAD_ALLOW")
    named = [name.strip() for name in environment.get("SAFELOAD_PROFILES", "").split(",")]
    profiles = _profiles(filter(None, named), "SAFELOAD_PROFILES") or policy.profiles
    tensors = _twins(environment.get("SAFELOAD_TENSORS", policy.tensors.value), "SAFELOAD_TENSORS")
    if policy.locked:
        tensors = tensors if tensors is Twins.REQUIRE else policy.tensors
        allow = frozenset()
        profiles = tuple(name for name in profiles if name in policy.profiles)
        mode = mode if mode is Mode.ENFORCE else policy.mode
    locked = environment.get("SAFELOAD_LOCKED", "")
    if locked not in TRUE:
        msg = f"SAFELOAD_LOCKED is 0 or 1, not {locked!r}"
        raise PolicyError(msg)
    changes["locked"] = policy.locked or TRUE[locked]
    changes |= {"mode": mode, "allow": policy.allow | allow, "profiles": profiles}
    changes["tensors"] = tensors
    changed = replace(policy, **changes)
    if changed == policy:
        return policy
    return replace(changed, origin=f"{policy.origin} with the environment")


def _mode(value: str, where: str) -> Mode:
    try:
        return Mode(value.strip().lower())
    except ValueError:
        msg = f"{where}: the mode is enforce, audit or off, not {value!r}"
        raise PolicyError(msg) from None


def _twins(value: str, where: str) -> Twins:
    try:
        return Twins(value.strip().lower())
    except ValueError:
        msg = f"{where}: tensors is prefer, require or off, not {value!r}"
        raise PolicyError(msg) from None


def _profiles(names: Any, where: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        if name == "default":
            found |= dict.fromkeys(DEFAULT_PROFILES)
        elif name in PROFILES:
            found[name] = None
        else:
            msg = f"{where}: there is no profile {name!r}; there are {', '.join(sorted(PROFILES))}"
            raise PolicyError(msg)
    return tuple(found)


def _names(texts: Any, where: str) -> frozenset[GlobalRef]:
    refs = set()
    for text in texts:
        try:
            ref = GlobalRef.parse(text)
        except ValueError as error:
            msg = f"{where}: {error}"
            raise PolicyError(msg) from None
        danger = never_reason(ref)
        if danger is not None:
            msg = f"{where}: {ref} can never be allowed by name: it {danger}"
            raise PolicyError(msg)
        refs.add(ref)
    return frozenset(refs)
