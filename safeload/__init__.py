"""A drop-in safe loader: ``import safeload``, and files are refused that ask for what no list names.

Importing it activates it, with the policy that the environment sets. It never raises for a policy:
one that cannot be read leaves the shipped lists in force, and the first refusal says so.
"""

from __future__ import annotations

from safeload import boot

TYPE_CHECKING = False  # typing's own costs more to import than everything here
if TYPE_CHECKING:
    from typing import Any

    from safeload.activation import activate, current_policy, deactivate, status
    from safeload.errors import (
        BlockedGlobalError,
        BlockedLoadError,
        NotPinnedError,
        PolicyError,
        SafeloadError,
        SafeloadWarning,
        SandboxError,
        TensorsError,
        TensorsRequiredError,
        UnreadableError,
    )
    from safeload.files import check, scan
    from safeload.grants import allow, trust
    from safeload.policy import Mode, Policy, Verdict
    from safeload.scan.report import GlobalRef, Report
    from safeload.tensors.folders import convert
    from safeload.tensors.load import Tensors, load_tensors
    from safeload.tensors.twin import find_twin

__version__ = boot.VERSION

__all__ = [
    "BlockedGlobalError",
    "BlockedLoadError",
    "GlobalRef",
    "Mode",
    "NotPinnedError",
    "Policy",
    "PolicyError",
    "Report",
    "SafeloadError",
    "SafeloadWarning",
    "SandboxError",
    "Tensors",
    "TensorsError",
    "TensorsRequiredError",
    "UnreadableError",
    "Verdict",
    "__version__",
    "activate",
    "allow",
    "check",
    "convert",
    "current_policy",
    "deactivate",
    "find_twin",
    "load_tensors",
    "scan",
    "status",
    "trust",
]

# Name -> the room it lives in: importing safeload must not import them all.
_ROOMS = {
    "activate": "activation",
    "current_policy": "activation",
    "deactivate": "activation",
    "status": "activation",
    "BlockedGlobalError": "errors",
    "BlockedLoadError": "errors",
    "NotPinnedError": "errors",
    "PolicyError": "errors",
    "SafeloadError": "errors",
    "SandboxError": "errors",
    "SafeloadWarning": "errors",
    "TensorsError": "errors",
    "TensorsRequiredError": "errors",
    "UnreadableError": "errors",
    "check": "files",
    "scan": "files",
    "load_ipython_extension": "notebook",
    "unload_ipython_extension": "notebook",
    "allow": "grants",
    "trust": "grants",
    "Mode": "policy",
    "Policy": "policy",
    "Verdict": "policy",
    "GlobalRef": "scan.report",
    "Report": "scan.report",
    "convert": "tensors.folders",
    "Tensors": "tensors.load",
    "load_tensors": "tensors.load",
    "find_twin": "tensors.twin",
}


def __getattr__(name: str) -> Any:
    room = _ROOMS.get(name)
    if room is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    from safeload.doors.arrival import IN_PLACE

    if not IN_PLACE:  # pickle brings in the guard as it arrives: not while a room that the guard needs is half there
        import pickle  # noqa: F401
    value = getattr(import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


for _name in boot.watch():
    boot.arrived(_name)
