"""What a load did, seen from outside it and from the look before it."""

from __future__ import annotations

import _compat_pickle
import gc
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[1] / "search"))

from watch import QUIET, Stopped, Watch
from ways import Way

from safeload import guard
from safeload.scan.look import Look, normalised
from safeload.scan.report import GlobalRef
from safeload.state import COLLECTION_PAUSED, STATE, THREAD

__all__ = ["Stopped", "Witness", "own_state"]

# Names of Python 2, which protocols from 3 on do not map: no such module is here, or the load is refused.
PYTHON_2: Final = frozenset(_compat_pickle.IMPORT_MAPPING) | {module for module, _ in _compat_pickle.NAME_MAPPING}
GUARDS_OWN: Final = "gc.get_referents"  # how the guard finds the file of an unpickler


class Witness(Watch):
    """An audit hook that stops every deed no listed name explains, and knows what the look saw.

    Attributes:
        asked: names that unpicklers asked for since it was armed.
        seen: names that the engine of the looks before them asked for, in order.
        admitted: how many looks were followed by leave to load.
    """

    def __init__(self, known: frozenset[str]) -> None:
        self.asked: list[tuple[str, str]] = []
        self.seen: list[tuple[str, str]] = []
        self.admitted = 0
        self.harmless = "no such event"
        super().__init__()
        self.known = known
        self._judge, guard.judge = guard.judge, self._judged
        self._find, Look.find_class = Look.find_class, _listening(self, Look.find_class)  # type: ignore[method-assign]

    def _judged(self, load: Any, report: Any, **more: Any) -> None:
        self._judge(load, report, **more)
        self.admitted += 1

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        if event == "pickle.find_class":
            self.asked.append(args)
            return
        if event in QUIET or event == GUARDS_OWN or f"{event} {args[:1]}".startswith(self.harmless):
            return
        if event == "sys.excepthook" and args[1] is SystemError:
            return  # CPython's words for a bytearray that it had no memory for
        super()._hook(event, args)

    def explained(self, event: str, args: tuple[Any, ...]) -> str | None:
        if event == "import" and args[0] in PYTHON_2:
            return None
        if event == "os.listdir" and (args[0] in sys.path or str(args[0]).endswith("/tzdata/zoneinfo")):
            return None  # how Python looks for a listed module, and for a zone, that is not here
        return super().explained(event, args)

    def arm(self, harmless: str) -> None:
        self.asked.clear()
        self.seen.clear()
        self.events.clear()
        self.admitted, self.harmless, self.armed = 0, harmless, True


def unlisted(asked: list[tuple[str, str]], rulebook: Mapping[GlobalRef, Any]) -> list[str]:
    """Names that an unpickler was let through to and that no list has."""
    refs = [GlobalRef(*names) for names in asked]
    return [str(ref) for ref in refs if ref not in rulebook and normalised(ref) not in rulebook]


def _listening(witness: Witness, find: Any) -> Any:
    def find_class(self: Look, module: str, name: str) -> Any:
        witness.seen.append((module, name))
        return find(self, module, name)

    return find_class


def differ(witness: Witness, way: Way) -> str:
    """How the names that the load asked for are others than those that the look before it did.

    A look that wants to see more begins anew, and counts from there.
    """
    asked, seen = _comparable(witness.asked), _comparable(witness.seen)
    alike = set(seen) == set(asked) if way.again else seen[len(seen) - len(asked) :] == asked
    return "" if alike or way.renames else f"{asked} after {seen}"


def _comparable(names: list[tuple[str, str]]) -> list[GlobalRef]:
    """Without the names that torch's unpickler answers itself, and as CPython maps them."""
    refs = (normalised(GlobalRef(module.replace("numpy.core", "numpy._core"), name)) for module, name in names)
    return [ref for ref in refs if not (ref.module.startswith("torch") and ref.qualname.endswith("Storage"))]


def own_state() -> tuple[Any, ...]:
    """What every load leaves as it was."""
    safe = (STATE.active, id(STATE.policy), STATE.granted, len(STATE.trusted), len(STATE.originals))
    return (*safe, THREAD.load, COLLECTION_PAUSED._depth, gc.isenabled(), sys.getrecursionlimit())
