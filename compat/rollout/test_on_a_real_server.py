"""On a server made by the roll-out page: what users see, what the log holds, and that nothing hostile ran.

Started by ``prove.py``. Users are processes of ``nobody``, who cannot write what root wrote.
"""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from kit import (
    GOOD,
    HOSTILE,
    PYTHON,
    REFUSED,
    WORK,
    Notebook,
    browsing,
    fill,
    free_port,
    lines_in_the_log,
    log_since,
    run_as,
    serving,
)

NOBODY = 65534
as_user = partial(run_as, NOBODY)

CELLS = {
    "good": GOOD,
    "hostile": HOSTILE,
    "env": "%env SAFELOAD_MODE=off",
    "after env": HOSTILE,
    "allow": "import safeload; safeload.allow('os:mkdir')",
    "allow one's own": "safeload.allow('mylab:Net')",
    "deactivate": "safeload.deactivate()",
    "off": "safeload.activate(safeload.Policy(mode=safeload.Mode.OFF))",
    "patch": "import safeload.guard; safeload.guard.ask = lambda *_: None",
    "after all": HOSTILE,
    "status": "safeload.status()",
    "report": "safeload.scan('evil.joblib')",
    "extension": "%load_ext safeload",
    "child": f"import subprocess, sys; print(subprocess.run([sys.executable, '-c', {HOSTILE!r}], capture_output=True, text=True).stderr[-1500:])",
}


@pytest.fixture
def home() -> Iterator[Path]:
    """A user's folder, with a file that is fine and one that is not."""
    folder = WORK / f"home-{time.monotonic_ns()}"
    canary = fill(folder, NOBODY)
    yield folder
    assert not canary.exists()


@pytest.fixture
def log_start() -> int:
    return lines_in_the_log()


def test_the_file_does_fire_where_nothing_guards(home: Path) -> None:
    unguarded = f"import sys; sys.path.append({str(next((WORK / 'jupyter' / 'lib').glob('python*/site-packages')))!r}); {HOSTILE}"
    as_user(home, PYTHON, "-S", "-c", unguarded, check=True)
    assert (home / "canary").is_dir()
    (home / "canary").rmdir()


# --- in a browser -------------------------------------------------------------------------------


@pytest.fixture
def server(home: Path) -> Iterator[str]:
    port = free_port()
    command = [
        PYTHON, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=proof",
        "--LabApp.news_url=None", "--ServerApp.allow_root=False",
    ]  # fmt: skip
    environment = {"HOME": str(home), "PATH": f"{PYTHON.parent}:/usr/bin:/bin"}
    options = {"env": environment, "cwd": home, "user": NOBODY, "group": NOBODY, "extra_groups": []}
    address = f"http://127.0.0.1:{port}"
    with serving(command, f"{address}/api?token=proof", WORK / "server.log", **options):
        yield address


def test_a_notebook_in_a_browser(home: Path, server: str, log_start: int) -> None:
    notebook = Notebook(CELLS)
    notebook.write(home / "work.ipynb", NOBODY)
    with browsing(WORK / "page.png") as page:
        page.goto(f"{server}/lab/tree/work.ipynb?token=proof")
        notebook.run(page, f"{server}/api/kernels?token=proof")
        outputs = notebook.shown(page)
        tables = page.locator(".jp-Cell-outputArea table")
        assert tables.count() == 2, "status() and scan() are tables"
        assert "mode" in tables.first.inner_text()
    (WORK / "page.json").write_text(json.dumps(outputs, indent=1))
    assert outputs["good"].strip() == "OrderedDict"
    for cell in ("hostile", "after env", "after all"):
        assert outputs[cell].strip().startswith(REFUSED), cell
        assert "os:mkdir" in outputs[cell]
        assert "Send this message to ml-platform@example.org." in outputs[cell]
        assert "Traceback" not in outputs[cell]
    assert "changed since, to no effect: SAFELOAD_MODE." in outputs["after env"]
    assert "os:mkdir can never be allowed by name" in outputs["allow"] or "is locked" in outputs["allow"]
    for cell in ("allow one's own", "deactivate", "off", "patch"):
        assert "is locked and can only be tightened from here. Ask ml-platform@example.org." in outputs[cell], cell
        assert outputs[cell].strip().startswith("PolicyError: "), cell
    assert "safeload is on: enforce, locked, policy /etc/safeload/policy.toml." in outputs["extension"]
    assert REFUSED.partition(":")[2] in outputs["child"]
    events = log_since(log_start)
    blocked = [event for event in events if event["event"] == "safeload.load.blocked"]
    assert len(blocked) == 4
    assert {(event["uid"], event["path"], event["never"][0]) for event in blocked} == {(NOBODY, "evil.joblib", "os:mkdir")}
    attempts = [event["attempt"] for event in events if event["event"] == "safeload.policy.defended"]
    assert [attempt.split("(")[0] for attempt in attempts] == [
        "SAFELOAD_MODE changed in the environment after the start",
        "safeload.allow", "safeload.allow", "safeload.deactivate", "safeload.activate", "safeload.guard.ask = …",
        "SAFELOAD_MODE in the environment",  # of the child, which inherits it
    ]  # fmt: skip


# --- everything else that starts a Python -------------------------------------------------------

SCRIPTS = {"hostile.py": HOSTILE, "test_hostile.py": f"def test(): {HOSTILE}"}
CHILD = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, *sys.argv[1:]]).returncode)"
WAYS: dict[str, tuple[str, ...]] = {
    "a script": ("hostile.py",),
    "python -c": ("-c", HOSTILE),
    "python -I": ("-I", "-c", HOSTILE),
    "python -m": ("-m", "hostile"),
    "pytest": ("-m", "pytest", "-p", "no:cacheprovider", "test_hostile.py"),
    "nbclient": ("-m", "jupyter", "execute", "work.ipynb"),
}


@pytest.mark.parametrize("parent", [(), ("-c", CHILD)], ids=["itself", "a subprocess of it"])
@pytest.mark.parametrize("way", WAYS)
def test_whatever_starts_python(way: str, parent: tuple[str, ...], home: Path, log_start: int) -> None:
    for name, text in SCRIPTS.items():
        (home / name).write_text(text)
    Notebook({"hostile": HOSTILE}).write(home / "work.ipynb", NOBODY)
    ended = as_user(home, PYTHON, *parent, *WAYS[way])
    assert ended.returncode != 0
    assert "Nothing in it was run." in ended.stdout + ended.stderr
    (event,) = [event for event in log_since(log_start) if event["event"] == "safeload.load.blocked"]
    assert (event["uid"], event["never"]) == (NOBODY, ["os:mkdir"])


# --- a user's own environment -------------------------------------------------------------------

LOOSER = {
    "the mode": {"SAFELOAD_MODE": "off"},
    "a policy of their own": {"SAFELOAD_POLICY": "own.toml"},
    "the lock": {"SAFELOAD_LOCKED": "0"},
    "names": {"SAFELOAD_ALLOW": "mylab:Net"},
    "everything at once": {"SAFELOAD_MODE": "off", "SAFELOAD_POLICY": "own.toml", "SAFELOAD_LOCKED": "0", "SAFELOAD_LOG": "off"},
    "PYTHONPATH": {"PYTHONPATH": "own"},
}


@pytest.mark.parametrize("variables", LOOSER.values(), ids=LOOSER)
def test_a_users_environment_loosens_nothing(variables: dict[str, str], home: Path, log_start: int) -> None:
    (home / "own.toml").write_text('mode = "off"\n')
    (home / "own").mkdir()
    (home / "own" / "sitecustomize.py").write_text("import safeload\nsafeload.deactivate()")
    ended = as_user(home, PYTHON, "-c", HOSTILE, **variables)
    assert REFUSED in ended.stderr
    told = {event["event"] for event in log_since(log_start)}
    assert told >= {"safeload.load.blocked", "safeload.policy.defended"}


ANEW = (
    "import os, sys, safeload; safeload.status(); os.environ['SAFELOAD_MODE'] = 'off'\n"
    "for name in list(sys.modules):\n    if name.startswith('safeload'): del sys.modules[name]\n"
    f"import safeload; {HOSTILE}"
)


def test_what_is_imported_anew_finds_the_same_lock(home: Path, log_start: int) -> None:
    assert REFUSED in as_user(home, PYTHON, "-c", ANEW).stderr
    assert "SAFELOAD_MODE in the environment" in [event.get("attempt") for event in log_since(log_start)]


def test_an_environment_of_a_users_own_keeps_the_policy_of_the_machine(home: Path) -> None:
    """With safeload in it, and whatever they set; without safeload in it nothing guards, and the page says so."""
    as_user(home, PYTHON, "-m", "venv", "--without-pip", "own", check=True)
    site = next((home / "own" / "lib").glob("python*/site-packages"))
    theirs = next((WORK / "jupyter" / "lib").glob("python*/site-packages"))
    (site / "shared.pth").write_text(f"{theirs}\n")
    assert as_user(home, "own/bin/python", "-c", "import sys; print('safeload' in sys.modules)").stdout == "False\n"
    ended = as_user(home, "own/bin/python", "-c", f"import safeload; {HOSTILE}", SAFELOAD_MODE="off")
    assert REFUSED in ended.stderr


def test_users_cannot_write_what_root_wrote(home: Path) -> None:
    for path in ("/etc/safeload/policy.toml", next((WORK / "jupyter" / "lib").glob("python*/site-packages/safeload.pth"))):
        assert as_user(home, "sh", "-c", f"echo >> {path}").returncode != 0


def test_the_doctor_of_a_user_is_content(home: Path) -> None:
    ended = as_user(home, PYTHON.with_name("safeload"), "doctor", "--json")
    assert ended.returncode == 0, ended.stdout
    checks = {check["check"]: check for check in json.loads(ended.stdout)["checks"]}
    assert checks["policy"]["text"].startswith("/etc/safeload/policy.toml")
    assert checks["lock"]["state"] == "well"

