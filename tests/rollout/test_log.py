"""The log: every event with its fields, what never stands in it, and many processes on one file."""

# ruff: noqa: E501 - a program is one line
from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from safeload import events, record
from safeload.sandbox.here import why_not

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "events.md").read_text("utf-8")

FILES = {
    "good.pkl": pickle.dumps(OrderedDict(a=1)),
    "own.pkl": b"cmylab.nets\nHead\n)R.",
    "evil.pkl": b"cos\nsystem\n(S'echo PAYLOAD'\ntR.",
    "cut.pkl": b"\x80\x04cmylab.nets\nHead\n)R",
    "trusted.pkl": b"cos\ngetcwd\n)R.",
}

EVERYTHING = """
import contextlib, hashlib, pickle, safeload, warnings
warnings.simplefilter("ignore")
def load(name):
    with contextlib.suppress(Exception), open(name, "rb") as file:
        pickle.load(file)
load("good.pkl"); load("own.pkl"); load("evil.pkl"); load("cut.pkl")
with safeload.allow("mylab.nets:Head"): load("own.pkl")
digest = "sha256:" + hashlib.sha256(open("trusted.pkl", "rb").read()).hexdigest()
with safeload.trust(digest, reason="reviewed by me"): load("trusted.pkl")
with safeload.activate(safeload.Policy(mode=safeload.Mode.AUDIT)): load("own.pkl")
import torch
import os, safetensors.torch
cached = "models--org--name/snapshots/c0ffee0/good.pkl"
os.renames("good.pkl", cached); load(cached); os.rename(cached, "good.pkl")
class Hostile:
    def __reduce__(self): return os.system, ("true",)
torch.save({"w": torch.ones(2), "x": Hostile()}, "m.pt")
safetensors.torch.save_file({"w": torch.ones(2)}, "m.safetensors")
torch.load("m.pt", weights_only=False)
torch.__version__ = "2.5"
from safeload.doors import for_torch
for_torch.install()
with contextlib.suppress(Exception): torch.load("evil.pkl", weights_only=False)
safeload.deactivate()
"""


SANDBOXED = """
import contextlib, safeload
from safeload.sandbox.detonate import detonate
from safeload.sandbox.limits import CHILD_LIMITS
from safeload.tensors.source import Source
safeload.load_tensors("good.pkl", sandbox="always")
with contextlib.suppress(safeload.SandboxError): safeload.load_tensors("own.pkl", sandbox="always")
with Source("evil.pkl") as evil: detonate(evil, CHILD_LIMITS)
"""


def run(folder: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(ROOT), "SAFELOAD_LOG": str(folder / "log"), "HOME": str(folder), **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=folder, capture_output=True, text=True, check=True
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


def lines(folder: Path, log: str = "log") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / log).read_text().splitlines()]


def test_every_event_happens_with_the_fields_that_are_documented(folder: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    run(folder, EVERYTHING)
    said = lines(folder)
    locked = "import safeload; safeload.status()\ntry: safeload.allow('a:b')\nexcept ValueError: pass"
    run(folder, locked, SAFELOAD_LOCKED="1", SAFELOAD_LOG=str(folder / "locked"))
    (folder / "broken.toml").write_text("mood = 1")
    run(folder, "import safeload; safeload.status()", SAFELOAD_POLICY="broken.toml", SAFELOAD_LOG=str(folder / "broken"))
    said += lines(folder, "locked") + lines(folder, "broken")
    (folder / "safeload.lock").write_text("mood = 1")
    load = "import contextlib, pickle, safeload\nwith contextlib.suppress(Exception): pickle.load(open('good.pkl', 'rb'))"
    run(folder, load, SAFELOAD_LOCK="safeload.lock", SAFELOAD_LOG=str(folder / "unpinned"))
    (folder / "model.sig").write_text("{}")
    (folder / "keys.toml").write_text(f"keys = {{ 'sha256:{64 * '0'}' = 'team.pem' }}")
    run(folder, load, SAFELOAD_POLICY="keys.toml", SAFELOAD_LOG=str(folder / "unsigned"))
    said += lines(folder, "unpinned") + lines(folder, "unsigned")
    if not why_not():
        run(folder, SANDBOXED, SAFELOAD_LOG=str(folder / "sandboxed"))
        said += lines(folder, "sandboxed")
    left_out = {name for name in events.LEVELS if why_not() and name.startswith("sandbox.")}
    assert {event["event"].removeprefix("safeload.") for event in said} == events.LEVELS.keys() - left_out
    assert all(event["level"] == events.LEVELS[event["event"].removeprefix("safeload.")] for event in said)
    for kind, prefixes in KINDS.items():
        if why_not() and kind == "the sandbox":
            continue
        seen = {field for event in said if event["event"].startswith(prefixes) for field in event}
        assert seen - documented("every event") == documented(kind), kind


KINDS = {
    "a load": ("safeload.load.",),
    "the sandbox": ("safeload.sandbox.",),
    "the policy and the switch": ("safeload.policy.", "safeload.lock.", "safeload.signature.", "safeload.activated", "safeload.deactivated", "safeload.library."),
}


def documented(kind: str) -> set[str]:
    section = re.split(r"^##", REFERENCE.split(f"### Of {kind}\n")[1], flags=re.MULTILINE)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    fields = {field for row in rows for field in re.findall(r"`(\w+)`", row)}
    return {field for field in fields if not field.endswith("_left_out")}


def test_nothing_of_a_payload_is_written(folder: Path) -> None:
    run(folder, EVERYTHING.replace("import torch", "raise SystemExit"))
    text = (folder / "log").read_text()
    assert "evil.pkl" in text
    assert "PAYLOAD" not in text


def test_grants_show_in_the_log_and_so_do_the_loads_they_let_through(folder: Path) -> None:
    run(folder, EVERYTHING.replace("import torch", "raise SystemExit"))
    said = lines(folder)
    changed = [event for event in said if event["event"] == "safeload.policy.changed"]
    assert changed[0]["granted"] == ["mylab.nets:Head"]
    assert changed[1]["reason"] == "reviewed by me"
    admitted = [event["allowed_by"] for event in said if event["event"] == "safeload.load.admitted"]
    assert admitted == [["stdlib"], ["allow()"], ["trust()"]]
    (grant,) = [event["grant"] for event in said if "grant" in event]
    assert (grant["by"], grant["grant"], grant["reason"]) == ("trust()", "pickle", "reviewed by me")
    assert grant["verified"] == "sealed copy"


def test_paths_can_be_hashed(folder: Path) -> None:
    code = EVERYTHING.replace("import torch", "raise SystemExit")
    run(folder, code, SAFELOAD_PATHS="hashed")
    assert "evil.pkl" not in (folder / "log").read_text()
    (path,) = {event["path"] for event in lines(folder) if "os:system" in event.get("globals", ())}
    assert re.fullmatch("sha256:[0-9a-f]{64}", path)
    assert not any("cwd" in event for event in lines(folder))


def test_a_relative_path_says_where_it_begins(folder: Path) -> None:
    run(folder, EVERYTHING.replace("import torch", "raise SystemExit"))
    found = {(event["path"], event.get("cwd")) for event in lines(folder) if event.get("path")}
    assert ("evil.pkl", str(folder)) in found


def test_a_twin_is_not_named_where_paths_are_hashed() -> None:
    assert events._unnamed({"used": record.ITSELF}) == {"used": record.ITSELF}
    assert events._unnamed({"used": "/home/a/b.safetensors"})["used"].startswith("sha256:")
    assert "b.safetensors" not in str(events._unnamed({"not used": "b.safetensors: other keys"}))


def test_a_million_names_are_no_line_of_a_million_names(folder: Path) -> None:
    names = "".join(f"cmylab\nn{number}\n0" for number in range(1000))
    (folder / "own.pkl").write_bytes(names.encode() + b"N.")
    run(folder, EVERYTHING.replace("import torch", "raise SystemExit"))
    event = next(event for event in lines(folder) if event["event"] == "safeload.load.blocked")
    assert len(event["refused"]) == events.LONGEST
    assert event["refused_left_out"] == 1000 - events.LONGEST
    assert max(map(len, (folder / "log").read_text().splitlines())) < 100_000


MANY = """
import pickle, subprocess, sys
import safeload
if len(sys.argv) == 1:
    children = [subprocess.Popen([sys.executable, __file__, "child"]) for _ in range(6)]
    sys.exit(max(child.wait() for child in children))
for number in range(100):
    try: pickle.loads(b"cmylab\\n" + b"n" * 180 + b"\\n.")
    except pickle.UnpicklingError: pass
"""


def test_many_processes_write_whole_lines_to_one_file(folder: Path) -> None:
    (folder / "many.py").write_text(MANY)
    run(folder, f"import runpy, sys; sys.argv[:] = ['many.py']; runpy.run_path({str(folder / 'many.py')!r}, run_name='__main__')")
    blocked = [event for event in lines(folder) if event["event"] == "safeload.load.blocked"]
    assert len(blocked) == 600
    assert len({event["pid"] for event in blocked}) == 6


def test_a_rotated_file_is_opened_anew(folder: Path) -> None:
    code = "import os; exec(LOAD); os.rename('log', 'log.1'); exec(LOAD)"
    load = "import safeload, pickle\ntry: pickle.loads(b'cmylab\\nx\\n.')\nexcept pickle.UnpicklingError: pass"
    run(folder, f"LOAD = {load!r}\n{code}")
    assert [event["event"] for event in lines(folder)] == ["safeload.load.blocked"]
    assert [event["event"] for event in lines(folder, "log.1")] == ["safeload.activated", "safeload.load.blocked"]


REFUSED = "import safeload, pickle\ntry: pickle.loads(b'cmylab\\nx\\n.')\nexcept pickle.UnpicklingError: print('refused')\n"
BAD = {
    "a folder that is not there": "nowhere/log",
    "a folder": ".",
    "a pipe that nobody reads": "pipe",
    "a home that nobody knows": "~nobody-here/log",
}


@pytest.mark.parametrize("log", BAD.values(), ids=BAD)
def test_a_log_that_cannot_be_written_stops_nothing_and_is_told_on_stderr(log: str, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    ended = run(folder, REFUSED + REFUSED, SAFELOAD_LOG=log)
    assert ended.stdout == "refused\nrefused\n"
    assert ended.stderr.count(f"safeload: the log {log} cannot be written") == 1
    assert ended.stderr.count('"event": "safeload.load.blocked"') == 2


def test_stdout_is_the_users(folder: Path) -> None:
    ended = run(folder, REFUSED, SAFELOAD_LOG="stderr")
    assert ended.stdout == "refused\n"
    (line,) = ended.stderr.splitlines()
    assert json.loads(line)["event"] == "safeload.load.blocked"


def test_structlogs_configuration_is_the_programs(folder: Path) -> None:
    configure = "import structlog\ndef no(*_): raise SystemExit('asked')\nstructlog.configure(processors=[no], cache_logger_on_first_use=True)\n"
    ended = run(folder, configure + REFUSED + "print(structlog.get_config()['processors'] == [no])")
    assert ended.stdout == "refused\nTrue\n"
    assert lines(folder)[-1]["event"] == "safeload.load.blocked"


def test_loggings_configuration_is_left_alone_unless_it_is_asked_for(folder: Path) -> None:
    code = "import logging\nlogging.basicConfig(filename='own.log', level=0)\n" + REFUSED
    run(folder, code + "assert 'safeload' not in logging.root.manager.loggerDict")
    assert (folder / "own.log").read_text() == ""


def test_the_handlers_of_logging_get_what_they_ship(folder: Path) -> None:
    """Syslog, OpenTelemetry and their like are handlers; here one of syslog, with a socket behind it."""
    code = """
import logging, logging.handlers, socket
inbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); inbox.bind(("127.0.0.1", 0)); inbox.settimeout(20)
logging.basicConfig(handlers=[logging.handlers.SysLogHandler(inbox.getsockname())], level=logging.INFO)
"""
    ended = run(folder, code + REFUSED + "print(inbox.recv(9000)); print(inbox.recv(9000))", SAFELOAD_LOG="logging")
    assert '"event": "safeload.activated"' in ended.stdout
    assert '"event": "safeload.load.blocked"' in ended.stdout


def test_a_handler_that_fails_stops_nothing(folder: Path) -> None:
    code = """
import logging
class Bad(logging.Handler):
    def emit(self, record): raise ZeroDivisionError
logging.basicConfig(handlers=[Bad()])
"""
    ended = run(folder, code + REFUSED, SAFELOAD_LOG="logging")
    assert ended.stdout == "refused\n"
    assert '"event": "safeload.load.blocked"' in ended.stderr


def test_without_structlog_it_is_told_all_the_same(folder: Path) -> None:
    run(folder, "import sys; sys.modules['structlog'] = None\n" + REFUSED)
    assert lines(folder)[-1]["timestamp"].endswith("Z")


# --- the operator's questions in the how-to -----------------------------------------------------

QUESTIONS = re.findall(
    r"^```sh\n(jq .*?)\n```", (ROOT / "docs" / "howto" / "read-the-log.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
)


@pytest.mark.skipif(subprocess.run(["which", "jq"], capture_output=True, check=False).returncode != 0, reason="jq is not here")
@pytest.mark.parametrize("question", QUESTIONS)
def test_jq_answers(question: str, folder: Path) -> None:
    run(folder, EVERYTHING.replace("import torch", "raise SystemExit"))
    locked = "import safeload; safeload.status()\ntry: safeload.allow('a:b')\nexcept ValueError: pass"
    run(folder, locked, SAFELOAD_LOCKED="1")
    done = subprocess.run(
        question.replace("/var/log/safeload.jsonl", "log"), shell=True, cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip()
    assert done.stderr == ""
