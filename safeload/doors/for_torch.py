"""``torch.load`` in all its forms: announced here, judged where torch's unpicklers read.

``weights_only=False`` and ``pickle_module=`` do not mean "run anything": the load goes to the C
unpickler, whose door judges every name with its uses and arguments (docs/explanation/weights-only.md
says why that and not torch's own list). A weights-only load goes on as it is, unless this torch is
known to get it wrong or the program has added names to torch's list: then it is judged as well.
"""

from __future__ import annotations

import functools
import operator
import pickle
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from safeload import grants, guard, record
from safeload.doors import afterwords, for_pickle, twins
from safeload.doors.find_class import Override
from safeload.doors.verified import bytes_of, with_source
from safeload.doors.versions import vulnerable
from safeload.doors.wrapping import stand_in_front
from safeload.errors import BlockedLoadError, refusal_error
from safeload.policy import Twins
from safeload.scan.report import GlobalRef
from safeload.scan.strain import of_file
from safeload.state import STATE
from safeload.tape import Tape

# No real global: a pickle that names it finds nothing. It stands for leave to load such an archive.
TORCHSCRIPT: Final = GlobalRef("torch.jit", "TorchScript")


def load(
    wrapped: Callable[..., Any], _self: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    source = args[0] if args else options.get("f")
    if not STATE.active:
        return wrapped(*args, **options)
    with guard.Announcement("torch.load", source) as announced:
        if not grants.any_trust() or announced.trusted:
            return _load(wrapped, announced, args, options)
        with bytes_of(announced, source, by_name=bool(options.get("mmap"))) as verified:
            if verified is source:
                return _load(wrapped, announced, args, options)
            call = args, options
            args, options = with_source(args, options, "f", verified)
            policy = guard.policy_in_force()
            # Where nothing but tensors may be opened, a twin stands beside the file that its user named.
            beside = policy.tensors is Twins.REQUIRE and not policy.require_pins
            return _load(wrapped, announced, args, options, for_twin=call if beside else None)


def _load(
    wrapped: Callable[..., Any],
    announced: guard.Announcement,
    args: tuple[Any, ...],
    options: dict[str, Any],
    *,
    for_twin: tuple[tuple[Any, ...], dict[str, Any]] | None = None,  # the call as its user made it
) -> Any:
    found = twins.instead(announced, *(for_twin or (args, options)))
    if found is not twins.NOTHING:
        return found
    module = args[2] if len(args) > 2 else options.get("pickle_module")  # noqa: PLR2004
    requested = options.get("weights_only")
    effective = requested if requested is not None else module is None
    announced.facts["weights_only"] = {
        "requested": requested,
        "effective": "yes" if effective else "judged by name, use and argument",
    }
    try:
        return wrapped(*args, **options)
    except pickle.UnpicklingError as error:
        if announced.refusal is None:
            afterwords.beneath_torchs(error, announced)
        if announced.refusal is None or isinstance(error, BlockedLoadError):
            raise
        # torch words every error of its weights-only unpickler anew.
        raise refusal_error(announced.refusal) from None


def jit_load(
    wrapped: Callable[..., Any], _self: Any, args: tuple[Any, ...], options: dict[str, Any]
) -> Any:
    """TorchScript: called by its name it is the program's wish; reached from torch.load, the file's."""
    inside = guard.announced_as("torch.load")
    if STATE.active and inside is not None and not inside.trusted:
        guard.require(inside, TORCHSCRIPT, "it is a TorchScript archive, which holds code")
    return wrapped(*args, **options)


def weights_only_load(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``load`` of torch's weights-only unpickler: judged first where torch's own list is not enough."""

    @functools.wraps(original)
    def load(self: Any) -> Any:
        torch = sys.modules["torch"]
        added = frozenset(_added(torch))
        if STATE.active:
            _refuse_strain(self.read.__self__)
        must_judge = added or any(vulnerable({"torch": torch})) or grants.pins_required()
        if not STATE.active or not must_judge:
            return original(self)
        with guard.Load("torch.load") as under_way, grants.for_this_block(added):
            tape = Tape(self.read.__self__, {"encoding": self.encoding})
            tape.peeks = False  # torch's unpickler is written in Python, and never does
            in_python = operator.methodcaller("replay_in_python")
            for_pickle.look_and_judge(under_way, tape, {}, Override.NONE, replay=in_python)
            source = tape.current
            before = self.read, self.readline
            self.read, self.readline = source.read, source.readline
            try:
                return original(self)
            finally:
                self.read, self.readline = before
                tape.finish()

    return load


def _refuse_strain(file: Any) -> None:
    """torch's own unpickler hashes keys without end, too."""
    if guard.is_regular(file):
        with guard.Load("torch.load") as under_way:
            guard.refuse_strain(under_way, of_file(file, guard.limits()))


def _added(torch: ModuleType) -> list[GlobalRef]:
    """What the program has added to torch's list of safe globals, as names; torch adds its own there."""
    listed: list[Any] = getattr(torch.serialization, "get_safe_globals", list)()
    refs = []
    for item in listed:
        if isinstance(item, tuple):
            module, _, name = item[1].rpartition(".")
            refs.append(GlobalRef(module, name))
        else:
            refs.append(GlobalRef(item.__module__, item.__qualname__))
    return [ref for ref in refs if not ref.module.startswith("torch.")]


def install() -> None:
    """Wrap ``torch.load`` under both its addresses, and torch's other ways into an unpickler."""
    torch = sys.modules["torch"]
    stand_in_front([(torch.serialization, "load"), (torch, "load")], load)
    stand_in_front([(torch.jit._serialization, "load"), (torch.jit, "load")], jit_load)
    unpickler = getattr(torch, "_weights_only_unpickler", None)
    if unpickler is not None and "torch" not in STATE.doors:
        unpickler.Unpickler.load = weights_only_load(unpickler.Unpickler.load)
    STATE.doors["torch"] = "wrapped"
    for hole in vulnerable({"torch": torch}):
        record.emit("library.vulnerable", hole=hole)
