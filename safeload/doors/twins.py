"""``torch.load`` where safetensors can take the pickle's place: by content, or by a twin that is proven.

What comes back is what would have come back: the same kind of dict in the same order, ties that share
their storage, parameters, ``_metadata``, each storage where ``map_location`` wants it.
"""

from __future__ import annotations

import io
import os
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from safeload import grants, guard, loads, record
from safeload.pins import granting
from safeload.policy import Mode, Policy, Twins, Verdict
from safeload.tensors.cache import found_for
from safeload.tensors.content import is_safetensors_at, opened_at
from safeload.tensors.proof import NotTheSameError
from safeload.tensors.twin import Place, Twin, is_path, places, twin_of

NOTHING: Final = object()
"""No safetensors stands for this load."""

_KNOWN: Final = frozenset({"f", "map_location", "pickle_module", "weights_only", "mmap"})


def instead(load: guard.Announcement, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What ``torch.load`` returns without opening a pickle, or :data:`NOTHING`.

    Raises:
        TensorsRequiredError: the policy wants tensors, and there are none that are proven.
    """
    policy = guard.policy_in_force()
    outermost = load.outermost() is load
    if load.trusted or policy.mode is Mode.OFF or policy.tensors is Twins.OFF or not outermost:
        return NOTHING
    source: Any = args[0] if args else options.get("f")
    location = args[1] if len(args) > 1 else options.get("map_location")
    plain = len(args) <= 2 and options.keys() <= _KNOWN and options.get("pickle_module") is None  # noqa: PLR2004
    if plain and not _is_special(sys.modules["torch"]):
        if is_safetensors_at(source):
            found = opened_at(source, restore=_restorer(location))
            if found is not None:
                load.facts["twin"] = {"used": record.ITSELF}
                return found
        elif (path := _path_of(source)) is not None:
            return _beside(load, policy, path, location)
    if policy.tensors is Twins.REQUIRE:
        beside = "it is a pickle, and no safetensors file stands beside it"
        return _required(load, policy, beside if plain else "with such options the call asks for the pickle itself")
    return NOTHING


def _path_of(source: Any) -> Path | None:
    """The path of a file, or of an open one that stands at its beginning and is still the file of that name."""
    if is_path(source):
        return Path(os.fsdecode(source))
    if type(source).__module__ == "fsspec.implementations.local" and getattr(source, "compression", "?") is None:
        source = getattr(source, "f", None)  # what Lightning opens its checkpoints with
    name = getattr(source, "name", None)
    if type(source) not in (io.BufferedReader, io.FileIO) or not isinstance(name, str | bytes):
        return None
    try:
        if source.tell() == 0 and os.path.samestat(os.fstat(source.fileno()), os.stat(name)):  # noqa: PTH116 - bytes too
            return Path(os.fsdecode(name))
    except (OSError, ValueError):
        pass  # closed, moved, or deleted: torch's own load says it
    return None


def _is_special(torch: Any) -> bool:
    """Whether torch was told to load in another way than into plain tensors."""
    told = getattr(torch.serialization, "_serialization_tls", None)
    fake = getattr(torch._guards, "detect_fake_mode", None)
    special = any(getattr(told, name, None) for name in ("skip_data", "map_location"))
    return special or (fake is not None and fake() is not None)


def _beside(load: guard.Announcement, policy: Policy, path: Path, location: Any) -> Any:
    here = list(places(path))
    if not here and policy.tensors is Twins.REQUIRE:
        cached = found_for(grants.digest_of_path(str(path)))
        here = [Place(cached, is_part=False)] if cached is not None else []
    reason = "no safetensors file stands beside it"
    if here:
        try:
            with twin_of(path, here) as twin:
                _refuse_if_not_pinned(twin)
                made = _made(twin, location)
        except NotTheSameError as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001 - torch's own load meets the same and says it
            reason = f"{type(error).__name__}: {error}"
        else:
            _tell(load, policy, twin, path)
            return made
        load.facts["twin"] = {"not used": reason}
    if policy.tensors is Twins.REQUIRE and path.is_file():
        return _required(load, policy, reason)
    return NOTHING


def _refuse_if_not_pinned(twin: Twin) -> None:
    """A twin is a file like any other: other bytes may be pinned in its place."""
    if grants.any_trust():
        answer, held = granting.of_path(twin.path, str(twin.path))
        if held is not None:
            held.close()
        if answer.refused:
            raise NotTheSameError(answer.refused)


def _required(load: guard.Announcement, policy: Policy, reason: str) -> Any:
    loads.refuse(load, policy, Verdict(), required=reason)
    return NOTHING


def _tell(load: guard.Announcement, policy: Policy, twin: Twin, path: Path) -> None:
    """Say in the event what was opened, and what the pickle would have asked for."""
    load.facts["twin"] = {"used": str(twin.path)}
    report = twin.skeleton.report
    verdict = policy.judge(report)
    load.sink_of_outermost().format = "safetensors"
    if verdict.refused:
        record.emit(
            "twin.hostile",
            path=str(path),
            twin=str(twin.path),
            refused=[str(item.ref) for item in verdict.refused],
            grounds=[f"{item.ref}: {item.text}" for item in verdict.refused],
            keys=list(twin.pickled.harmful),
        )


def _restorer(location: Any) -> Any:
    """Puts a storage where ``map_location`` wants it, as ``torch.load`` does."""
    torch = sys.modules["torch"]
    return torch.serialization._get_restore_location(location)


def _made(twin: Twin, location: Any) -> Any:
    from safeload.tensors.build import torch_storage, torch_tensor

    restore = _restorer(location)
    storages: dict[str, Any] = {}
    made: dict[int, Any] = {}
    result: dict[str, Any] = OrderedDict() if twin.pickled.ordered else {}
    for name, held in twin.tensors.items():
        storage = storages.get(held.kept)
        if storage is None:
            cpu = torch_storage(held.source, held.form.storage)
            storage = storages[held.kept] = restore(cpu, held.pickled.storage.location)
        tensor = made.get(id(held.pickled))
        if tensor is None:
            tensor = made[id(held.pickled)] = torch_tensor(held.at_start, storage)
        result[name] = tensor
    if twin.pickled.metadata is not None:
        result._metadata = twin.pickled.metadata  # type: ignore[attr-defined]  # as torch sets it
    return result
