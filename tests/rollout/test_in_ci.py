"""What the pages give to CI and to git, taken from them word for word and run here: a workflow's steps, the hook."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
HOWTO = ROOT / "docs" / "howto"
GOOD, EVIL = pickle.dumps(OrderedDict(a=1)), b"cos\nmkdir\n(S'canary'\ntR."
NEEDED = ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml", "safeload")


def snippets(page: str) -> list[Any]:
    """Every piece of YAML of a page, read."""
    text = (HOWTO / page).read_text("utf-8")
    return [yaml.safe_load(part) for part in re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]


def steps(page: str) -> list[dict[str, Any]]:
    """The steps of a page's workflow that are commands; the others are GitHub's own."""
    (last,) = snippets(page)[-1:]
    found = last["jobs"]["models"]["steps"] if isinstance(last, dict) else last
    return [step for step in found if "run" in step]


def sources(folder: Path) -> Path:
    """What is in the repository, without what was built there."""
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
        else:
            folder.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def repository(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, data in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    return commit(folder)


def commit(folder: Path) -> Path:
    git(folder, "init", "-q", ".")
    git(folder, "add", "--all")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@lab.example", "commit", "-qm", "All of it")
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of steps: a Python of their own, whose ``pip install safeload`` takes what is built here."""
    folder = tmp_path_factory.mktemp("runner")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder / "wheels", sources(folder / "tree")],
        check=True,
    )
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    site = next((folder / "venv" / "lib").glob("python*/site-packages"))
    (site / "libraries.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    alone = {f"PIP_{name}": "1" for name in ("NO_INDEX", "NO_DEPS", "FORCE_REINSTALL")}
    alone["PIP_FIND_LINKS"] = str(folder / "wheels")
    return {"PATH": f"{folder / 'venv' / 'bin'}:/usr/bin:/bin", "HOME": str(folder), **alone}


def run(found: list[dict[str, Any]], folder: Path, runner: dict[str, str]) -> int:
    """Step after step as GitHub runs them, until one fails."""
    for step in found:
        environment = runner | step.get("env", {})
        ended = subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=environment, check=False).returncode
        if ended:
            return ended
    return 0


# What is in the repository, and what the workflow ends with.
SCANNED: dict[str, tuple[dict[str, bytes], int]] = {
    "nothing amiss": ({"models__good.pkl": GOOD}, 0),
    "a hostile file": ({"models__good.pkl": GOOD, "models__evil.pkl": EVIL}, 1),
    "a pointer in place of a file": (
        {"models__big.pkl": b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n"}, 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("files", "code"), SCANNED.values(), ids=SCANNED)
def test_the_workflow_that_scans(files: dict[str, bytes], code: int, tmp_path: Path, runner: dict[str, str]) -> None:
    folder = repository(tmp_path / "repository", **files)
    (folder / "policy.toml").write_text('mode = "enforce"\n')
    found = steps("scan-in-ci.md")
    assert [step["run"].split()[:2] for step in found] == [["pip", "install"], ["safeload", "scan"]]
    assert run(found, folder, runner) == code
    results = json.loads((folder / "safeload.sarif").read_text())["runs"][0]["results"]
    assert {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in results} == {
        name.replace("__", "/") for name, data in files.items() if data is not GOOD
    }
    assert not (folder / "canary").exists()


def test_the_workflow_that_scans_goes_by_its_own_policy(tmp_path: Path, runner: dict[str, str]) -> None:
    folder = repository(tmp_path / "repository", **{"own.pkl": b"cmylab\nHead\n)R."})
    (folder / "policy.toml").write_text('allow = ["mylab:Head"]\n')
    assert run(steps("scan-in-ci.md"), folder, runner) == 0


def test_the_workflow_that_verifies(tmp_path: Path, runner: dict[str, str]) -> None:
    folder = repository(tmp_path / "repository", **{"models__head.pkl": GOOD})
    found = steps("verify-in-ci.md")
    assert run(found, folder, runner) == 1, "nothing is pinned"
    pin = {"run": "safeload pin --reason 'a test' models/head.pkl"}
    assert run([pin, *found], folder, runner) == 0
    (folder / "models" / "head.pkl").write_bytes(EVIL)
    assert run(found, folder, runner) == 1


def test_the_steps_that_are_githubs_own_are_few_and_named() -> None:
    """What no test here can run; each by its name and a version."""
    (workflow,) = (item for item in snippets("scan-in-ci.md") if "jobs" in item)
    used = [step["uses"] for step in workflow["jobs"]["models"]["steps"] if "uses" in step]
    assert [name.partition("@")[0] for name in used] == [
        "actions/checkout", "actions/setup-python", "github/codeql-action/upload-sarif",
    ]  # fmt: skip
    assert all(re.fullmatch(r"[\w/-]+@v\d+", name) for name in used)


def test_the_hook_before_a_commit(tmp_path: Path) -> None:
    """By pre-commit itself, in an environment that it makes from this repository."""
    pytest.importorskip("pre_commit")
    (config,) = (item for item in snippets("scan-in-ci.md") if "repos" in item)
    (hook,) = config["repos"][0]["hooks"]
    tree = sources(tmp_path / "safeload")
    commit(tree)
    folder = repository(tmp_path / "models", good=GOOD)
    (folder / "evil one.pkl").write_bytes(EVIL)
    (folder / "readme.md").write_text("x")
    git(folder, "add", "--all")
    environment = os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "pre_commit", "try-repo", str(tree), hook["id"]]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert re.search(r"evil one\.pkl +refused +pickle +os:mkdir", ended.stdout), ended.stdout
    assert "readme" not in ended.stdout
    git(folder, "rm", "-qf", "evil one.pkl")
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert not (folder / "canary").exists()
