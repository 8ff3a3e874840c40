"""The twin of a pickle: found by the ecosystem's names, opened only where it is proven the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from safeload.errors import TensorsError
from safeload.scan.forms import TensorForm
from safeload.scan.report import printable
from safeload.scan.skeleton import Skeleton
from safeload.tensors.names import INDEX, PICKLES, SUFFIX, index_name, read_index, safetensors_name, stem_of
from safeload.tensors.proof import NotTheSameError, StateDict, prove, state_dict_of
from safeload.tensors.source import Source

Verify = Literal["header", "bytes"]


class Place(NamedTuple):
    """A file that may be a twin."""

    path: Path
    is_part: bool  # the pickle is one shard of what this holds


class Held(NamedTuple):
    """One tensor of a twin: where it is, and what the pickle says of it."""

    source: Source
    form: TensorForm
    pickled: TensorForm
    kept: str  # the name that it has in the twin

    @property
    def at_start(self) -> TensorForm:
        """The pickle's tensor over the twin's storage, which holds nothing but it."""
        return replace(self.pickled, offset=0)


@dataclass(frozen=True, slots=True)
class Twin:
    """A proven twin, open; as ``with``, it is closed again (what was mapped stays mapped)."""

    path: Path
    tensors: dict[str, Held]
    pickled: StateDict
    skeleton: Skeleton
    files: ExitStack

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.files.close()


def places(path: Path) -> Iterator[Place]:
    """Where a twin would be, by the names that libraries write; only what is there."""
    name = path.name
    if path.suffix.lower() not in PICKLES:
        return
    index = index_name(name)
    whole = None if index is None else index.removesuffix(INDEX)
    wanted = [
        (safetensors_name(name), False),
        (path.stem + SUFFIX, False),
        (f"{stem_of(name)}{SUFFIX}{INDEX}", False),
        (index, True),
        (whole, True),
    ]
    seen = set()
    for candidate, is_part in wanted:
        if candidate is not None and candidate not in seen:
            seen.add(candidate)
            beside = path.with_name(candidate)
            if beside.is_file():
                yield Place(beside, is_part)


def twin_of(path: Path, here: list[Place], verify: Verify = "header") -> Twin:
    """The first of these places that is proven the same as the pickle.

    Raises:
        NotTheSameError: none is, and why the first is not.
    """
    reason = ""
    with ExitStack() as files:
        try:
            source = files.enter_context(Source(path))
            skeleton = source.skeleton()
        except (TensorsError, OSError) as error:
            raise NotTheSameError(str(error)) from None
        if skeleton.format not in ("torch zip", "torch legacy"):
            msg = f"the file is {skeleton.format}"
            raise NotTheSameError(msg)
        pickled = state_dict_of(skeleton)
        for place in here:
            try:
                tensors = _held(place, pickled, files)
                if verify == "bytes":
                    _same_bytes(source, tensors)
            except (NotTheSameError, TensorsError, ValueError, OSError) as error:
                reason = reason or f"{printable(place.path.name)}: {error}"
                continue
            return Twin(place.path, tensors, pickled, skeleton, files.pop_all())
    raise NotTheSameError(reason)


def find_twin(path: str | os.PathLike[str], *, verify: Verify = "header") -> Path:
    """The safetensors file that ``torch.load`` would open in place of a pickle.

    Args:
        verify: "bytes" to compare every number too, which reads both files.

    Raises:
        TensorsError: there is none, or none that is proven the same; it says why.
    """
    if verify not in ("header", "bytes"):
        msg = f"verify is 'header' or 'bytes', not {verify!r}"
        raise ValueError(msg)
    here = list(places(Path(path)))
    if not here:
        msg = "no safetensors file stands beside it"
        raise TensorsError(msg)
    try:
        with twin_of(Path(path), here, verify) as twin:
            return twin.path
    except NotTheSameError as error:
        raise TensorsError(str(error)) from None


def _held(place: Place, pickled: StateDict, files: ExitStack) -> dict[str, Held]:
    forms: dict[str, TensorForm] = {}
    of: dict[str, Source] = {}
    text: dict[str, str] = {}
    shards: list[Path] = [place.path]
    if place.path.name.endswith(INDEX):
        names = read_index(place.path)["weight_map"]
        wanted = {shard for name, shard in names.items() if name in pickled.tensors or not place.is_part}
        shards = [place.path.with_name(shard) for shard in sorted(wanted)]
    for shard in shards:
        source = files.enter_context(Source(shard))
        found = source.skeleton()
        if found.format != "safetensors":
            msg = f"{printable(shard.name)} is no safetensors file"
            raise NotTheSameError(msg)
        twice = next((name for name in found.value if name in forms), None)
        if twice is not None:
            msg = f"{printable(twice)} is in two shards"
            raise NotTheSameError(msg)
        forms |= found.value
        of |= dict.fromkeys(found.value, source)
        text |= found.metadata
    kept = prove(pickled, forms, text, is_part=place.is_part)
    return {
        name: Held(of[other], forms[other], pickled.tensors[name], other) for name, other in kept.items()
    }


def _same_bytes(source: Source, tensors: dict[str, Held]) -> None:
    """Whether the numbers are the same too."""
    for name, held in tensors.items():
        here = source.view(held.pickled.storage.span)
        first, behind = held.pickled.extent
        there = held.source.view(held.form.storage.span)
        for at in range(0, behind - first, _BLOCK):
            end = min(at + _BLOCK, behind - first)
            if bytes(here[first + at : first + end]) != bytes(there[at:end]):
                msg = f"{printable(name)} has other numbers in the twin"
                raise NotTheSameError(msg)


_BLOCK = 1 << 20


def is_path(source: Any) -> bool:
    """Whether a loader was given a path."""
    return isinstance(source, str | os.PathLike)
