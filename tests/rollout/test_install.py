"""``safeload install``, for real: which starts of which interpreter are guarded afterwards."""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
from pathlib import Path

import pytest
from rollout import pythons
from rollout.pythons import HOSTILE, Python

KINDS = {"a virtual environment": pythons.venv, "a system's Python": pythons.system, "a user's": pythons.user}


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Python:
    made: Python = request.param(tmp_path_factory.mktemp("python"))
    canary = made.home / "before"
    assert made.run("-c", HOSTILE, canary).stdout == ""
    assert canary.is_dir(), "the same stream fires where safeload is not installed"
    done = made.safeload("install", made.where)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


# how a process starts: whether it is guarded (everywhere, by an installation for one user)
OPTIONS = {
    (): (True, True),
    ("-I",): (True, False),
    ("-E",): (True, True),
    ("-s",): (True, False),
    ("-P",): (True, True),
    ("-O",): (True, True),
    ("-S",): (False, False),
}


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: " ".join(options) or "plain")
def test_options_of_the_interpreter(options: tuple[str, ...], python: Python, tmp_path: Path) -> None:
    guarded = OPTIONS[options][python.where == "--user"]
    ended = python.run(*options, "-c", HOSTILE, tmp_path / "canary")
    assert (ended.stdout == "refused: BlockedGlobalError\n") is guarded, ended.stderr
    assert (tmp_path / "canary").is_dir() is not guarded


SPAWN = """
import multiprocessing, sys
def child(path):
    sys.argv[1:] = [path]
    exec(HOSTILE)
if __name__ == "__main__":
    process = multiprocessing.get_context("METHOD").Process(target=child, args=(sys.argv[1],))
    process.start(); process.join()
"""
ARGV = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, *OPTIONS, '-c', HOSTILE, sys.argv[1]]).returncode)"
PROGRAMS = {
    "a script": HOSTILE,
    "a subprocess": ARGV.replace("OPTIONS", "[]").replace("HOSTILE", repr(HOSTILE)),
    "a subprocess with an empty environment": ARGV.replace("OPTIONS", "[]").replace("HOSTILE", repr(HOSTILE)).replace("sys.argv[1]])", "sys.argv[1]], env={'HOME': HOME})"),
    "a child that is forked": SPAWN.replace("HOSTILE", repr(HOSTILE)).replace("METHOD", "fork"),
    "a child that is spawned": SPAWN.replace("HOSTILE", repr(HOSTILE)).replace("METHOD", "spawn"),
    "a child of the fork server": SPAWN.replace("HOSTILE", repr(HOSTILE)).replace("METHOD", "forkserver"),
}  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_and_their_children(program: str, python: Python, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAMS[program].replace("HOME}", f"{str(python.home)!r}}}"))
    ended = python.run(script, tmp_path / "canary")
    assert ended.stdout == "refused: BlockedGlobalError\n", ended.stderr
    assert not (tmp_path / "canary").exists()


def test_a_module_run_with_m(python: Python, tmp_path: Path) -> None:
    (tmp_path / "hostile.py").write_text(HOSTILE)
    ended = python.run("-m", "hostile", tmp_path / "canary", PYTHONPATH=str(tmp_path))
    assert ended.stdout == "refused: BlockedGlobalError\n", ended.stderr


def test_another_sitecustomize_neither_hides_it_nor_is_hidden(python: Python, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('mine')")
    ended = python.run("-c", HOSTILE, tmp_path / "canary", PYTHONPATH=str(tmp_path))
    assert ended.stdout == "mine\nrefused: BlockedGlobalError\n", ended.stderr


def test_a_start_costs_no_word(python: Python) -> None:
    ended = python.run("-c", "import sys; print('safeload.activation' in sys.modules)")
    assert (ended.stdout, ended.stderr) == ("False\n", "")


def test_again_changes_nothing(python: Python) -> None:
    first, second = (python.safeload("install", python.where) for _ in range(2))
    assert first.returncode == second.returncode == 0
    assert first.stdout == second.stdout


def test_uninstall_leaves_nothing(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    before = {path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts}
    assert python.safeload("install", "--venv").returncode == 0
    ended = python.safeload("uninstall", "--venv")
    assert ended.stdout.startswith("removed ")
    assert {path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts} == before
    assert python.run("-c", HOSTILE, tmp_path / "canary").stdout == ""
    assert "nothing of ours" in python.safeload("uninstall", "--venv").stdout


def test_somebody_elses_file_of_that_name_stays(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "safeload.pth").write_text("# mine\n")
    assert "nothing of ours" in python.safeload("uninstall", "--venv").stdout
    assert (site / "safeload.pth").read_text() == "# mine\n"


def test_where_safeload_cannot_be_imported_nothing_is_left(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (site / "_tree.pth").unlink()
    ended = python.safeload("install", "--venv")
    assert ended.returncode == 1
    assert "is safeload installed there?" in ended.stdout
    assert not list(site.glob("safeload*"))


REFUSED = {
    "--site in a virtual environment": ("--site", pythons.venv, "use --venv"),
    "--user in a virtual environment": ("--user", pythons.venv, "passes the user's site-packages by"),
    "--venv of a system's Python": ("--venv", pythons.user, "use --site or --user"),
}


@pytest.mark.parametrize(("where", "kind", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_said(where: str, kind: type, said: str, tmp_path: Path) -> None:
    ended = kind(tmp_path).safeload("install", where)
    assert ended.returncode == 1
    assert said in ended.stdout


def test_another_environment_by_its_path(tmp_path: Path) -> None:
    here, there = pythons.venv(tmp_path / "here"), pythons.venv(tmp_path / "there")
    assert here.safeload("install", "--venv", str(tmp_path / "there" / "venv")).returncode == 0
    assert here.run("-c", HOSTILE, tmp_path / "a").stdout == ""
    assert there.run("-c", HOSTILE, tmp_path / "b").stdout == "refused: BlockedGlobalError\n"


def test_a_start_file_is_written_for_pythons_that_read_it(tmp_path: Path) -> None:
    """PEP 829, from Python 3.15 on. What it names is a callable that is there and may be called again."""
    from pkgutil import resolve_name

    from safeload import installing

    found = installing.Interpreter(str(pythons.venv(tmp_path).path), {"version": (3, 15)})
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    assert [path.name for path in installing.install(found, site)] == ["safeload.pth", "safeload.start"]
    resolve_name((site / "safeload.start").read_text().strip())()
    assert len(installing.uninstall(site)) == 2


# What the PEP says a 3.15 does, for a Python before it: a .start file takes the place of the import lines of the
# .pth file of that name; blank lines and comments are nothing; each other line is pkg.mod:callable, called with nothing.
AS_IN_3_15 = """
import pkgutil, sys
site = sys.argv.pop(1)
sys.path += [ROOT, site]
for line in open(site + "/safeload.start", encoding="utf-8-sig"):
    if line.strip() and not line.strip().startswith("#"):
        module, _, callable = line.strip().partition(":")
        assert module and callable
        pkgutil.resolve_name(line.strip())()
"""


def test_the_start_file_guards_by_itself_as_the_pep_describes(tmp_path: Path) -> None:
    """No 3.15 has run it: this is the text of PEP 829 and no more."""
    from safeload import installing

    python = pythons.venv(tmp_path)
    for text, guarded in ((installing.START_TEXT, True), ("# nothing\n\n", False)):
        (tmp_path / installing.START).write_text(text)
        starts = AS_IN_3_15.replace("ROOT", repr(str(pythons.ROOT)))
        ended = python.run("-S", "-c", starts + HOSTILE, tmp_path, tmp_path / "canary")
        assert (ended.stdout == "refused: BlockedGlobalError\n") is guarded, ended.stderr
        assert (tmp_path / "canary").is_dir() is not guarded


# --- the sitecustomize --------------------------------------------------------------------------


def test_the_sitecustomize_runs_the_one_it_hides(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    snippet = python.safeload("install", "--print-sitecustomize").stdout
    (tmp_path / "ours" / "sitecustomize.py").write_text(snippet)
    (tmp_path / "theirs" / "sitecustomize.py").write_text("print('theirs', __file__)")
    both = f"{tmp_path / 'ours'}:{tmp_path / 'theirs'}"
    ended = python.run("-c", HOSTILE, tmp_path / "canary", PYTHONPATH=both)
    assert ended.stdout == f"theirs {tmp_path / 'theirs' / 'sitecustomize.py'}\nrefused: BlockedGlobalError\n"
    alone = python.run("-c", HOSTILE, tmp_path / "canary", PYTHONPATH=str(tmp_path / "ours"))
    assert alone.stdout == "refused: BlockedGlobalError\n"


def test_an_interpreter_without_safeload_goes_on(tmp_path: Path) -> None:
    from safeload import installing

    python = pythons.venv(tmp_path)
    (next((tmp_path / "venv" / "lib").glob("python*/site-packages")) / "_tree.pth").unlink()
    ended = python.run("-c", "print('on')", PYTHONPATH=str(installing.STARTUP))
    assert (ended.stdout, ended.stderr) == ("on\n", "")


# --- kernel specifications ----------------------------------------------------------------------


def test_a_kernels_environment_is_put_in_and_taken_out(tmp_path: Path) -> None:
    python, spec = pythons.venv(tmp_path), tmp_path / "kernel.json"
    before = {"argv": ["python", "-m", "ipykernel_launcher"], "display_name": "x", "env": {"PYTHONPATH": "/mine", "A": "b"}}
    spec.write_text(json.dumps(before))
    for _ in range(2):
        done = python.safeload("install", "--kernelspec", str(spec), "--set", "SAFELOAD_MODE=audit")
        assert done.returncode == 0, done.stdout + done.stderr
    environment = json.loads(spec.read_text())["env"]
    assert environment["PYTHONPATH"].endswith("safeload/startup:/mine")
    assert environment["PYTHONPATH"].count("startup") == 1
    assert environment["SAFELOAD_MODE"] == "audit"
    assert python.safeload("uninstall", "--kernelspec", str(spec)).returncode == 0
    assert json.loads(spec.read_text()) == before


def test_a_kernel_that_is_not_there_is_said(tmp_path: Path) -> None:
    ended = pythons.venv(tmp_path).safeload("install", "--kernelspec", str(tmp_path / "none.json"))
    assert ended.returncode == 1
    assert "No such file" in ended.stdout


# --- the doctor ---------------------------------------------------------------------------------


def test_the_doctor_tells_the_installed_from_the_bare(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    code, checks = doctor(python)
    assert (code, checks["start: python"], checks["start: multiprocessing spawn"]) == (1, "wrong", "wrong")
    python.safeload("install", "--venv")
    code, checks = doctor(python)
    assert (code, checks["start: python"], checks["start: python -I"]) == (0, "well", "well")
    assert checks["start: python -S"] == "note"


def test_the_doctor_finds_a_broken_policy(tmp_path: Path) -> None:
    python = pythons.venv(tmp_path)
    python.safeload("install", "--venv")
    python.variables["SAFELOAD_POLICY"] = str(tmp_path / "policy.toml")
    (tmp_path / "policy.toml").write_text("mode = 1")
    code, checks = doctor(python)
    assert (code, checks["policy"]) == (1, "wrong")


def doctor(python: Python) -> tuple[int, dict[str, str]]:
    ended = python.safeload("doctor", "--json")
    found = json.loads(ended.stdout)
    assert found["well"] is (ended.returncode == 0)
    return ended.returncode, {check["check"]: check["state"] for check in found["checks"]}
