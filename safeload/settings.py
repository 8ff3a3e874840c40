"""Environment and policy file to a Policy; the only reader of the environment.

Read once for the process, from the environment as it was when safeload was imported. What cannot be
read opens nothing: the shipped policy is in force then, and the problem is told in the log and in
every refusal.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from safeload import boot, policy_file
from safeload.errors import PolicyError
from safeload.policy import Mode, Policy, Running, Twins
from safeload.policy_file import Written
from safeload.scan.report import GlobalRef

Strict = TypeVar("Strict", Mode, Twins, Running)

SYSTEM_FILE: Final = Path(boot.SYSTEM_FILE)
REJECTED: Final = "shipped (the configured policy was rejected)"
TRUE: Final = {"0": False, "1": True, "": False}

VARIABLES: Final = (
    "SAFELOAD_MODE",
    "SAFELOAD_ALLOW",
    "SAFELOAD_PROFILES",
    "SAFELOAD_POLICY",
    "SAFELOAD_TENSORS",
    "SAFELOAD_CACHE",
    "SAFELOAD_LOG",
    "SAFELOAD_PATHS",
    "SAFELOAD_LOCK",
    "SAFELOAD_SANDBOX",
    "SAFELOAD_LOCKED",
)
# Whoever names a locked file says in the same breath where its log goes.
POLICY_ONLY: Final = (
    "SAFELOAD_MODE",
    "SAFELOAD_ALLOW",
    "SAFELOAD_PROFILES",
    "SAFELOAD_TENSORS",
    "SAFELOAD_LOCK",
    "SAFELOAD_SANDBOX",
    "SAFELOAD_LOCKED",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What was configured.

    Attributes:
        problem: why what was configured is not in force; empty if it is.
        passed_over: variables that would have loosened a locked policy.
        cache: the folder for converted checkpoints, where one was named.
    """

    policy: Policy
    log: str = "stderr"
    paths: str = "plain"
    problem: str = ""
    passed_over: tuple[str, ...] = ()
    cache: str = ""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read file and environment; never raises.

    A locked system file stays in force whatever the environment says or gets wrong. One that cannot
    be read may have been locked, so the shipped policy that stands in for it is.
    """
    environment = boot.ENVIRONMENT if environment is None else environment
    return replace(_load(environment), cache=environment.get("SAFELOAD_CACHE", ""))


def _load(environment: Mapping[str, str]) -> Settings:
    try:
        system = policy_file.read_system_file(SYSTEM_FILE)
    except FileNotFoundError:
        system = None
    except PolicyError as error:
        return Settings(Policy(origin=REJECTED, locked=True), problem=str(error))
    if system is not None and system.policy.locked:
        return _under(system, environment)
    try:
        return _free(system, environment)
    except PolicyError as error:
        return Settings(Policy(origin=REJECTED), environment.get("SAFELOAD_LOG", "stderr"), problem=str(error))


def hub_cache() -> Path:
    """Where the cache of Hugging Face is, as the hub's own package would say now."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(named).expanduser()
    home = os.environ.get("HF_HOME")
    above = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return (Path(home) if home else Path(above, "huggingface")).expanduser() / "hub"


def changed_since_the_start() -> dict[str, str | None]:
    """The variables that are no longer what they were when they counted, with what they are now."""
    now = ((name, os.environ.get(name)) for name in VARIABLES)
    return {name: value for name, value in now if value != boot.ENVIRONMENT.get(name)}


def _under(system: Written, environment: Mapping[str, str]) -> Settings:
    """A locked file, and what of the environment tightens it."""
    policy, problem = system.policy, ""
    try:
        policy = _tightened(policy, environment)
    except PolicyError as error:
        problem = str(error)
    return Settings(policy, system.log, system.paths, problem, _loosening(system, environment, VARIABLES))


def _free(system: Written | None, environment: Mapping[str, str]) -> Settings:
    """What nobody has locked: the environment stands above the file it names or the system's."""
    written, problem = system or Written(Policy()), ""
    named = environment.get("SAFELOAD_POLICY", "")
    if named:
        try:
            written, problem = policy_file.read_named_file(_expanded(named, "SAFELOAD_POLICY")), ""
        except FileNotFoundError:
            problem = f"{named}, which SAFELOAD_POLICY names: there is no such file"
            written = Written(Policy())
    policy = written.policy
    passed_over = _loosening(written, environment, POLICY_ONLY) if policy.locked else ()
    policy = (_tightened if policy.locked else _widened)(policy, environment)
    paths = policy_file.one_of(environment.get("SAFELOAD_PATHS", written.paths), policy_file.PATHS, "SAFELOAD_PATHS")
    return Settings(policy, environment.get("SAFELOAD_LOG", written.log), paths, problem, passed_over)


def _expanded(named: str, variable: str) -> Path:
    try:
        return Path(named).expanduser()
    except RuntimeError as error:  # a home that nobody knows
        msg = f"{variable}: {error}"
        raise PolicyError(msg) from None


@dataclass(frozen=True, slots=True)
class _Said:
    """What the environment says, checked; what it is silent on stays as it was."""

    mode: Mode | None
    profiles: tuple[str, ...]
    allow: frozenset[GlobalRef]
    tensors: Twins | None
    sandbox: Running | None
    locked: bool
    lock: str


def _said(environment: Mapping[str, str]) -> _Said:
    def in_variable(name: str) -> Callable[[str], str]:
        return lambda _: name

    def parts(name: str) -> list[str]:
        return [part.strip() for part in environment.get(name, "").split(",") if part.strip()]

    mode, locked = environment.get("SAFELOAD_MODE", ""), environment.get("SAFELOAD_LOCKED", "")
    if locked not in TRUE:
        msg = f"SAFELOAD_LOCKED is 0 or 1, not {locked!r}"
        raise PolicyError(msg)
    tensors, lock = environment.get("SAFELOAD_TENSORS", ""), environment.get("SAFELOAD_LOCK", "")
    sandbox = environment.get("SAFELOAD_SANDBOX", "")
    return _Said(
        policy_file.choice(Mode, mode, "SAFELOAD_MODE") if mode else None,
        policy_file.profiles(parts("SAFELOAD_PROFILES"), in_variable("SAFELOAD_PROFILES")),
        policy_file.names(parts("SAFELOAD_ALLOW"), in_variable("SAFELOAD_ALLOW")),
        policy_file.choice(Twins, tensors, "SAFELOAD_TENSORS") if tensors else None,
        policy_file.choice(Running, sandbox, "SAFELOAD_SANDBOX") if sandbox else None,
        TRUE[locked],
        # A program may change its folder later.
        str(_expanded(lock, "SAFELOAD_LOCK").absolute()) if lock else "",
    )


def _widened(policy: Policy, environment: Mapping[str, str]) -> Policy:
    said = _said(environment)
    return _named_after(
        policy,
        replace(
            policy,
            mode=said.mode or policy.mode,
            profiles=said.profiles or policy.profiles,
            allow=policy.allow | said.allow,
            tensors=said.tensors or policy.tensors,
            sandbox=said.sandbox or policy.sandbox,
            locked=policy.locked or said.locked,
            lock=said.lock or policy.lock,
        ),
    )


def _tightened(policy: Policy, environment: Mapping[str, str]) -> Policy:
    said = _said(environment)
    profiles = [name for name in policy.profiles if not said.profiles or name in said.profiles]
    tightened = replace(
        policy,
        mode=_stricter(policy.mode, said.mode),
        profiles=tuple(profiles),
        tensors=_stricter(policy.tensors, said.tensors),
        sandbox=_stricter(policy.sandbox, said.sandbox),
    )
    return _named_after(policy, tightened)


def _stricter(now: Strict, said: Strict | None) -> Strict:
    return now if said is None or said.strictness < now.strictness else said


def _named_after(before: Policy, after: Policy) -> Policy:
    return before if after == before else replace(after, origin=f"{before.origin} with the environment")


def _loosening(
    written: Written, environment: Mapping[str, str], variables: tuple[str, ...]
) -> tuple[str, ...]:
    """Which of the variables would have loosened a locked policy, had they counted."""
    policy = written.policy
    asked = set(filter(None, map(str.strip, environment.get("SAFELOAD_PROFILES", "").split(","))))

    def is_looser(name: str, now: Mode | Twins | Running) -> bool:
        word = environment.get(name, now.value).strip().lower()
        return any(word == other.value and other.strictness < now.strictness for other in type(now))

    loosens = {
        "SAFELOAD_MODE": is_looser("SAFELOAD_MODE", policy.mode),
        "SAFELOAD_ALLOW": bool(environment.get("SAFELOAD_ALLOW", "").strip(" ,")),
        "SAFELOAD_PROFILES": bool(asked - {"default", *policy.profiles}),
        "SAFELOAD_POLICY": environment.get("SAFELOAD_POLICY", "") not in ("", policy.origin),
        "SAFELOAD_TENSORS": is_looser("SAFELOAD_TENSORS", policy.tensors),
        "SAFELOAD_LOCK": environment.get("SAFELOAD_LOCK", "") not in ("", policy.lock),
        "SAFELOAD_SANDBOX": is_looser("SAFELOAD_SANDBOX", policy.sandbox),
        "SAFELOAD_CACHE": False,
        "SAFELOAD_LOG": environment.get("SAFELOAD_LOG", written.log) != written.log,
        "SAFELOAD_PATHS": environment.get("SAFELOAD_PATHS", written.paths) != written.paths,
        "SAFELOAD_LOCKED": environment.get("SAFELOAD_LOCKED") == "0",
    }
    return tuple(name for name in variables if loosens[name])
