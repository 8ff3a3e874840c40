"""The profile ``plain``: which classes it lets through, and that the others do run code of their own."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import plain_classes
import pytest
from allowlists.hostile import attributes
from evasions.builders import calling, given, group, listing, mapping, named, new, number, pickled, text

from safeload.allowlists import DEFAULT_PROFILES, PLAIN
from safeload.files import check
from safeload.plain import IS_PLAIN, words_for
from safeload.policy import Ground, Policy
from safeload.scan.report import GlobalRef

PLAINLY = Policy(profiles=(*DEFAULT_PROFILES, PLAIN))
MODULE = "plain_classes"
TESTS = Path(__file__).parent


def filled(cls: Any) -> Any:
    """An object of a class, with something in it."""
    made = cls()
    if isinstance(made, dict):
        dict.__setitem__(made, "k", 1) if type(made).__mro__[1] is dict else made.update(k=1)
    if isinstance(made, list):
        list.append(made, 1)
    return made


PLAIN_CLASSES = """
Simple Abstract Outer.Inner Slotted Data Frozen FrozenSlots Pair OwnPair Table Ordered Several
Unique Name Compared
""".split()
MEMBERS = {
    "a member": plain_classes.Colour.RED,
    "a member that is text": plain_classes.Colour.BLUE,
    "a member of a class that is text": plain_classes.Word.ONE,
    "flags": plain_classes.Flags.A | plain_classes.Flags.B,
}


def class_of(name: str) -> Any:
    found: Any = plain_classes
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize("name", PLAIN_CLASSES)
def test_objects_of_a_plain_class_pass_where_the_profile_is_in_force(name: str, protocol: int) -> None:
    if "." in name and protocol < 4:
        pytest.skip("such names need protocol 4")
    data = pickle.dumps(filled(class_of(name)), protocol)
    assert check(data, PLAINLY).admitted
    assert not check(data, Policy()).admitted
    assert words_for(GlobalRef(MODULE, name)) == IS_PLAIN


@pytest.mark.parametrize("name", ["Simple", "Data", "Table", "Several", "Pair"])
@pytest.mark.parametrize("protocol", [0, 1])
def test_the_first_protocols_name_a_base_beside_the_class(name: str, protocol: int) -> None:
    assert check(pickle.dumps(filled(class_of(name)), protocol), PLAINLY).admitted


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS)
def test_members_of_enumerations_pass(member: Any, protocol: int) -> None:
    assert check(pickle.dumps(member, protocol), PLAINLY).admitted


# A state of a class whose fields are set by their position, and whether it passes.
POSITIONS = {
    "its fields": (listing(number(1)), True),
    "a field too many": (listing(number(1), number(2)), False),
    "none": (listing(), False),
    "a text as long": (text("x"), False),
}


@pytest.mark.parametrize(("state", "passes"), POSITIONS.values(), ids=POSITIONS)
def test_fields_by_their_position_are_a_list_of_all(state: bytes, passes: bool) -> None:  # noqa: FBT001 - a column
    assert check(pickled(given(new(named("plain_classes:FrozenSlots")), state)), PLAINLY).admitted is passes


# What runs, without us, when the stream is loaded: (the stream, what runs of the class's own).
RUNNING: dict[str, tuple[bytes, str]] = {
    "its own __new__": (new(named("plain_classes:Made")), "__new__"),
    "its own __setstate__": (given(new(named("plain_classes:Given")), mapping()), "__setstate__"),
    "a base's __setstate__": (given(new(named("plain_classes:GivenBelow")), mapping()), "__setstate__"),
    "its own __getattr__": (given(new(named("plain_classes:Asked")), attributes(x=number(1))), "__getattr__"),
    "its own __getattribute__": (
        given(new(named("plain_classes:AskedFirst")), attributes(x=number(1))),
        "__getattribute__",
    ),
    "its own __del__": (new(named("plain_classes:Deleted")), "__del__"),
    "its own __hash__": (mapping((new(named("plain_classes:Key")), number(1))), "__hash__"),
    "its own __setitem__": (new(named("plain_classes:SetItem")) + b"(K\x01K\x01u", "__setitem__"),
    "its own extend": (new(named("plain_classes:Appended")) + b"(K\x01K\x01e", "extend"),
    "its own __init__, where it is made by a call": (
        calling("plain_classes:Called", b"]K\x01a"),
        "__init__",
    ),
    "a value that no member has": (calling("plain_classes:Missing", number(7)), "_missing_"),
    "a property over a slot": (
        given(new(named("plain_classes:Setter")), group(b"N", attributes(x=number(1)))),
        "x.setter",
    ),
    "a call of a plain class": (calling("plain_classes:Simple"), "__init__"),
}


@pytest.fixture(scope="module")
def ran_unguarded() -> dict[str, list[str]]:
    """What runs of the classes' own when each stream is loaded by a process without us."""
    program = """
import json, pickle, sys
import plain_classes
found = {}
for case, stream in json.load(sys.stdin).items():
    plain_classes.RAN.clear()
    pickle.loads(bytes.fromhex(stream))
    found[case] = list(plain_classes.RAN)
print(json.dumps(found))
"""
    streams = {case: pickled(fragment).hex() for case, (fragment, _) in RUNNING.items()}
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(streams),
        capture_output=True,
        text=True,
        check=True,
        cwd=TESTS,
    )
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("case", RUNNING)
def test_a_class_that_runs_code_is_refused(case: str, ran_unguarded: dict[str, list[str]]) -> None:
    fragment, what = RUNNING[case]
    assert what in ran_unguarded[case]
    plain_classes.RAN.clear()
    verdict = check(pickled(fragment), PLAINLY)
    assert not verdict.admitted
    assert plain_classes.RAN == []
    assert {item.ground for item in verdict.refused} == {Ground.UNLISTED}, "its exact name can be allowed"


@pytest.mark.parametrize(
    ("case", "fragment"),
    {
        "an object made with arguments": new(named("plain_classes:Simple"), number(1)),
        "a state that is no dict": given(new(named("plain_classes:Simple")), b"]"),
        "an attribute set one by one": given(
            new(named("plain_classes:Simple")), group(b"N", attributes(x=number(1)))
        ),
        "another class for the object": given(
            new(named("plain_classes:Simple")), group(b"N", attributes(__class__=named("plain_classes:Given")))
        ),
        "items for an object that takes none": new(named("plain_classes:Simple")) + b"(K\x01K\x01e",
        "state for a member": given(calling("plain_classes:Colour", number(1)), mapping()),
        "a member by an object": calling("plain_classes:Colour", new(named("plain_classes:Simple"))),
        "a named tuple with a field too many": new(named("plain_classes:Pair"), number(1), number(1), number(1)),
        "a class kept in an attribute, for a call by the program": given(
            new(named("plain_classes:Simple")), attributes(x=named("plain_classes:Simple"))
        ),
        "a class as a default factory": calling("collections:defaultdict", named("plain_classes:Simple")),
        "state for the class itself": given(named("plain_classes:Simple"), mapping()),
        "a function": calling("plain_classes:function"),
        "a class with a metaclass of its own": new(named("plain_classes:OfKind")),
        "a class that is imported, of the standard library": new(named("argparse:ArgumentParser")),
        "a class of a library that a list speaks for": new(named("numpy.lib._datasource:Repository")),
        "a class that nobody has imported": new(named("this_module.is_not:There")),
        "a name inside an object": new(named("plain_classes:Colour.RED")),
    }.items(),
)  # fmt: skip
def test_a_plain_class_is_data_and_nothing_else(case: str, fragment: bytes) -> None:
    assert case
    plain_classes.RAN.clear()
    assert not check(pickled(fragment), PLAINLY).admitted
    assert plain_classes.RAN == []


def test_nothing_is_imported_to_judge_a_name() -> None:
    before = set(sys.modules)
    assert words_for(GlobalRef("wsgiref.handlers", "CGIHandler")) == ""
    assert words_for(GlobalRef("plain_classes.nothing", "X")) == ""
    assert set(sys.modules) == before


def test_rules_of_a_listed_base_hold_below_it(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    program = """
import pickle, sys
import safeload
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

class Search(GridSearchCV):
    pass

class Own(BaseEstimator):
    def __init__(self, k=1):
        self.k = k

class Odd(BaseEstimator):
    def __setattr__(self, name, value):
        print("ran")

with safeload.allow("plain"):
    assert pickle.loads(pickle.dumps(Own(3))).k == 3
    for hostile in (Search(Own(), {}, pre_dispatch="print('ran')"), Odd()):
        try:
            pickle.loads(pickle.dumps(hostile))
        except safeload.BlockedGlobalError as error:
            print(error.refusal.refused[0].ref)
"""
    script = tmp_path / "script.py"
    script.write_text(program)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["__main__:Search", "__main__:Odd"]


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_classes_of_main_are_plain_in_a_worker_too(start: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(f"""
import multiprocessing, pickle
import safeload

class Head:
    def __init__(self):
        self.x = 1

def load(path):
    with safeload.allow("plain"), open(path, "rb") as file:
        return pickle.load(file).x

if __name__ == "__main__":
    with open({str(tmp_path / "h.pkl")!r}, "wb") as file:
        pickle.dump(Head(), file)
    with multiprocessing.get_context({start!r}).Pool(1) as pool:
        print(pool.map(load, [{str(tmp_path / "h.pkl")!r}]))
""")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout == "[1]\n", done.stderr
