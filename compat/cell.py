"""Inside a cell's environment: make the files of a library's cases, or load them and say what came out.

    python cell.py make LIBRARY FOLDER            without safeload
    python cell.py load LIBRARY FOLDER plain      without safeload
    python cell.py load LIBRARY FOLDER guarded    with it; the policy is the environment's

Prints one JSON object: the case's name -> what happened.
"""
# ruff: noqa: BLE001

import importlib
import json
import os
import sys
import warnings
from pathlib import Path


def cases(library):
    sys.path.insert(0, str(Path(__file__).parent))
    sys.path.insert(0, str(Path(__file__).parent / "cases"))
    return importlib.import_module(f"for_{library}").CASES


def path_of(folder, name):
    return Path(folder) / "".join(c if c.isalnum() else "-" for c in name)


def made(case, path):
    try:
        case.make(path)
    except Exception as error:
        return {"skipped": f"{type(error).__name__}: {error}"[:200]}
    return {}


def loaded(case, path):
    from shapes import fingerprint

    if not path.exists():
        return {"skipped": "not made"}
    try:
        value = case.load(path)
    except Exception as error:
        refusal = getattr(error, "refusal", None)
        if refusal is None:
            return {"error": f"{type(error).__name__}: {error}"[:300]}
        refused = {str(item.ref): item.text for item in refusal.refused}
        return {"refused": refused, "unread": refusal.unread, "profiles": list(refusal.profiles)}
    try:
        return {"value": fingerprint(value)}
    except Exception:  # it cannot be told from others of its type
        return {"value": type(value).__qualname__}


def names(path):
    """Every name the file asks for: of all files below, where a case writes a folder."""
    import safeload

    found = set()
    for file in [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file()):
        found.update(map(str, safeload.scan(file).globals))
    return sorted(found)


def main(deed, library, folder, arm="plain"):
    warnings.simplefilter("ignore")
    if arm == "guarded":
        import safeload  # noqa: F401 - first of all, as a user would
    out = {}
    for name, case in cases(library).items():
        path = path_of(folder, name)
        if deed == "make":
            out[name] = made(case, path)
            continue
        out[name] = loaded(case, path)
        out[name]["expect"] = case.expect
        if arm == "guarded" and path.exists():
            out[name]["names"] = names(path)
    return out


if __name__ == "__main__":
    # Libraries print as they please: the answer goes to the real stdout, all else to stderr.
    answer = os.dup(1)
    os.dup2(2, 1)
    found = main(*sys.argv[1:])
    with os.fdopen(answer, "w") as file:
        json.dump(found, file)
    os._exit(0)
