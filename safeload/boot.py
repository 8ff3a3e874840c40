"""What every interpreter pays for: a finder that waits for the libraries with a door of their own.

Imports ``sys`` and ``os`` alone. A watched library brings in the rest of safeload as it arrives, so
a process that never unpickles never pays for a guard.
"""

import sys
from _thread import get_ident
from os import environ  # here in every interpreter that ran site

TYPE_CHECKING = False  # typing itself would cost more than this module
if TYPE_CHECKING:
    from typing import Any

VERSION = "0.1.0"

# The settings as they stood at the start: what a program does to its environment later changes no policy.
ENVIRONMENT = {name: value for name, value in environ.items() if name.startswith("SAFELOAD_")}

# The policy of the machine, if it has one (safeload.settings).
SYSTEM_FILE = "/etc/safeload/policy.toml"

# Library -> the module of safeload.doors that stands in front of it; pickle's doors come first.
WATCHED = {
    "_pickle": "arrival",
    "pickle": "arrival",
    "multiprocessing.process": "for_workers",
    "joblib.numpy_pickle": "for_joblib",
    "torch": "for_torch",
}

# Threads in which the guard imports for itself, and how deep (safeload.installed).
OURS: "dict[int, int]" = {}


class Watch:
    """On ``sys.meta_path``, first: stands in the door of a watched library once it has run.

    Known by its attribute: a program that imports safeload anew has another class of this name, and two that
    ask each other would never end.
    """

    waits_for_libraries = True

    @staticmethod
    def find_spec(name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        if OURS and path is None and get_ident() in OURS:
            from safeload.installed import spec_of

            return spec_of(name)
        if name not in WATCHED:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if find is None or hasattr(finder, "waits_for_libraries"):
                continue
            spec = find(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = Arrival(spec.loader)
                return spec
        return None


class Arrival:
    """A module's own loader, and after it the door. If the door fails, so does the import."""

    def __init__(self, loader: "Any") -> None:
        self.loader = loader

    def __getattr__(self, attribute: str) -> "Any":
        return getattr(self.loader, attribute)

    def create_module(self, spec: "Any") -> "Any":
        return self.loader.create_module(spec)

    def exec_module(self, module: "Any") -> None:
        spec = module.__spec__
        spec.loader = module.__loader__ = self.loader
        self.loader.exec_module(module)
        outer = sys.modules.get("pickle")
        if spec.name == "_pickle" and getattr(outer and outer.__spec__, "_initializing", False):
            return  # pickle is importing it, and arrives next
        arrived(spec.name)


def arrived(name: str) -> None:
    """A watched library has run: stand in its door."""
    if WATCHED[name] == "arrival":
        import pickle  # noqa: F401 - for _pickle imported alone

        from safeload.doors.arrival import stand

        stand()
    else:
        if WATCHED[name] != "for_workers":
            from safeload.doors.arrival import settle

            settle()
        __import__(f"safeload.doors.{WATCHED[name]}", fromlist=["install"]).install()


def watch() -> "list[str]":
    """Begin to watch; returns the watched libraries that are here already. Idempotent."""
    if not any(hasattr(finder, "waits_for_libraries") for finder in sys.meta_path):
        sys.meta_path.insert(0, Watch())
    return [name for name in WATCHED if name in sys.modules]
