"""Babel's locales: each of its own files loads, and what would become source code does not."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import given, group, listing, mapping, named, new, pickled, text

import safeload

babel = pytest.importorskip("babel")
from babel import plural

DATA = sorted((Path(babel.__file__).parent / "locale-data").glob("*.dat"))


def test_every_locale_is_let_through() -> None:
    files = [*DATA, Path(babel.__file__).with_name("global.dat")]
    assert len(files) > 500
    refused = {path.name: safeload.check(path) for path in files}
    assert {name: verdict for name, verdict in refused.items() if not verdict.admitted} == {}


ONE = ("value", (1,))
HONEST = ("relation", ("in", ("mod", (("n", ()), ("value", (10,)))), ("range_list", [(ONE, ONE)])))
SOURCE = "__import__('pathlib').Path('canary').touch() or 1"

# what is forged in the rule: the tree
FORGED = {
    "a number that is source": ("value", (SOURCE,)),
    "a method that is source": ("relation", (f"{SOURCE}, MOD", ("n", ()), ("range_list", []))),
    "source deep inside": ("and", (("n", ()), ("not", (("value", (SOURCE,)),)))),
}  # fmt: skip


def stream(tree: Any) -> bytes:
    rule = plural.PluralRule({})
    rule.abstract = [("one", tree)]
    return pickle.dumps(rule)


def test_an_honest_rule_is_let_through() -> None:
    assert safeload.check(stream(HONEST)).admitted


@pytest.mark.parametrize("tree", FORGED.values(), ids=FORGED)
def test_a_forged_rule_is_refused(tree: Any) -> None:
    assert [item.ref.qualname for item in safeload.check(stream(tree)).refused] == ["PluralRule"]


def test_a_forged_rule_does_run_where_nothing_guards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with safeload.activate(safeload.Policy(mode=safeload.Mode.OFF)):
        rule = pickle.loads(stream(FORGED["a number that is source"]))
    rule(1)
    assert (tmp_path / "canary").exists()


PRINT = named("builtins:print")
NONE = b"N"

# what else is forged: the class and its state
STATES = {
    "a function in the slot that is called": (
        "babel.plural:PluralRule", group(NONE, mapping((text("abstract"), listing()), (text("_func"), PRINT))),
    ),
    "a tag that is no text": ("babel.plural:PluralRule", listing(group(PRINT, group(text("n"), group())))),
    "a method of a pattern": ("babel.numbers:NumberPattern", mapping((text("apply"), PRINT))),
    "a prefix that is an object": ("babel.numbers:NumberPattern", mapping((text("prefix"), PRINT))),
    "a format that is no text": ("babel.dates:DateTimePattern", mapping((text("format"), PRINT))),
    "keys that are objects": ("babel.localedata:Alias", mapping((text("keys"), group(PRINT)))),
}  # fmt: skip


@pytest.mark.parametrize(("cls", "state"), STATES.values(), ids=STATES)
def test_a_forged_state_is_refused(cls: str, state: bytes) -> None:
    refused = {str(item.ref) for item in safeload.check(pickled(given(new(named(cls)), state))).refused}
    assert cls in refused
