"""What ``status()`` finds: others' wrappers, references taken before us, who inherits; and how a notebook shows it."""
# ruff: noqa: E501 - a program is one line

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# what a program does: (the program, the fact, what is said of it)
PROGRAMS = {
    "nothing": ("import safeload, pickle, joblib", "foreign", []),
    "nothing, and safeload comes last": ("import pickle, joblib, safeload", "foreign", []),
    "takes joblib.load first": (
        "from joblib import load; import safeload", "early",
        ["joblib._memmapping_reducer.load is joblib.load as it was before", "__main__.load is joblib.load as it was before"],
    ),
    "takes joblib.load afterwards": ("import safeload; from joblib import load", "early", []),
    "wraps joblib.load": (
        "import safeload, joblib, functools; joblib.load = functools.partial(joblib.load, mmap_mode='r')",
        "foreign",
        ["joblib.load was wrapped, around safeload's wrapper, by functools:partial"],
    ),
    "replaces joblib.load": (
        "import safeload, joblib\ndef mine(*_): pass\njoblib.load = mine",
        "foreign",
        ["joblib.load was replaced by __main__:mine"],
    ),
    "replaces pickle.loads": (
        "import safeload, pickle\ndef mine(*_): pass\npickle.loads = mine",
        "foreign",
        ["pickle.loads was replaced by __main__:mine"],
    ),
    "starts without an installation": (
        "import safeload", "children", "only those that import safeload and those that fork: see `safeload install`",
    ),
    "starts with the sitecustomize": (
        "import safeload, sys; sys.path.append(safeload.__path__[0] + '/startup')", "children",
        "every child that keeps PYTHONPATH and does not run with -I, -E or -S",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("program", "fact", "said"), PROGRAMS.values(), ids=PROGRAMS)
def test_status_says(program: str, fact: str, said: object) -> None:
    pytest.importorskip("joblib")
    code = f"{program}\nimport json, safeload; print(json.dumps(safeload.status().facts()))"
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)[fact] == said


def test_a_wrapper_of_somebody_elses_does_not_keep_the_judge_out(tmp_path: Path) -> None:
    pytest.importorskip("joblib")
    (tmp_path / "evil.joblib").write_bytes(b"cos\nmkdir\n(S'canary'\ntR.")
    wraps = "import joblib, functools\nplain = joblib.load\njoblib.load = functools.partial(plain)\n"
    loads = "joblib.load('evil.joblib')"
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}
    for code in (f"import safeload\n{wraps}{loads}", f"{wraps}import safeload\n{loads}"):
        done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "BlockedGlobalError" in done.stderr
    assert not (tmp_path / "canary").exists()
    subprocess.run([sys.executable, "-c", wraps + loads], env=environment, cwd=tmp_path, check=True)
    assert (tmp_path / "canary").is_dir()


def test_a_table_holds_no_markup_of_a_file() -> None:
    import safeload

    shown = safeload.scan(b"c<script>alert(1)</script>\nx\n.")._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;:x" in shown


def test_status_is_a_table() -> None:
    import safeload

    shown = safeload.status()._repr_html_()
    assert "<table>" in shown
    assert ">shipped</td>" in shown


NOBODY = 65534
LOGS = {
    "a file in a folder of one's own": ("own/log", "well"),
    "a file that is there": ("own/there", "well"),
    "a folder that is not there": ("none/log", "wrong"),
    "a folder that nobody may enter": ("shut/log", "wrong"),
    "stderr": ("stderr", "well"),
    "nowhere": ("off", "note"),
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where one who is not root may go, as pytest's own is not; root would open everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        for inner in ("own", "shut"):
            (folder / inner).mkdir()
        (folder / "own" / "there").touch()
        if os.geteuid() == 0:
            for path in (folder / "own", folder / "own" / "there"):
                os.chown(path, NOBODY, NOBODY)
        (folder / "shut").chmod(0)
        yield folder


@pytest.mark.parametrize(("log", "state"), LOGS.values(), ids=LOGS)
def test_the_doctor_says_whether_the_log_can_be_written(log: str, state: str, folder: Path) -> None:
    code = f"import os; from safeload import doctor, start; os.geteuid() or (os.setgid({NOBODY}), os.setuid({NOBODY}))"
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": str(folder / log) if "/" in log else log}
    command = [sys.executable, "-c", f"{code}; start.ensure_policy(); print(doctor._log().state)"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{state}\n"


class Shell:
    """What IPython hands to an extension, as far as it is used."""

    def __init__(self) -> None:
        self.events = self
        self.callbacks: list[object] = []

    def register(self, event: str, callback: object) -> None:
        assert event == "post_run_cell"
        self.callbacks.append(callback)

    def unregister(self, event: str, callback: object) -> None:
        assert event == "post_run_cell"
        self.callbacks.remove(callback)


def test_the_extension_says_what_is_on_and_what_came_too_late(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from safeload import notebook

    shell = Shell()
    notebook.load_ipython_extension(shell)
    assert capsys.readouterr().out == "safeload is on: enforce, policy shipped. import safeload; safeload.status() says more.\n"
    (after_a_cell,) = shell.callbacks
    monkeypatch.setenv("SAFELOAD_MODE", "audit")
    for expected in ("SAFELOAD_MODE changed nothing here", ""):
        after_a_cell()  # type: ignore[operator]
        said = capsys.readouterr().out
        assert expected in said
        assert bool(said) is bool(expected)
    notebook.unload_ipython_extension(shell)
    assert shell.callbacks == []
