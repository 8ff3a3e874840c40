"""What the reference says is there is there, and the other way round."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import safeload
from safeload import errors, events
from safeload.cli import main

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = [path.read_text("utf-8") for path in (ROOT / "safeload").rglob("*.py")]


def first_cells(page: str) -> set[str]:
    """What stands in code in the first column of a page's tables."""
    lines = (REFERENCE / page).read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_event_is_listed_with_its_level() -> None:
    text = (REFERENCE / "events.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| `safeload\.([a-z.]+)` \| (\w+) \|", text, re.MULTILINE))
    assert listed == events.LEVELS


def test_every_environment_variable_is_listed() -> None:
    used = {name for source in SOURCES for name in re.findall(r'"(SAFELOAD_[A-Z]+)"', source)}
    assert {name for name in first_cells("settings.md") if name.startswith("SAFELOAD_")} == used


def test_every_key_of_the_policy_file_is_shown() -> None:
    from safeload.policy_file import FILE_KEYS

    example = (REFERENCE / "settings.md").read_text("utf-8").split("```toml")[1].split("```")[0]
    assert re.findall(r"^(\w+) =", example, re.MULTILINE) == list(FILE_KEYS)


def test_every_profile_is_listed() -> None:
    from safeload.allowlists import DEFAULT_PROFILES, PLAIN, PROFILES

    text = (REFERENCE / "profiles.md").read_text("utf-8")
    default, opt_in = (re.findall(r"^\| `([\w-]+)` \|", part, re.MULTILINE) for part in text.split("## To opt into"))
    assert default == list(DEFAULT_PROFILES)
    assert sorted(opt_in) == sorted({*PROFILES, PLAIN} - {*DEFAULT_PROFILES})


def test_every_error_is_listed() -> None:
    named = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == errors.__name__
    }
    assert first_cells("errors.md") == named


def test_every_public_name_is_in_the_reference() -> None:
    text = (REFERENCE / "api.md").read_text("utf-8")
    assert {name for name in safeload.__all__ if not re.search(rf"`{name}\b", text)} == set()


def test_every_public_name_is_there() -> None:
    for name in safeload.__all__:
        assert getattr(safeload, name) is not None


def test_the_command_line_is_listed() -> None:
    from safeload.cli import main

    text = (REFERENCE / "command-line.md").read_text("utf-8")
    assert set(re.findall(r"^## `safeload (\w+)", text, re.MULTILINE)) == set(main.list_commands(click.Context(main)))


def test_every_option_of_the_command_line_is_listed() -> None:
    from safeload.cli import main

    text = (REFERENCE / "command-line.md").read_text("utf-8")
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        section = re.split(r"^## ", text.split(f"## `safeload {name}")[1], flags=re.MULTILINE)[0]
        missing = {opt for param in command.params for opt in param.opts if opt.startswith("-") and opt not in section}
        assert not missing, name


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_ci_runs_the_command_of_the_readme() -> None:
    """The line that .ci/run picks out is one, and stands in a block of its own."""
    found = subprocess.run(
        ["grep", "-E", "^python3 -m venv .*tox$", ROOT / "README.md"], capture_output=True, text=True, check=True
    )
    (command,) = found.stdout.splitlines()
    assert f"```sh\n{command}\n```" in (ROOT / "README.md").read_text("utf-8")
    assert "grep -E '^python3 -m venv .*tox$' README.md" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_tutorial_runs_as_it_stands(tmp_path: Path) -> None:
    """Both ways: its file does fire where nothing guards, and nothing of it runs on the page itself."""
    text = (ROOT / "docs" / "tutorial" / "your-first-blocked-load.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": "off"}

    def run(code: str) -> str:
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    said = run("\n".join(blocks))
    for words in ("Nothing in it was run", "qualname='Head'", "[0.1, 0.2]\n[0.1, 0.2]", "never be allowed by name"):
        assert words in said
    assert not (tmp_path / "it_ran").exists()
    run(blocks[0] + "\npickle.load(open('greeting.pkl', 'rb'))")
    assert (tmp_path / "it_ran").exists()


# --- commands -----------------------------------------------------------------------------------

# The page of the roll-out is followed by compat/rollout/prove.py, and `--jobs` is a row of test_scan.py.
HOWTO = ROOT / "docs" / "howto"
NAMES = ("get-the-weights-out", "read-the-log", "scan-in-ci")
WITH_COMMANDS = (ROOT / "README.md", *(HOWTO / f"{name}.md" for name in NAMES))
VERBS = "check convert explain learn scan status twin".split()


def commands() -> list[str]:
    """Every line of a shell block of these pages that calls safeload and writes where it stands, at most."""
    found = set()
    for page in WITH_COMMANDS:
        for block in re.findall(r"^```sh\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            found |= {line.partition(" #")[0].strip() for line in block.splitlines()}
    ours = [line for line in found if line.startswith(tuple(f"safeload {verb} " for verb in VERBS))]
    return sorted(line for line in ours if "--jobs" not in line)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file under each name that the documentation uses."""
    torch, joblib = pytest.importorskip("torch"), pytest.importorskip("joblib")
    folder = tmp_path_factory.mktemp("desk")
    (folder / "my-model").mkdir()
    (folder / "models").mkdir()
    for name in ("yolo.pt", "pytorch_model.bin", "my-model/model.pt", "model.pt", "models/model.pt"):
        torch.save({"w": torch.ones(2)}, folder / name)
    joblib.dump([1.0], folder / "model.joblib")
    (folder / "log").write_text(json.dumps({"event": "safeload.load.reported", "refused": ["mylab:Net"]}) + "\n")
    return folder


@pytest.mark.parametrize("command", commands())
def test_each_command_runs(command: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    monkeypatch.setenv("XDG_CACHE_HOME", str(desk / "cache"))
    verb, *arguments = shlex.split(command.partition(">")[0].replace("/var/log/safeload.jsonl", str(desk / "log")))[1:]
    done = CliRunner().invoke(main, [verb, *arguments])
    assert done.exit_code == (1 if verb == "explain" and "exec" in command else 0), done.output
