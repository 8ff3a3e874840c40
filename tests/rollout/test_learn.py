"""``safeload learn`` and ``explain``: what a log teaches, and what it must not."""

# ruff: noqa: E501 - a row of a table is one line
from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from safeload import learning, policy_file
from safeload.cli import main
from safeload.plain import IS_PLAIN
from safeload.scan.report import GlobalRef

ROOT = Path(__file__).parents[2]


def call(*arguments: str | Path, text: str | None = None) -> Any:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=text)


def event(name: str, ground: str = "no allowlist names it", **fields: Any) -> str:
    said = {"event": "safeload.load.reported", "refused": [name], "grounds": [f"{name}: {ground}"], "path": "m.pkl"}
    return json.dumps(said | fields) + "\n"


def admitted(*allowed_by: str, **fields: Any) -> str:
    return json.dumps({"event": "safeload.load.admitted", "allowed_by": allowed_by, "globals": []} | fields)


def draft(*lines: str) -> learning.Draft:
    return learning.draft(learning.read(lines))


NET = GlobalRef("mylab.nets", "Net")
TIMM = "timm.models.resnet:ResNet"
LINEAR = "torch.nn.modules.linear:Linear"

# what the log says: (lines, lists proposed, names proposed, names left out)
CASES = {
    "a name of one's own": ([event(str(NET))], [], [str(NET)], []),
    "a name that a shipped list holds": ([event(LINEAR)], ["torch-modules"], [], []),
    "a name that a default list holds, where it was not in force": ([event("numpy:ndarray")], [], [], []),
    "a use that a default list does not allow": (
        [event("numpy:ndarray", "allowed here, but not to be called")], [], [], ["numpy:ndarray"],
    ),
    "a plain class of one's own": ([event(str(NET), IS_PLAIN)], ["plain"], [], []),
    "one that was plain in one process only": ([event(str(NET), IS_PLAIN), event(str(NET))], [], [str(NET)], []),
    "a plain class beside a function": ([event(str(NET), IS_PLAIN), event("a:rebuild")], ["plain"], ["a:rebuild"], []),
    "a list, and another that it brings along": ([event(TIMM), event(LINEAR)], ["timm"], [], []),
    "a list that was in force already": ([event(str(NET)), admitted("torch", "torch-modules")], ["torch-modules"], [str(NET)], []),
    "a list in force already that holds a refused name": ([event(LINEAR), admitted("torch-modules")], ["torch-modules"], [], []),
    "plain, in force already": ([event("a:f"), admitted("plain")], ["plain"], ["a:f"], []),
    "a name that was allowed already": (
        [admitted("stdlib", "allow()", globals=["collections:OrderedDict", str(NET)])], [], [str(NET)], [],
    ),
    "a list that nobody knows": ([event(str(NET)), admitted("no-such-list", "trust()")], [], [str(NET)], []),
    "a name that may never be allowed": ([event("os:system")], [], [], ["os:system"]),
    "the same under its Python 2 name": ([event("__builtin__:eval")], [], [], ["builtins:eval"]),
    "a name that writes over a terminal": ([event(r"\x1b[2Kok:f")], [], [], [r"\x1b[2Kok:f"]),
    "a name that is none": ([event("no colon")], [], [], []),
    "an event that refused nothing": ([json.dumps({"event": "safeload.load.admitted", "globals": ["a:b"]})], [], [], []),
    "a line of something else": (["GET / 200\n", "{not json\n", "[1]\n", "{}\n", "\n"], [], [], []),
    "a line that syslog wrote before": ([f"Nov 25 host safeload: {event(str(NET))}"], [], [str(NET)], []),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "profiles", "allow", "refused"), CASES.values(), ids=CASES)
def test_what_is_proposed(lines: list[str], profiles: list[str], allow: list[str], refused: list[str]) -> None:
    found = draft(*lines)
    assert list(found.profiles) == profiles
    assert [f"{ref.module}:{ref.qualname}" for ref in found.allow] == allow
    assert [f"{ref.module}:{ref.qualname}" for ref in found.refused] == refused


@pytest.mark.parametrize("path", ['x"\nallow = ["os:system"]\n#', "x\r\nmode = 'off'"])
def test_a_file_name_cannot_write_into_the_policy(path: str, tmp_path: Path) -> None:
    lesson = learning.read([event(str(NET), path=path), event("os:system", path=path), event(LINEAR, path=path, unread=path)])
    text = learning.as_toml(lesson, learning.draft(lesson))
    assert tomllib.loads(text) == {"mode": "enforce", "profiles": ["default", "torch-modules"], "allow": [str(NET)]}
    (tmp_path / "draft.toml").write_text(text)
    assert policy_file.read_named_file(tmp_path / "draft.toml").policy.allow == {NET}


def test_each_name_says_where_it_was_seen_and_functions_are_marked() -> None:
    lesson = learning.read([event("a:Net"), event("a:Net", path="n.pkl"), event("a:rebuild")])
    text = learning.as_toml(lesson, learning.draft(lesson))
    assert '  "a:Net",  # 2 loads; m.pkl and 1 more\n' in text
    assert "  # RISKY: a function, going by its name" in text.split('"a:Net"')[1].split('"a:rebuild"')[0]


WORK = """
import pickle, safeload, warnings
class Head: pass
warnings.simplefilter("ignore")
data = pickle.dumps(Head()).replace(b"__main__", b"own_code")
import sys, types
sys.modules["own_code"] = types.SimpleNamespace(Head=Head)
print(type(pickle.loads(data)).__name__)
"""


def test_what_audit_mode_logged_loads_under_the_policy_that_was_learned(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": str(tmp_path / "log")}

    def work(**variables: str) -> str:
        command = [sys.executable, "-c", WORK]
        return subprocess.run(command, env=environment | variables, capture_output=True, text=True, check=False).stdout

    assert work() == ""
    assert work(SAFELOAD_MODE="audit") == "Head\n"
    assert call("learn", tmp_path / "log", "-o", tmp_path / "policy.toml").exit_code == 0
    assert work(SAFELOAD_POLICY=str(tmp_path / "policy.toml")) == "Head\n"


def test_a_policy_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("mine")
    done = call("learn", "-", "-o", tmp_path / "policy.toml", text=event(str(NET)))
    assert done.exit_code == 2
    assert (tmp_path / "policy.toml").read_text() == "mine"


def test_a_log_without_events_is_an_error() -> None:
    assert call("learn", "-", text="nothing\n").exit_code == 1


# the name: (exit code, what is said)
NAMES = {
    "collections:OrderedDict": (0, ["the standard library", "listed by stdlib (on by default", "shipped: allowed by stdlib"]),
    "os:system": (1, ["no shipped list", "refused: it runs commands", "no policy can allow it by name"]),
    "__builtin__:eval": (1, ["builtins:eval", "refused: it"]),
    LINEAR: (1, ["listed by torch-modules (opt-in", "a class, going by its name", "with safeload.allow("]),
    "mylab:rebuild": (1, ["no distribution here brings mylab", "a function, going by its name"]),
    "no name": (2, ["module:qualname"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_explain(name: str) -> None:
    code, said = NAMES[name]
    done = call("explain", name)
    assert done.exit_code == code
    assert [words for words in said if words not in done.output] == []


def test_explaining_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "mylab.py").write_text("raise SystemExit('imported')")
    command = [sys.executable, "-m", "safeload", "explain", "mylab:Net"]
    done = subprocess.run(
        command, env={"PYTHONPATH": f"{ROOT}:{tmp_path}"}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert "imported" not in done.stdout + done.stderr
