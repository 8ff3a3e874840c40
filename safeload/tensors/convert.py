"""``convert()``: one checkpoint as safetensors, whole or not at all."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from safeload.errors import TensorsError
from safeload.policy import Running
from safeload.scan.forms import QuantizedForm, TensorForm
from safeload.scan.outline import Outline
from safeload.scan.report import printable
from safeload.scan.safetensors_header import forms_in
from safeload.scan.skeleton import Skeleton
from safeload.tensors.build import NotHereError
from safeload.tensors.contents import VERSIONS, Contents, contents_of
from safeload.tensors.copying import DIFFERENT, Progress, sha256_of, write_entries
from safeload.tensors.names import safetensors_name
from safeload.tensors.source import Source
from safeload.tensors.ties import tied
from safeload.tensors.write import Entry, entry_of, header_of, replacing

DIGEST: Final = "safeload.source_sha256"
VERSION: Final = "safeload.version"
RAN: Final = "safeload.sandbox"
"""Says, where it stands, that the file's code was allowed to run in a child, and how far."""

RESERVED: Final = frozenset({"__metadata__", "format", DIGEST, VERSION, VERSIONS, RAN})
WHOLE: Final = "tensor"
"""The name of a tensor that is the whole file: a name of no letters is none in safetensors."""

FREE: Final = 1 << 30
TIMES: Final = 4
MAX_SIDECAR: Final = 256 << 20
"""What is written may be ``FREE`` bytes and ``TIMES`` the size of the file; more is taken for a trap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What became of one file.

    Attributes:
        source: the file that was read.
        out: the safetensors file.
        sha256: the digest of the source.
        fresh: it was written now; False where it was there already.
        names: how many names the tensors have, ties among them.
        ties: names that stand for another's tensor, with that other.
        left_out: what is not in it, with the reasons.
        sidecar: the JSON file with numbers, texts and what was left out; None where there is nothing.
    """

    source: Path
    out: Path
    sha256: str
    fresh: bool
    names: int = 0
    ties: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    sidecar: Path | None = None


def convert_file(  # noqa: PLR0913 - one file's conversion
    source: Path,
    out: Path | None = None,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
    known: str = "",
    how: Running = Running.NEVER,
) -> Conversion:
    """Write the tensors of one file as safetensors; see :func:`safeload.convert`.

    Args:
        how: whether the file's code may run in a child.
        known: the digest of the file, where ``out`` is named by it; no file of another is written there.
    """
    out = source.with_name(safetensors_name(source.name)) if out is None else out
    if out.exists() and source.samefile(out):
        msg = f"'{printable(str(source))}' would be written over itself"
        raise TensorsError(msg)
    with Source(source) as opened:
        if out.exists():
            digest = known or sha256_of(opened)
            before = _made_by_us(out)
            if before == (digest, how.value):
                return Conversion(source=source, out=out, sha256=digest, fresh=False, sidecar=_sidecar(out, there=True))
            if before is None and not overwrite:
                msg = f"'{printable(str(out))}' is there and was not made by this: name another, or overwrite it"
                raise TensorsError(msg)
        if not overwrite:
            _not_over_anothers(out.with_name(f"{out.name}.json"))
        return _written(opened, contents_of(opened, how), how, source, out, progress or _silent, known)


def _written(  # noqa: PLR0913, PLR0917 - one file's conversion
    opened: Source, contents: Contents, how: Running, source: Path, out: Path, progress: Progress, known: str
) -> Conversion:
    skeleton, found = contents.skeleton, contents.found
    entries, ties, left_out = _entries(found)
    if not entries:
        msg = f"'{printable(str(source))}' holds no tensor that safetensors could hold"
        raise TensorsError(msg)
    total = sum(entry.nbytes for entry in entries)
    if total > FREE + TIMES * opened.size:
        msg = f"'{printable(str(source))}' would become {total} bytes, which is taken for a trap"
        raise TensorsError(msg)
    stamp = opened.stamp()
    with replacing(out) as file:
        is_torch = any(isinstance(entry.form, TensorForm) for entry in entries)
        said = _metadata(skeleton, found, ties, how, is_torch=is_torch)
        head, ordered = header_of(entries, said | {DIGEST: "0" * 64})
        file.write(head)
        digest = write_entries(file.fileno(), opened, ordered, len(head), progress)
        final, _ = header_of(entries, said | {DIGEST: digest})
        os.pwrite(file.fileno(), final, 0)
        _verify(file, ordered, final)
        if opened.stamp() != stamp or known not in ("", digest):
            msg = f"'{printable(str(source))}' was changed while it was read"
            raise TensorsError(msg)
        os.fsync(file.fileno())  # a disk that fails says so here: what stands beside the old file is its own still
        sidecar = _write_sidecar(out, source, digest, found.scalars, left_out)
    return Conversion(
        source=source,
        out=out,
        sha256=digest,
        fresh=True,
        names=len(entries) + len(ties),
        ties=ties,
        left_out=left_out,
        sidecar=sidecar,
    )


def _entries(found: Outline) -> tuple[list[Entry], dict[str, str], dict[str, str]]:
    """What is written, which names stand for another's tensor, and what is left out."""
    entries: list[Entry] = []
    ties: dict[str, str] = {}
    left_out = dict(found.left_out)
    left_out |= dict.fromkeys(found.beside, "a tensor that state_dict() leaves out")
    for group in tied(found.tensors):
        form = found.tensors[group[0]]
        names = [name for name in group if _is_name(name)]
        left_out |= {name: "a name that safetensors cannot have" for name in group if name not in names}
        if not names:
            continue
        if isinstance(form, QuantizedForm):
            parts, reason = _quantized(names[0] or WHOLE, form)
            entries += parts
            left_out |= dict.fromkeys(names, reason)
            continue
        try:
            entries.append(entry_of(names[0] or WHOLE, form))
        except NotHereError as error:
            left_out |= dict.fromkeys(names, str(error))
            continue
        ties |= dict.fromkeys(names[1:], names[0])
    return entries, ties, left_out


def _quantized(name: str, form: QuantizedForm) -> tuple[list[Entry], str]:
    """The parts of what safetensors has no type for, under names that say so."""
    values, scale, point = f"{name}.int_repr", f"{name}.scale", f"{name}.zero_point"
    if isinstance(form.scale, TensorForm) and isinstance(form.zero_point, TensorForm):
        parts = {values: form.values, scale: form.scale, point: form.zero_point}
        return [entry_of(*part) for part in parts.items()], f"quantized along axis {form.axis}: {', '.join(parts)}"
    words = f"quantized: {values}, scale {form.scale!r}, zero_point {form.zero_point!r}"
    return [entry_of(values, form.values)], words


def _is_name(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return name not in RESERVED


def _metadata(
    skeleton: Skeleton, found: Outline, ties: Mapping[str, str], how: Running, *, is_torch: bool
) -> dict[str, str]:
    from safeload import __version__

    kept = {name: text for name, text in skeleton.metadata.items() if not name.startswith("safeload.")}
    said = {"format": "pt" if is_torch else "np", DIGEST: "", VERSION: __version__}
    if how is not Running.NEVER:
        said[RAN] = how.value
    if "" in found.metadata:
        said[VERSIONS] = json.dumps(found.metadata[""], default=str)
    return kept | dict(ties) | said


def _made_by_us(out: Path) -> tuple[str, str] | None:
    """The digest of the file that an earlier conversion was made from, and how; None if it is no such."""
    try:
        with Source(out) as opened:
            found = opened.skeleton()
    except (TensorsError, OSError):
        return None
    digest = found.metadata.get(DIGEST) if found.format == "safetensors" else None
    return None if digest is None else (digest, found.metadata.get(RAN, Running.NEVER.value))


def _verify(file: Any, entries: list[Entry], head: bytes) -> None:
    """Whether the header, read as anybody reads it, says of each tensor what it was to say.

    Raises:
        TensorsError: it says something else.
    """
    with io.BufferedReader(io.FileIO(os.dup(file.fileno()))) as written:
        written.seek(0)
        same = written.read(len(head)) == head
        written.seek(0)
        try:
            found, _ = forms_in(written)
        except ValueError as error:
            msg = f"{DIFFERENT} ({error})"
            raise TensorsError(msg) from None
    same = same and found.keys() == {entry.name for entry in entries}
    at = len(head)
    for entry in entries:
        form: Any = found.get(entry.name)
        same = same and (form.dtype, form.shape) == (entry.dtype, entry.shape)
        same = same and (form.storage.span.start, form.nbytes) == (at, entry.nbytes)
        at += entry.nbytes
    if not same:
        raise TensorsError(DIFFERENT)


def _sidecar(out: Path, *, there: bool = False) -> Path | None:
    path = out.with_name(f"{out.name}.json")
    return path if not there or path.exists() else None


def _write_sidecar(
    out: Path, source: Path, digest: str, scalars: Mapping[str, Any], left_out: dict[str, str]
) -> Path | None:
    """The numbers and texts beside the file; one of an earlier conversion does not outlive it."""
    kept: dict[str, Any] = {}
    for name, value in scalars.items():
        if type(value) in (str, int, bool, type(None)) or (type(value) is float and math.isfinite(value)):
            kept[name] = value
        elif type(value) in (float, complex):
            kept[name] = repr(value)
        else:
            left_out[name] = f"a {type(value).__name__}"
    path = out.with_name(f"{out.name}.json")
    if not kept and not left_out:
        path.unlink(missing_ok=True)
        return None
    text = {"source": source.name, "sha256": digest, "values": kept, "left_out": left_out}
    with replacing(path) as file:
        file.write(json.dumps(text, indent=1, ensure_ascii=True).encode())
    return path


def _not_over_anothers(sidecar: Path) -> None:
    """A JSON file of that name may be somebody's own.

    Raises:
        TensorsError: it is.
    """
    try:
        with sidecar.open("rb") as file:
            found = json.loads(file.read(MAX_SIDECAR))
    except FileNotFoundError:
        return
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.keys() != {"source", "sha256", "values", "left_out"}:
        msg = f"'{printable(str(sidecar))}' is there and was not made by this: name another, or overwrite it"
        raise TensorsError(msg)


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""
