"""Real files: what packages on the registry ship, fetched, looked at and loaded.

    python compat/run.py files              fetch what files.toml lists, repeat every verdict
    python compat/run.py files CACHE        the same, archives kept in a folder of your choice
    python compat/registry.py find ARCHIVE  rows for files.toml, for an archive of a package

Archives are fetched and unpacked; the packages are neither installed nor imported. Each file is judged
under the default policy and, where that refuses it, with the profiles that the refusal names. What is
let through is loaded by a guarded and by a plain process, as far as the libraries are here.
"""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE / "files.toml"
SUFFIXES = frozenset(
    ".pkl .pklz .pickle .p .joblib .sav .pt .pth .ckpt .bin .npz .gz .gzip .bz2 .xz .tar .jit .3g".split()
)
NO_WHEEL = frozenset({"jieba"})
WORKERS = 8
MANY = 14  # files that one process loads


def rows():
    return tomllib.loads(TABLE.read_text("utf-8"))["files"]


def fetched(package, cache):
    """The folder with a package's archive unpacked, fetched if it is not there."""
    folder = cache / package.replace("==", "-")
    if not folder.exists():
        kind = "--no-binary=:all:" if package.partition("==")[0] in NO_WHEEL else "--only-binary=:all:"
        with tempfile.TemporaryDirectory() as place:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", kind, "-d", place, package]
            subprocess.run(command, check=True)
            (archive,) = Path(place).iterdir()
            unpack(archive, folder)
    return folder


def unpack(archive, folder):
    if archive.suffix in (".whl", ".zip"):
        zipfile.ZipFile(archive).extractall(folder)
    else:
        tarfile.open(archive).extractall(folder, filter="data")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def find(archive):
    """Rows for the files of an archive that hold a pickle or an array of objects."""
    from safeload.files import judged
    from safeload.policy import Policy

    name, version = Path(archive).name.split("-")[:2]
    version = version.removesuffix(".tar.gz")
    with tempfile.TemporaryDirectory() as place:
        unpack(Path(archive), Path(place))
        for path in sorted(Path(place).rglob("*")):
            if not path.is_file() or path.suffix.lower() not in SUFFIXES:
                continue
            report, verdict = judged(path, Policy())
            if verdict.unread and not verdict.refused and report.format.startswith("unknown"):
                continue
            expect = "works" if verdict.admitted else "refused"
            print(f'  ["{name}=={version}", "{path.relative_to(place)}", "{digest(path)}", "{expect}"],')


# --- loading, in processes of their own ---------------------------------------------------------


def reader(path, form):
    """How the users of such a file load it."""
    import bz2
    import gzip
    import pickle

    if form.startswith(("torch", "TorchScript")):
        import torch

        return torch.load(path, map_location="cpu", weights_only=False)
    if form.startswith("np"):
        import numpy as np

        found = np.load(path, allow_pickle=True)
        return dict(found.items()) if form == "npz" else found
    if "joblib" in form or "zlib" in form or str(path).endswith((".joblib", ".sav")) or "joblib" in str(path):
        import joblib

        return joblib.load(path)
    opener = {"gzip": gzip.open, "bz2": bz2.open}.get(form.rpartition(" ")[2], open)
    with opener(path, "rb") as file:
        return pickle.load(file)


def load_all(wanted):
    """Path and format -> what happened, as cell.py says it."""
    import cell
    from shapes import Case

    found = {}
    for path, form in wanted:
        found[path] = cell.loaded(Case(print, lambda place, form=form: reader(place, form)), Path(path))
    return found


def program(arm, wanted, profiles=()):
    env = {k: v for k, v in os.environ.items() if not k.startswith("SAFELOAD_")}
    env |= {"PYTHONHASHSEED": "0", "SAFELOAD_LOG": "off", "SAFELOAD_PROFILES": ",".join(["default", *profiles])}
    env |= {"PYTHONPATH": str(HERE.parent)} if arm == "guarded" else {}
    command = [sys.executable, __file__, arm]
    done = subprocess.run(command, input=json.dumps(wanted), capture_output=True, text=True, env=env, check=False)
    if not done.stdout:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout)


def child(arm):
    import warnings

    answer = os.dup(1)
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    if arm == "guarded":
        import safeload  # noqa: F401 - first of all, as a user would
    found = load_all(json.load(sys.stdin))
    with os.fdopen(answer, "w") as file:
        json.dump(found, file)
    os._exit(0)


# --- the whole table ----------------------------------------------------------------------------


def policies():
    from safeload.allowlists import DEFAULT_PROFILES
    from safeload.policy import Policy

    return lambda names: Policy(profiles=DEFAULT_PROFILES + tuple(names))


def looked_at(path):
    """The format, the names, and the outcome with the profiles it takes."""
    from safeload import loads
    from safeload.files import judged

    policy = policies()
    report, verdict = judged(path, policy(()))
    profiles = ()
    if not verdict.admitted:
        profiles = loads.profiles_for(verdict.refused)
        again = judged(path, policy(profiles))[1] if profiles else verdict
        if not again.admitted:
            text = "; ".join(f"{item.ref} ({item.text})" for item in again.refused) or again.unread
            return report, "refused", text, ()
    return report, f"with {', '.join(profiles)}" if profiles else "works", "", profiles


def run(cache=None):
    sys.path.insert(0, str(HERE.parent))
    with tempfile.TemporaryDirectory() as place:
        results = repeat(Path(cache or place).resolve())
    unexpected = [row for row in results if unlike(row)]
    for row in unexpected:
        print("  <<<", row["package"], row["path"], row["outcome"], row["text"][:300], row["loaded"])
    print(f"{len(results)} files of {len({row['package'] for row in results})} packages, {len(unexpected)} unexpected")


def unlike(row):
    """Whether a row came out otherwise than the table says."""
    expected = row["expect"].partition(":")[0].replace("blocked", "refused")
    return row["outcome"] != expected or row["loaded"].startswith("differs")


def repeat(cache):
    """Every row of the table with its outcome."""
    table = [(*row, fetched(row[0], cache) / row[1]) for row in rows()]
    with ProcessPoolExecutor(WORKERS) as pool:
        results = list(pool.map(judged_row, table))
    keep(results)
    # Names are reason enough for a refusal; a file that could not be read is tried without us.
    refused = {row["place"] for row in results if "(" in row["text"]}
    parts = []
    for chosen in sorted({tuple(row["profiles"]) for row in results}):
        wanted = [(row["place"], row["format"]) for row in results if tuple(row["profiles"]) == chosen]
        parts += [(wanted[start : start + MANY], chosen, refused) for start in range(0, len(wanted), MANY)]
    with ThreadPoolExecutor(WORKERS) as pool:
        for told in pool.map(loaded_twice, parts):
            for row in results:
                row["loaded"] = told.get(row["place"], row["loaded"])
            keep(results)
    return results


def loaded_twice(part):
    """Place -> what a guarded and a plain process say of each other, for some files of one policy."""
    wanted, chosen, refused = part
    guarded = program("guarded", wanted, chosen)
    plain = program("plain", [one for one in wanted if one[0] not in refused], chosen)
    return {place: compared(plain.get(place), told) for place, told in guarded.items()}


def keep(results):
    """What is known so far, so that a run that is cut short says it."""
    shown = [{key: value for key, value in row.items() if key not in ("place", "profiles")} for row in results]
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "files.json").write_text(json.dumps(shown, indent=1) + "\n", "utf-8")


def judged_row(given):
    """One row with what safeload says of its file."""
    package, name, sha256, expect, path = given
    if digest(path) != sha256:
        msg = f"{package}: {name} is not what it was"
        raise RuntimeError(msg)
    report, outcome, text, profiles = looked_at(path)
    row = {"package": package, "path": name, "sha256": sha256, "size": path.stat().st_size, "format": report.format}
    row |= {"outcome": outcome, "text": text, "expect": expect, "names": list(map(str, report.globals))}
    return row | {"loaded": "judged alone", "place": str(path), "profiles": list(profiles)}


def compared(plain, guarded):
    """What the two loads say of each other."""
    if plain is None:
        return "refused" if "refused" in guarded or "unread" in guarded else f"differs: {str(guarded)[:300]}"
    if "value" in plain:
        return "equal" if guarded == plain else f"differs: {str(guarded)[:400]}"
    here = plain.get("error", "").startswith(("ModuleNotFoundError", "ImportError", "AttributeError"))
    return f"library not here: {plain['error'][:80]}" if here else f"neither: {plain.get('error', '')[:80]}"


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    if sys.argv[1] == "find":
        sys.path.insert(0, str(HERE.parent))
        for one in sys.argv[2:]:
            find(one)
    else:
        child(sys.argv[1])
