"""``convert()`` for files, folders and sharded checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from safeload.errors import TensorsError
from safeload.policy import Running
from safeload.scan.report import printable
from safeload.tensors import cache
from safeload.tensors.contents import Sandbox, running
from safeload.tensors.convert import Conversion, convert_file
from safeload.tensors.copying import Progress
from safeload.tensors.names import INDEX, PICKLES, SUFFIX, read_index, safetensors_name, stem_of
from safeload.tensors.write import replacing

Watch = Callable[[Path], Progress | None]

_NOT_WEIGHTS: Final = frozenset({"training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "scaler.pt"})
"""What the Trainer writes beside a model: states of a training, which nobody reads as safetensors."""


def convert(  # noqa: PLR0913 - one function for all its users
    source: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
    into_cache: bool = False,
    watch: Watch | None = None,
    sandbox: Sandbox | None = None,
) -> list[Conversion]:
    """Write the tensors of a checkpoint as safetensors, without running any of its code.

    A file is written beside the source under the name that libraries look for, or to ``out``; it
    appears whole or not at all, and is compared with the source before it does. What is no tensor
    goes into a JSON file beside it. A file converted already from the same bytes is left as it is.

    Args:
        source: a file; an index of shards (``*.index.json``); or a folder, whose checkpoints are
            all converted, shards with a new index.
        out: the file to write, or the folder for those of a folder or an index.
        overwrite: a file that is there and was not made by this may be replaced.
        into_cache: write a file into the cache folder instead, under its digest.
        watch: called with each file, gives what is told of the bytes written and of all.
        sandbox: whether a file's code may run in a child, as for :func:`safeload.load_tensors`.

    Raises:
        TensorsError: a file holds no tensors, or cannot be converted; files before it are done.
        OSError: it cannot be read or written.
    """
    way = _Way(overwrite, watch, running(sandbox))
    path = Path(source)
    target = None if out is None else Path(out)
    if path.is_dir():
        return _folder(path, target, way)
    if path.name.endswith(INDEX):
        return _index(path, target, way)
    known = ""
    if into_cache:
        if target is not None:
            msg = "a file goes into the cache or somewhere else, not both"
            raise TensorsError(msg)
        target, known = cache.place_for(path)
    return [way.convert(path, target, known)]


class _Way(NamedTuple):
    """How files are converted, whichever they are."""

    overwrite: bool
    watch: Watch | None
    how: Running

    def convert(self, path: Path, target: Path | None, known: str = "") -> Conversion:
        progress = self.watch(path) if self.watch else None
        return convert_file(path, target, overwrite=self.overwrite, progress=progress, known=known, how=self.how)


def _folder(folder: Path, out: Path | None, way: _Way) -> list[Conversion]:
    done: list[Conversion] = []
    in_shards: set[str] = set()
    for index in sorted(folder.glob(f"*{INDEX}")):
        if index.name.endswith(f"{SUFFIX}{INDEX}"):
            continue
        made = _index(index, out, way)
        in_shards |= {one.source.name for one in made}
        done += made
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix.lower() in PICKLES and path.name not in in_shards | _NOT_WEIGHTS:
            done.append(way.convert(path, _into(out, safetensors_name(path.name))))
    if not done:
        msg = f"there is no checkpoint in '{printable(str(folder))}'"
        raise TensorsError(msg)
    return done


def _into(out: Path | None, name: str) -> Path | None:
    if out is None:
        return None
    out.mkdir(parents=True, exist_ok=True)
    return out / name


def _index(index: Path, out: Path | None, way: _Way) -> list[Conversion]:
    """Every shard that an index names, and an index of what was written."""
    try:
        found = read_index(index)
    except ValueError as error:
        raise TensorsError(printable(str(error), 500)) from None
    done = []
    names: dict[str, str] = {}
    for shard in sorted(set(found["weight_map"].values())):
        path = index.with_name(shard)
        made = way.convert(path, _into(out, safetensors_name(shard)))
        names[shard] = made.out.name
        done.append(made)
    text = dict(found)
    text["weight_map"] = {tensor: names[shard] for tensor, shard in found["weight_map"].items()}
    stem = stem_of(index.name.removesuffix(INDEX))
    new = (out or index.parent) / f"{stem}{SUFFIX}{INDEX}"
    content = json.dumps(text, indent=2, sort_keys=True).encode() + b"\n"
    if not new.exists() or new.read_bytes() != content:
        with replacing(new) as file:
            file.write(content)
    return done
