"""The laboratory: ``python compat/run.py LIBRARY [VERSION [PYTHON]]`` runs a library's cells, each in an environment.

    python compat/run.py all          every library of matrix.toml
    python compat/run.py sklearn      one library
    python compat/run.py files        the files that packages on the registry ship
    python compat/run.py report       RESULTS.md from what the runs left in results/

An environment is made with uv where it is installed, else with venv and pip, and deleted after its
cell. Files are made and loaded plain by processes that have no safeload; what a guarded process
loads has to be equal to what the plain one did.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
MATRIX = tomllib.loads((HERE / "matrix.toml").read_text("utf-8"))
RESULTS = HERE / "results"
NEEDED = ("click", "platformdirs", "rich", "structlog", "wrapt")  # what safeload itself asks for
PROGRAM_LIMIT = 900


def requirements(library, version):
    """What a cell installs."""
    table = MATRIX["libraries"][library]
    package = table.get("package", library)
    found = [f"{package}=={version}", *NEEDED] if package else [*NEEDED]
    for start, more in sorted(flat(table.get("also", {})).items()):
        if version == start or version.startswith((start + ".", start if not start else start + ".")):
            found += [MATRIX["torch"] if item == "torch" else item for item in more]
    return found


def flat(table, before=""):
    """``also.1.2`` in TOML is a table in a table: back to ``1.2``."""
    found = {}
    for key, value in table.items():
        name = f"{before}.{key}" if before else key
        found |= flat(value, name) if isinstance(value, dict) else {name: value}
    return found


def environment(folder, python, wanted):
    """A throw-away environment with these requirements, or why there is none."""
    if shutil.which("uv"):
        steps = [["uv", "venv", "-q", "--python", python, str(folder)]]
        steps += [["uv", "pip", "install", "-q", "--python", str(folder), *wanted]]
    else:
        steps = [[f"python{python}", "-m", "venv", str(folder)]]
        steps += [[str(folder / "bin/python"), "-m", "pip", "install", "-q", *wanted]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip()[-400:]
    return ""


def program(python, *args, profiles=None):
    """One of cell.py's programs; with profiles, under safeload and the default policy plus these."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("SAFELOAD_") and k != "PYTHONPATH"}
    env |= {"PYTHONHASHSEED": "0", "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    if profiles is not None:
        env |= {"PYTHONPATH": str(HERE.parent), "SAFELOAD_LOG": "off", "SAFELOAD_LOCKED": "1"}
        env["SAFELOAD_PROFILES"] = ",".join(["default", *profiles])
    command = [str(python), str(HERE / "cell.py"), *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=PROGRAM_LIMIT)
    if done.returncode or not done.stdout:
        msg = f"{' '.join(map(str, args))} ended with {done.returncode}: {done.stderr[-800:]}"
        raise RuntimeError(msg)
    return json.loads(done.stdout)


def judged(plain, guarded, again):
    """What became of one case: the outcome, and the profiles it took."""
    if "value" not in plain:
        return "not loadable", plain.get("skipped") or plain.get("error", "")
    for found, profiles in ((guarded, ()), (again, guarded.get("profiles", ()))):
        if found and "value" in found:
            same = found["value"] == plain["value"]
            return (f"with {', '.join(profiles)}" if profiles else "works") if same else "differs", ""
    last = again or guarded
    refused = "; ".join(f"{name} ({text})" for name, text in last.get("refused", {}).items())
    return "refused", refused or last.get("unread") or last.get("error", "")


def cell(library, version, python):
    """One library in one version on one Python: case -> outcome."""
    with tempfile.TemporaryDirectory(prefix="compat-") as folder:
        place, files = Path(folder) / "env", Path(folder) / "files"
        files.mkdir()
        problem = environment(place, python, requirements(library, version))
        if problem:
            return {"problem": problem}
        binary = place / "bin/python"
        made = program(binary, "make", library, files)
        plain = program(binary, "load", library, files, "plain")
        guarded = program(binary, "load", library, files, "guarded", profiles=())
        again = {}
        for profiles in {tuple(found.get("profiles", ())) for found in guarded.values()} - {()}:
            told = program(binary, "load", library, files, "guarded", profiles=profiles)
            again |= {n: told[n] for n, f in guarded.items() if tuple(f.get("profiles", ())) == profiles}
    found = {}
    for name, case in guarded.items():
        outcome, text = judged(plain[name], case, again.get(name))
        text = made[name].get("skipped") or text
        found[name] = {"outcome": outcome, "text": text, "expect": case["expect"], "names": case.get("names", [])}
    return {"cases": found}


def run(library, only=None, under=None):
    path = RESULTS / f"{library}.json"
    results = json.loads(path.read_text("utf-8")) if path.exists() else {}
    table = MATRIX["libraries"][library]
    for version in table["versions"]:
        newest = table.get("newest", []) if version == table["versions"][-1] else []
        for python in [*MATRIX["pythons"], *newest]:
            if only not in (None, version) or under not in (None, python):
                continue
            name = f"{version} on {python}"
            print(library, name, flush=True)
            try:
                results[name] = cell(library, version, python)
            except (RuntimeError, subprocess.TimeoutExpired) as error:
                results[name] = {"problem": str(error)[-800:]}
            print_cell(results[name])
            RESULTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", "utf-8")


def print_cell(result):
    if "problem" in result:
        print("  could not be run:", result["problem"])
    for name, case in result.get("cases", {}).items():
        mark = "" if case["outcome"] == case["expect"].partition(":")[0].replace("blocked", "refused") else "  <<<"
        print(f"  {name}: {case['outcome']} {case['text'][:300]}{mark}", flush=True)


def main(what, *versions):
    sys.path.insert(0, str(HERE))
    if what == "report":
        import report

        report.write()
    elif what == "files":
        import registry

        registry.run(*versions)
    else:
        for library in MATRIX["libraries"] if what == "all" else [what]:
            run(library, *versions)


if __name__ == "__main__":
    main(*sys.argv[1:])
