"""``allow()``: what it takes, what it refuses in words, and the lists that other packages bring."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import plain_classes
import pytest
from evasions.builders import calling, given, group, listing, mapping, named, new, number, pickled

from safeload import keep, settings
from safeload.errors import PolicyError, Refusal, explain
from safeload.files import scan
from safeload.grants import allow, trust
from safeload.loads import changed_settings, profiles_for, told
from safeload.named import granted_by
from safeload.policy import Policy
from safeload.scan.report import GlobalRef
from safeload.state import STATE

IN_FORCE = Policy().rulebook()
HEAD = GlobalRef("plain_classes", "Simple")
ASKING = pickled(
    listing(
        given(new(named("plain_classes:Simple")), mapping()),
        calling("torch.storage:_load_from_bytes", b"C\x00"),
        calling("collections:OrderedDict"),
    )
)

TAKEN: dict[str, tuple[Any, set[Any]]] = {
    "a text": ("plain_classes:Simple", {HEAD}),
    "a GlobalRef": (HEAD, {HEAD}),
    "a class": (plain_classes.Simple, {HEAD}),
    "a class inside a class": (plain_classes.Outer.Inner, {GlobalRef("plain_classes", "Outer.Inner")}),
    "a function": (plain_classes.function, {GlobalRef("plain_classes", "function")}),
    "a name of Python 2": ("__builtin__:set", {GlobalRef("builtins", "set")}),
    "a list": ("torch-modules", {"torch-modules"}),
    "the profile of plain classes": ("plain", {"plain"}),
    "a report: what no list in force has": (scan(ASKING), {HEAD}),
    "the names of a report": (scan(ASKING).globals, {HEAD}),
    "several names in a list": ([plain_classes.Simple, "a:b"], {HEAD, GlobalRef("a", "b")}),
}

REFUSED: dict[str, tuple[Any, str]] = {
    "a lambda": (lambda: None, "no pickle can name it"),
    "a class inside a function": (type("Local", (), {"__qualname__": "f.<locals>.Local"}), "no pickle can name it"),
    "an object": (plain_classes.Slotted(), "neither a name nor a class or function"),
    "a partial": (partial(print), "neither a name nor a class or function"),
    "a method of an object": (plain_classes.Given().__setstate__, "something else"),
    "a class that is not where it says": (
        type("Simple", (), {"__module__": "plain_classes"}),
        "something else",
    ),
    "a number": (3, "neither a name nor a class or function"),
    "a name without its module": ("Head", "module:qualname"),
    "a profile that is none": ("torch-module", "module:qualname"),
    "what can never be allowed": ("os:system", "never be allowed"),
    "what can never be allowed, itself": (eval, "never be allowed"),
    "a report that asks for it": (scan(pickled(calling("os:system"))), "never be allowed"),
}


@pytest.mark.parametrize(("given_", "meant"), TAKEN.values(), ids=TAKEN)
def test_allow_takes(given_: Any, meant: set[Any]) -> None:
    assert granted_by([given_], IN_FORCE) == meant


@pytest.mark.parametrize(("given_", "words"), REFUSED.values(), ids=REFUSED)
def test_allow_refuses(given_: Any, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        granted_by([given_], IN_FORCE)


# --- what a refusal says ----------------------------------------------------------------------


def refusal(fragment: bytes) -> Refusal:
    refused = Policy().judge(scan(pickled(fragment))).refused
    known = profiles_for(refused)
    unlisted = tuple(item.ref for item in refused if told(item).text.find("not in force") < 0)
    return Refusal(api="pickle.load", refused=tuple(map(told, refused)), profiles=known, unlisted=unlisted)


WAYS: dict[str, tuple[bytes, str]] = {
    "one list": (new(named("torch.nn.modules.linear:Linear")), "safeload.allow('torch-modules')"),
    "two lists": (
        group(new(named("torch.nn.modules.linear:Linear")), new(named("imblearn.pipeline:Pipeline"))),
        "safeload.allow('imblearn', 'torch-modules')",
    ),
    "a plain class": (new(named("plain_classes:Simple")), "safeload.allow('plain_classes:Simple')"),
    "a list and a class": (
        group(new(named("torch.nn.modules.linear:Linear")), new(named("plain_classes:Simple"))),
        "safeload.allow('torch-modules', 'plain_classes:Simple')",
    ),
    "a list and a name nobody knows": (
        group(new(named("imblearn.pipeline:Pipeline")), calling("who.knows:what")),
        "safeload.allow('imblearn', 'who.knows:what')",
    ),
}


@pytest.mark.parametrize(("fragment", "line"), WAYS.values(), ids=WAYS)
def test_a_refusal_gives_the_line_that_allows_it(fragment: bytes, line: str) -> None:
    assert f"       with {line}: ...  # your load" in explain(refusal(fragment)).splitlines()


@pytest.mark.parametrize(
    ("fragment", "words"),
    [
        (new(named("plain_classes:Simple")), "a plain class of a module you imported"),
        (new(named("plain_classes:Given")), "a class of yours, not a plain one: loading it runs its own __setstate__"),
        (new(named("torch.nn.modules.linear:Linear")), "not in force: the profile torch-modules"),
        (calling("who.knows:what"), "no allowlist names it"),
    ],
)
def test_a_refusal_says_what_a_name_is(fragment: bytes, words: str) -> None:
    assert words in explain(refusal(fragment))


def test_no_line_is_given_where_it_would_not_help() -> None:
    both = group(new(named("plain_classes:Simple")), calling("os:system", number(1)))
    assert "Allowing names is no way out here" in explain(refusal(both))


# --- lists of other packages ------------------------------------------------------------------

PACKAGE = """
import sys
print("imported", file=sys.stderr)

class Head:
    pass

class Odd:
    pass

ROWS = {"mylab_nets:Head": ("ns", "attributes and nothing else")}

def rows():
    return ROWS

def broken():
    raise RuntimeError("no rows today")

NEVER = {"os:system": ("r", "why not")}
CALLS = {"mylab_nets:Head": ("c", "why not")}
SHIPPED = {"torch.nn.modules.linear:Linear": ("ns", "ours is better")}
NUMBER = 3
"""
POINTS = """[safeload.profiles]
mylab = mylab_nets:rows
mylab-mapping = mylab_nets:ROWS
broken = mylab_nets:broken
gone = mylab_nets:gone
never = mylab_nets:NEVER
calls = mylab_nets:CALLS
shipped = mylab_nets:SHIPPED
number = mylab_nets:NUMBER
torch = mylab_nets:rows
"""
PROGRAM = """
import pickle, sys
import safeload
stream = b"\\x80\\x04\\x8c\\nmylab_nets\\x8c\\x04Head\\x93)\\x81}\\x8c\\x01x\\x4b\\x01sb."
odd = stream.replace(b"\\x04Head", b"\\x03Odd")
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "mylab_nets.py").write_text(PACKAGE)
    info = tmp_path / "mylab_nets-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mylab-nets\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    return tmp_path


def run(package: Path, program: str, **settings: str) -> Any:
    environment = {"PYTHONPATH": str(package), "SAFELOAD_LOG": "off", "PATH": "", **settings}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + program], capture_output=True, text=True, check=False, env=environment
    )
    return SimpleNamespace(out=done.stdout, err=done.stderr, rc=done.returncode)


LOADS = "print(pickle.loads(stream).x)"


def test_a_registered_list_is_not_imported_unless_it_is_named(package: Path) -> None:
    done = run(package, f"safeload.activate()\ntry:\n    {LOADS}\nexcept safeload.BlockedGlobalError:\n    print('no')")
    assert (done.out, done.err) == ("no\n", "")


@pytest.mark.parametrize("profile", ["mylab", "mylab-mapping"])
def test_a_registered_list_is_in_force_where_it_is_named(package: Path, profile: str) -> None:
    assert run(package, LOADS, SAFELOAD_PROFILES=f"default,{profile}").out == "1\n"
    assert run(package, f"safeload.allow({profile!r})\n{LOADS}").out == "1\n"
    policy = package / "policy.toml"
    policy.write_text(f'profiles = ["default", "{profile}"]\n')
    assert run(package, LOADS, SAFELOAD_POLICY=str(policy)).out == "1\n"
    done = run(package, "pickle.loads(odd)", SAFELOAD_PROFILES=f"default,{profile}")
    assert "BlockedGlobalError" in done.err


BAD: dict[str, tuple[str, str]] = {
    "it raises": ("broken", "no rows today"),
    "it is not there": ("gone", "gone"),
    "it names what can never be allowed": ("never", "os:system can never be allowed by name"),
    "it calls without a rule": ("calls", "other uses take an Entry"),
    "it changes a name that a shipped list has": ("shipped", "torch.nn.modules.linear:Linear"),
    "it is no mapping": ("number", "not a mapping"),
}


@pytest.mark.parametrize(("profile", "words"), BAD.values(), ids=BAD)
def test_a_registered_list_that_cannot_be_used_allows_nothing(package: Path, profile: str, words: str) -> None:
    done = run(package, f"safeload.allow({profile!r})")
    assert "PolicyError" in done.err
    assert words in done.err
    done = run(package, LOADS, SAFELOAD_PROFILES=f"default,{profile}")
    assert "BlockedGlobalError" in done.err
    assert words in done.err


def test_a_shipped_list_is_not_replaced(package: Path) -> None:
    done = run(package, LOADS, SAFELOAD_PROFILES="default,torch")
    assert "BlockedGlobalError" in done.err
    assert "imported" not in done.err


def test_a_profile_that_nobody_offers_is_refused_in_words(package: Path) -> None:
    done = run(package, LOADS, SAFELOAD_PROFILES="default,mylabs")
    assert "there is no profile 'mylabs'; there are " in done.err
    assert " torch-modules" in done.err
    assert " mylab-mapping" in done.err


WHOLE = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("digest", "reason", "words"),
    [(WHOLE, "", "needs a reason"), (WHOLE, " \n", "needs a reason"), (WHOLE[:-1], "read by me", "is not a digest")],
    ids=["no reason", "nothing but blanks", "half a digest"],
)
def test_bytes_are_trusted_whole_and_for_a_reason(digest: str, reason: str, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        trust(digest, reason=reason)


# --- under a lock -----------------------------------------------------------------------------


def test_a_locked_policy_takes_no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(STATE, "policy", Policy(locked=True))
    before = STATE.granted
    with pytest.raises(PolicyError, match=r"safeload\.allow\('plain_classes:Simple'\): the policy .* is locked"):
        allow("plain_classes:Simple")
    assert STATE.granted == before


@pytest.mark.parametrize("locked", [True, False], ids=["under a lock", "under none"])
def test_a_setting_that_is_changed_later_is_an_event(locked: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    events: list[str] = []
    monkeypatch.setattr(keep, "defended", events.append)
    monkeypatch.setattr(STATE, "warned", set())
    monkeypatch.setattr(settings, "changed_since_the_start", lambda: {"SAFELOAD_MODE": "off"})
    for _ in range(2):
        assert changed_settings(Policy(locked=locked)) == ("SAFELOAD_MODE=off",)
    assert events == ["SAFELOAD_MODE changed in the environment after the start"] * locked
