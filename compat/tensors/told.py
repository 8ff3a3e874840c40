"""What a file holds, told without its tensors: one of two programs, in a process of its own.

    python told.py plain LIBRARY FOLDER   by the library's own loading, without safeload
    python told.py ours LIBRARY LIST      by safeload.load_tensors(), and by a conversion, the library not imported

The library ``files`` stands for what packages ship, unpacked in FOLDER. LIST is a file of names and paths.

Both print one JSON object: the file -> name -> type, shape, strides and what else makes a tensor, with a
digest of its numbers. The names of the first are found by another walk than safeload's own: over the objects
that were really built, as pickle would save them again.
"""
# ruff: noqa: BLE001

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HEADS = (b"PK\x03\x04", b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9")  # torch's zip, and its older form
OWN = frozenset({"_parameters", "_buffers", "_modules"})
PLAIN = (str, int, float, complex, bool, type(None), bytes, bytearray)


# --- a tensor -----------------------------------------------------------------------------------


def described(leaf: Any) -> dict[str, Any]:
    """Everything that two equal tensors, or arrays, have in common."""
    if type(leaf).__module__.partition(".")[0] == "numpy":
        fields = leaf.dtype.descr if leaf.dtype.names else leaf.dtype  # a record is its fields
        return {"kind": "array", "type": str(fields), "shape": list(leaf.shape), "numbers": digest(leaf)}
    if "Uninitialized" in type(leaf).__name__:
        return {"kind": "of no shape yet"}
    told: dict[str, Any] = {"kind": type(leaf).__name__, "type": str(leaf.dtype), "shape": list(leaf.shape)}
    told |= {"layout": str(leaf.layout), "grad": leaf.requires_grad, "numbers": numbers(leaf)}
    if told["layout"] == "torch.strided" and not leaf.is_quantized:
        told |= {"stride": list(leaf.stride()), "marks": [leaf.is_conj(), leaf.is_neg()]}
        if leaf.numel():
            told["storage"] = leaf.untyped_storage().data_ptr()
    return told


def digest(array: Any) -> str:
    if array.dtype.names:
        return "".join(digest(array[name]) for name in array.dtype.names)[:64]
    return hashlib.sha256(array.tobytes()).hexdigest()[:16]


def numbers(tensor: Any) -> str:
    import torch

    tensor = tensor.detach()
    if tensor.layout == torch.sparse_coo:
        return numbers(tensor._indices()) + numbers(tensor._values())
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return numbers(tensor.crow_indices()) + numbers(tensor.col_indices()) + numbers(tensor.values())
    if tensor.layout in (torch.sparse_csc, torch.sparse_bsc):
        return numbers(tensor.ccol_indices()) + numbers(tensor.row_indices()) + numbers(tensor.values())
    if tensor.is_quantized:
        return numbers(tensor.int_repr())
    flat = tensor.cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return hashlib.sha256(flat.view(torch.uint8).numpy() if flat.numel() else b"").hexdigest()[:16]


def with_ties(leaves: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Addresses say who shares memory with whom: each is told by the first name that has it."""
    first: dict[int, str] = {}
    for name, told in leaves.items():
        if "storage" in told:
            told["storage"] = first.setdefault(told["storage"], name)
    return leaves


# --- what was really built ----------------------------------------------------------------------


def walked(value: Any) -> dict[str, Any]:
    """Every tensor and array in a value, by name."""
    found: dict[str, Any] = {}
    above: set[int] = set()

    def visit(item: Any, path: str) -> None:
        if is_leaf(item):
            if item.dtype != object:  # which of torch's none is
                if not is_number(item):
                    found.setdefault(path, item)
                return
            item = item.ravel("K").tolist()
        if isinstance(item, (*PLAIN, type)) or id(item) in above:
            return
        above.add(id(item))
        for step, below in children(item):
            visit(below, f"{path}.{step}" if path else step)
        above.discard(id(item))

    visit(value, "")
    return found


def is_leaf(item: Any) -> bool:
    if type(item).__name__ in ("UninitializedParameter", "UninitializedBuffer"):
        return True
    return hasattr(item, "dtype") and hasattr(item, "shape") and (hasattr(item, "layout") or hasattr(item, "tobytes"))


def is_number(item: Any) -> bool:
    """A scalar of numpy's, which is a number and no array."""
    return hasattr(item, "tobytes") and not hasattr(item, "__array_finalize__") or type(item).__name__ == "Generator"


def children(item: Any) -> Iterator[tuple[str, Any]]:
    if type(item) in (list, tuple, set, frozenset):
        yield from ((str(n), below) for n, below in enumerate(item))
    elif type(item) is dict:
        yield from pairs(item.items())
    elif all(type(getattr(item, "__dict__", {}).get(part)) in (dict, ordered()) for part in OWN):
        yield from module(item)
    else:
        yield from saved(item)


def ordered() -> type:
    from collections import OrderedDict

    return OrderedDict


def pairs(items: Any) -> Iterator[tuple[str, Any]]:
    for number, (key, below) in enumerate(items):
        if isinstance(key, str):
            yield key, below
        else:
            yield repr(key) if type(key) in (int, float, bool, type(None)) else f"#{number}", below


def module(item: Any) -> Iterator[tuple[str, Any]]:
    """A module's own tensors and modules have its names; so has everything else that it keeps."""
    for part in ("_parameters", "_buffers", "_modules"):
        yield from item.__dict__[part].items()
    yield from ((name, below) for name, below in item.__dict__.items() if name not in OWN)


def saved(item: Any) -> Iterator[tuple[str, Any]]:
    """An object's parts as pickle would save them."""
    try:
        parts = item.__reduce_ex__(2)
    except Exception:
        return
    if not isinstance(parts, tuple):
        return
    function, args, state, items, entries, *_ = (*parts, None, None, None)
    is_new = getattr(function, "__name__", "") == "__newobj__"
    if entries is not None:
        yield from pairs(entries)
    if items is not None:
        yield from ((str(n), below) for n, below in enumerate(items))
    if isinstance(state, tuple) and len(state) == 2 and all(isinstance(s, dict | None) for s in state):
        for part in state:
            yield from pairs((part or {}).items())
    elif isinstance(state, dict):
        yield from pairs((k, v) for k, v in state.items() if k != "_metadata" or entries is None)
    elif state is not None:
        yield "state", state
    rest = tuple(args or ())[1:] if is_new else tuple(args or ())
    if rest and entries is None:
        yield "args", rest


# --- files --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """One file, what it is called in the results, and how its users load it."""

    name: str
    path: Path
    load: Callable[[Path], Any]


def files_in(library: str, folder: Path) -> Iterator[File]:
    if library == "files":
        yield from shipped(folder)
        return
    from cell import cases, path_of

    for name, case in cases(library).items():
        path = path_of(folder, name)
        if path.is_file():
            yield File(name, path, arrays if is_npz(path) else case.load)
        for part in sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else ():
            if part.read_bytes()[:9].startswith(HEADS) and part.suffix != ".distcp":  # which is many files in one
                yield File(f"{name}: {part.name}", part, loaded)


def shipped(folder: Path) -> Iterator[File]:
    """What was loaded without us before, and was the same with us: no harm is done by it."""
    import registry

    for row in json.loads((HERE.parent / "results" / "files.json").read_text("utf-8")):
        path = folder / row["package"].replace("==", "-") / row["path"]
        if row["loaded"] == "equal" and path.is_file():
            yield File(f"{row['package']} {row['path']}", path, partial(registry.reader, form=row["format"]))


def is_npz(path: Path) -> bool:
    return zipfile.is_zipfile(path) and all(name.endswith(".npy") for name in zipfile.ZipFile(path).namelist())


def arrays(path: Path) -> Any:
    """What is in such a file, before a library makes one object of it."""
    import numpy as np

    return dict(np.load(path, allow_pickle=True).items())


def loaded(path: Path) -> Any:
    import torch

    return torch.load(path, map_location="cpu", weights_only=False)


def plain(file: File) -> dict[str, Any]:
    try:
        return {"leaves": with_ties({name: described(leaf) for name, leaf in walked(file.load(file.path)).items()})}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def ours(file: File) -> dict[str, Any]:
    import safeload

    try:
        found = safeload.load_tensors(file.path)
    except safeload.TensorsError as error:
        return {"error": str(error)[:300]}
    leaves = {name: described(leaf) for name, leaf in (dict(found) | found.beside).items()}
    told = {"format": found.format, "leaves": with_ties(leaves), "left_out": found.left_out}
    return told | converted(file.path, found)


def converted(path: Path, found: Any) -> dict[str, Any]:
    """What the file's conversion holds, read by safetensors itself, and whether it is proven to be the twin."""
    from safetensors import safe_open

    import safeload

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(path, Path(folder, "x.pt")))
        try:
            (made,) = safeload.convert(copy)
        except safeload.TensorsError as error:
            return {"not converted": str(error).partition("' ")[2] or str(error)}
        with safe_open(made.out, "pt") as file:
            kept = {name: described(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118 - it is no dict
        try:
            twin = "proven" if safeload.find_twin(copy, verify="bytes") == made.out else "another"
        except safeload.TensorsError as error:
            twin = str(error).partition(": ")[2] or str(error)
    wrong = [name for name, told in kept.items() if not alike(told, found.get(name, found.get("")))]
    wrong += sorted({name or "tensor" for name in found} - kept.keys() - made.ties.keys() - made.left_out.keys())
    return {"converted": len(kept) + len(made.ties), "converted wrongly": wrong, "twin": twin}


def alike(kept: dict[str, Any], leaf: Any) -> bool:
    """Whether a tensor is the one that was converted: strides and byte orders are not kept."""
    import torch

    if hasattr(leaf, "tobytes"):
        leaf = torch.from_numpy(leaf.astype(leaf.dtype.newbyteorder("="), order="C"))
    there = described(leaf)
    return all(kept[part] == there[part] for part in ("type", "shape", "numbers"))


def imported(library: str) -> list[str]:
    """What nobody who only wants tensors should have to import, and is here all the same."""
    asked = {library, "pytorch_lightning"} - {"torch", "numpy"}
    return sorted({name.partition(".")[0] for name in sys.modules} & asked)


def main(arm: str, library: str, folder: str) -> dict[str, Any]:
    warnings.simplefilter("ignore")
    sys.path.insert(0, str(HERE.parent))
    sys.setrecursionlimit(20_000)
    files = list(files_in(library, Path(folder))) if arm == "plain" else told_by_path(folder)
    tell = {"plain": plain, "ours": ours}[arm]
    found = {file.name: {"path": str(file.path), **tell(file)} for file in files}
    return {"files": found, "imported": imported(library)}


def told_by_path(listed: str) -> list[File]:
    """The same files for a process that does not know how to load them."""
    return [File(name, Path(path), loaded) for name, path in json.loads(Path(listed).read_text("utf-8")).items()]


if __name__ == "__main__":
    # Libraries print as they please: the answer goes to the real stdout, all else to stderr.
    answer = os.dup(1)
    os.dup2(2, 1)
    told = main(*sys.argv[1:])
    with os.fdopen(answer, "w") as file:
        json.dump(told, file)
    os._exit(0)
