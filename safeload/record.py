"""What happened in one outermost load, gathered for its one event."""

from __future__ import annotations

import sys
import time
import warnings
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from safeload.installed import ours
from safeload.state import STATE

if TYPE_CHECKING:
    from safeload.errors import Refusal
    from safeload.policy import Verdict
    from safeload.scan.report import Report


def emit(event: str, **fields: Any) -> None:
    """Write one event; structlog is imported here, at the first one."""
    if STATE.log == "off":
        return
    with ours():
        from safeload import events
    events.emit(event, fields)


def caller() -> FrameType | None:
    """The frame that called the unpickler or the loader: the first neither ours nor pickle's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("safeload.") and module != "pickle":
            return frame
        frame = frame.f_back
    return None


def place(frame: FrameType | None) -> str:
    """A frame as ``module:function:line``."""
    if frame is None:
        return ""
    module = frame.f_globals.get("__name__", "?")
    return f"{module}:{frame.f_code.co_name}:{frame.f_lineno}"


ITSELF: Final = "the file itself is safetensors"  # the twin that a load has opened
LIBRARIES: Final = ("torch", "joblib", "numpy", "sklearn", "pandas")


def versions() -> dict[str, str]:
    """The libraries that are here, with their versions."""
    found = {"python": sys.version.partition(" ")[0]}
    for name in LIBRARIES:
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


class Sink:
    """Rolls what nested loads saw up into the event of the outermost one."""

    def __init__(self, api: str) -> None:
        self.api = api
        self.started = time.perf_counter()
        self.required: dict[str, None] = {}
        self.profiles: dict[str, None] = {}
        self.size: int | None = None
        self.format = ""
        self.outcome = "load.admitted"
        self.facts: dict[str, Any] = {}

    def saw(self, report: Report, verdict: Verdict, size: int | None) -> None:
        self.required |= dict.fromkeys(str(ref) for ref in report.globals)
        self.profiles |= dict.fromkeys(verdict.profiles)
        self.format = self.format or report.format
        if size is not None:
            self.size = size

    def granted(self, by: str, facts: dict[str, str]) -> None:
        """What let the bytes in; of the loads inside it each may have its own, and the first is told."""
        self.profiles[by] = None
        self.facts.setdefault("grant", facts)

    @property
    def is_told(self) -> bool:
        """Whether its event is one that anybody sees."""
        return STATE.log != "off" and (self.outcome != "load.admitted" or STATE.log != "stderr")

    def claimed(self, source: str, sha256: str, found: str) -> None:
        """What the cache says of the file, and whether its bytes are those, as far as their digest was found."""
        known = "as claimed" if found == sha256 else "other than claimed"
        facts = {"source": source, "sha256": sha256, "bytes": sha256 and (known if found else "not compared")}
        self.facts["claim"] = {name: value for name, value in facts.items() if value}

    def blocked(self, refusal: Refusal) -> None:
        self.outcome = "load.blocked"
        self._refused(refusal)

    def reported(self, refusal: Refusal) -> None:
        """Audit mode: say it once for each file."""
        self.outcome = "load.reported"
        self._refused(refusal)
        key = refusal.path or ",".join(map(str, refusal.globals))
        if key not in STATE.warned:
            STATE.warned.add(key)
            from safeload.errors import SafeloadWarning, explain

            text = explain(refusal).replace("did not open", "would not have opened", 1)
            warnings.warn(text.replace(" Nothing in it was run.", "", 1), SafeloadWarning, stacklevel=4)

    def _refused(self, refusal: Refusal) -> None:
        from safeload.policy import Ground

        self.api = refusal.api
        self.facts |= {
            "path": refusal.path,
            "sha256": refusal.sha256,
            "refused": [str(item.ref) for item in refusal.refused],
            "never": [str(item.ref) for item in refusal.refused if item.ground is Ground.NEVER],
            "grounds": [f"{item.ref}: {item.text}" for item in refusal.refused],
            "unread": refusal.unread,
            "unpinned": refusal.unpinned,
        }
        self.claimed(refusal.claim, refusal.claimed, refusal.sha256)

    def finish(self, path: str, error: BaseException | None) -> None:
        """Write the event, as the outermost load ends."""
        if not self.is_told:
            return
        fields: dict[str, Any] = {"api": self.api, "path": path, "size": self.size}
        fields |= {"caller": place(caller()), "format": self.format, "versions": versions()}
        fields |= {"globals": list(self.required), "allowed_by": list(self.profiles)}
        fields |= {key: value for key, value in self.facts.items() if value}
        fields["duration_ms"] = round((time.perf_counter() - self.started) * 1000, 3)
        if error is not None:
            fields["error"] = type(error).__name__
        emit(self.outcome, **fields)
