"""Every tensor of every file of the laboratory: ``load_tensors()`` against the library's own loading.

    python compat/tensors/run.py              the libraries that are installed here
    python compat/tensors/run.py torch timm   these
    python compat/tensors/run.py files CACHE  the files that packages ship, unpacked in CACHE (compat/registry.py)
    python compat/tensors/run.py report       RESULTS.md from results.json, which the others leave

The files are those of compat/cases. A process without safeload writes them, a second one loads them, a third
takes the tensors out with ``load_tensors()`` and imports nothing of the library; type, shape, strides, numbers,
kind, gradients, and who shares memory with whom have to be the same. What was left out is told with its reason.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
KEPT: Final = HERE / "results.json"
PAGE: Final = HERE / "RESULTS.md"
LIMIT: Final = 900
LISTS: Final = frozenset({"sklearn_estimators"})  # one folder of many pickles, which its case reads for their types
PACKAGES: Final = {
    "sklearn": "scikit-learn", "imblearn": "imbalanced-learn",
    "torch_geometric": "torch-geometric", "sentence_transformers": "sentence-transformers", "umap": "umap-learn",
}  # fmt: skip


def here() -> dict[str, str]:
    """The libraries with cases that are installed here, with their versions."""
    found = {}
    for path in sorted((ROOT / "compat" / "cases").glob("for_*.py")):
        library = path.stem.removeprefix("for_")
        if library in LISTS:
            continue
        try:
            found[library] = importlib.metadata.version(PACKAGES.get(library, library))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def program(script: Path, *args: Any, guarded: bool) -> dict[str, Any]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("SAFELOAD_") and k != "PYTHONPATH"}
    env |= {"PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    env |= {"YOLO_OFFLINE": "1", "YOLO_CONFIG_DIR": tempfile.gettempdir(), "PYTHONPATH": str(ROOT) if guarded else ""}
    command = [sys.executable, str(script), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=LIMIT)
    if done.returncode or not done.stdout:
        msg = f"{script.name} {' '.join(map(str, args))}: {done.returncode}, {done.stderr[-800:]}"
        raise RuntimeError(msg)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def compared(theirs: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """One file: how many tensors are equal, and each that is not."""
    if "error" in theirs:
        return {"outcome": "not loadable", "text": theirs["error"]}
    if "error" in ours:
        return {"outcome": "refused", "text": ours["error"], "held": len(theirs["leaves"])}
    here, there, left = ours["leaves"], theirs["leaves"], ours["left_out"]
    wrong = {name: "differs" for name in here.keys() & there.keys() if here[name] != there[name]}
    wrong |= {name: "is missing" for name in there.keys() - here.keys() if not told_of(name, left)}
    wrong |= dict.fromkeys(here.keys() - there.keys(), "is not in the file")
    wrong |= dict.fromkeys(ours.get("converted wrongly", ()), "was converted wrongly")
    equal = len((here.keys() & there.keys()) - wrong.keys())
    missed = {name: told_of(name, left) for name in sorted(there.keys() - here.keys() - wrong.keys())}
    found = {"outcome": "differs" if wrong else "equal", "equal": equal, "left_out": missed, "wrong": wrong}
    found |= {key: ours[key] for key in ("format", "converted", "not converted", "twin") if key in ours}
    return found


def told_of(name: str, left_out: dict[str, str]) -> str:
    """Why a tensor was left out: said for it, or for something that it is in."""
    steps = name.split(".")
    for end in range(len(steps), -1, -1):
        reason = left_out.get(".".join(steps[:end]))
        if reason:
            return reason
    return ""


def run(library: str, cache: str = "") -> dict[str, Any]:
    """Every file of a library: made where there is no cache of them, then read in both ways."""
    with tempfile.TemporaryDirectory(prefix="tensors-") as place:
        folder, listed = Path(cache or place).resolve(), Path(place) / "listed.json"
        if not cache:
            program(ROOT / "compat" / "cell.py", "make", library, folder, guarded=False)
        theirs = program(HERE / "told.py", "plain", library, folder, guarded=False)["files"]
        listed.write_text(json.dumps({name: told["path"] for name, told in theirs.items()}), "utf-8")
        ours = program(HERE / "told.py", "ours", library, listed, guarded=True)
    files = {name: compared(told, ours["files"][name]) for name, told in theirs.items()}
    return {"imported": ours["imported"], "files": files}


def main(*args: str) -> None:
    results = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    versions = here()
    wanted = [] if args[:1] == ("report",) else ["files"] if args[:1] == ("files",) else args or versions
    for library in wanted:
        version = versions.get(library, "")
        print(library, version, flush=True)
        results[library] = {"version": version, **run(library, args[1] if library == "files" else "")}
        tell(results[library])
        KEPT.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")
    PAGE.write_text(page(results), "utf-8")


def tell(result: dict[str, Any]) -> None:
    if result["imported"]:
        print("  <<< imported", result["imported"])
    for name, file in result["files"].items():
        mark = "  <<<" if file["outcome"] not in ("equal", "not loadable") else ""
        print(f"  {name}: {file['outcome']} {file.get('equal', '')} {file.get('text', '')}{mark}")
        for tensor, what in [*file.get("wrong", {}).items()][:8]:
            print(f"    {tensor} {what}")
        for tensor, reason in [*file.get("left_out", {}).items()][:8]:
            print(f"    left out: {tensor}: {reason}")
        if "not converted" in file:
            print("    not converted:", file["not converted"][:150])


# --- the page -----------------------------------------------------------------------------------

HEAD: Final = """# Tensors without code, file by file

Generated by `python compat/tensors/run.py`: do not edit. Each file is loaded by a process without safeload, as its
library does, and its tensors are taken out by another with `load_tensors()`, which imports nothing of the library.
*Equal* is a tensor of the same name, type, shape, strides and numbers, that is as much a parameter, wants gradients as
much, and shares its memory with the same others; an array of the same type, shape and numbers. The names of the first
process are found by a walk of their own. *Left out* is what `load_tensors()` names, with a reason, and does not give.
Each file is converted as well, and what safetensors itself reads of it has to be the same; *twin* counts those that are
proven, byte for byte, to stand for the pickle in `torch.load`: state dicts.

| library | version | files | tensors equal | left out | otherwise | converted | twin |
|---|---|---|---|---|---|---|---|
"""


def page(results: dict[str, Any]) -> str:
    rows, left, wrong, unread = [], [], [], []
    total: Counter[str] = Counter()
    for library in sorted(results, key=lambda name: (name == "files", name)):
        result = results[library]
        counts = counted(result)
        total += counts
        title = "what packages ship" if library == "files" else library
        rows.append(row(title, result["version"], counts))
        for name, file in result["files"].items():
            where = f"{title}, {name}"
            left += [f"- {where}: {said(file['left_out'])}"] if file.get("left_out") else []
            wrong += [f"- {where}: `{tensor}` {what}" for tensor, what in file.get("wrong", {}).items()]
            if file["outcome"] in ("refused", "not loadable"):
                unread.append(f"- {where}: {file['outcome']}, {file['text'][:160]}")
        wrong += [f"- {title}: imports {name}" for name in result["imported"]]
    rows.append(row("**all**", "", total))
    parts = [HEAD + "\n".join(rows)]
    for head, lines in (("Left out", left), ("Otherwise", wrong), ("Not compared", unread)):
        parts.append(f"## {head}\n\n" + ("\n".join(lines) or "Nothing."))
    return "\n\n".join(parts) + "\n"


def counted(result: dict[str, Any]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for file in result["files"].values():
        counts["files"] += file["outcome"] != "not loadable"
        counts["equal"] += file.get("equal", 0)
        counts["left"] += len(file.get("left_out", {}))
        counts["wrong"] += len(file.get("wrong", {})) + (file["outcome"] == "refused")
        counts["converted"] += bool(file.get("converted"))
        counts["twin"] += file.get("twin") == "proven"
    return counts


def row(title: str, version: str, counts: Counter[str]) -> str:
    cells = [title, version, *(str(counts[key]) for key in ("files", "equal", "left", "wrong", "converted", "twin"))]
    return f"| {' | '.join(cells)} |"


def said(left_out: dict[str, str]) -> str:
    """The reasons, each with the names that it is given for."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        by_reason.setdefault(reason, []).append(f"`{name}`" if name else "the whole")
    return "; ".join(
        f"{', '.join(names[:4])}{f' and {len(names) - 4} more' if len(names) > 4 else ''}: {reason}"
        for reason, names in by_reason.items()
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
