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
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
KEPT: Final = HERE / "results.json"
PAGE: Final = HERE / "RESULTS.md"
LIMIT: Final = 900
PACKAGES: Final = {
    "sklearn": "scikit-learn", "sklearn_estimators": "scikit-learn", "imblearn": "imbalanced-learn",
    "torch_geometric": "torch-geometric", "sentence_transformers": "sentence-transformers", "umap": "umap-learn",
}  # fmt: skip


def here() -> dict[str, str]:
    """The libraries with cases that are installed here, with their versions."""
    found = {}
    for path in sorted((ROOT / "compat" / "cases").glob("for_*.py")):
        library = path.stem.removeprefix("for_")
        try:
            found[library] = importlib.metadata.version(PACKAGES.get(library, library))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def program(script: Path, *args: Any, guarded: bool) -> dict[str, Any]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("SAFELOAD_") and k != "PYTHONPATH"}
    env |= {"PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    env |= {"YOLO_OFFLINE": "1", "PYTHONPATH": str(ROOT) if guarded else ""}
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
    wrong = {name: "differs" for name in here.keys() & there.keys() if not same(here[name], there[name])}
    wrong |= {name: "is missing" for name in there.keys() - here.keys() if not told_of(name, left)}
    wrong |= dict.fromkeys(here.keys() - there.keys(), "is not in the file")
    wrong |= dict.fromkeys(ours.get("converted wrongly", ()), "was converted wrongly")
    equal = len((here.keys() & there.keys()) - wrong.keys())
    missed = {name: told_of(name, left) for name in sorted(there.keys() - here.keys() - wrong.keys())}
    found = {"outcome": "differs" if wrong else "equal", "equal": equal, "left_out": missed, "wrong": wrong}
    found |= {key: ours[key] for key in ("format", "converted", "not converted") if key in ours}
    return found


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return ours == theirs


def told_of(name: str, left_out: dict[str, str]) -> str:
    """Why a tensor was left out: said for it, or for something that it is in."""
    steps = name.split(".")
    for end in range(len(steps), -1, -1):
        reason = left_out.get(".".join(steps[:end]))
        if reason:
            return reason
    return ""


def run(library: str, version: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="tensors-") as place:
        folder = Path(place)
        program(ROOT / "compat" / "cell.py", "make", library, folder, guarded=False)
        theirs = program(HERE / "told.py", "plain", library, folder, guarded=False)
        ours = program(HERE / "told.py", "ours", library, folder, guarded=True)
    files = {}
    for path, told in theirs.items():
        name = f"{told['case']}: {told['file']}" if told["file"] else told["case"]
        files[name] = compared(told, ours[path])
    return {"version": version, "imported": ours["imported"], "files": files}


def main(*args: str) -> None:
    results = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    versions = here()
    if args[:1] != ("report",):
        for library in args or versions:
            print(library, versions[library], flush=True)
            results[library] = run(library, versions[library])
            tell(results[library])
            KEPT.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")


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


if __name__ == "__main__":
    main(*sys.argv[1:])
