"""``getattr`` in a stream hands out what a list names whole, and nothing else."""

from __future__ import annotations

import pickle
import re
from typing import Any, Self
from xml.etree import ElementTree

import pytest
from evasions.builders import (
    FALSE,
    MARK,
    NONE,
    POP,
    call,
    calling,
    get,
    given,
    group,
    kept,
    mapping,
    named,
    new,
    number,
    pickled,
    text,
)

from .hostile import PRINT, Hostile, attributes
from .libraries import refusals
from .test_more_lists import book
from .test_rules import has_effect

KEPT: list[Any] = [
    str.lower,
    str.split,
    " ".join,
    {"a": 1}.get,
    re.compile(r"\w+").findall,
]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("function", KEPT, ids=lambda kept: kept.__qualname__)
def test_a_method_that_tokenizers_keep_loads(function: Any, protocol: int) -> None:
    assert refusals(pickle.dumps(function, protocol)) == []


def taken(owner: bytes, name: str) -> bytes:
    return calling("builtins:getattr", owner, text(name))


FRAME = given(new(named("pandas:DataFrame")), attributes(head=PRINT))


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param(taken(text("{0.__class__}"), "format"), id="formatting reaches into what it formats"),
        pytest.param(taken(mapping(), "__class__"), id="the class of a dict"),
        pytest.param(taken(named("builtins:str"), "__subclasses__"), id="a method of a class that no list names"),
        pytest.param(taken(named("numpy:ndarray"), "tofile"), id="a method that writes a file"),
        pytest.param(taken(named("numpy:ndarray"), "view"), id="bytes seen as pointers"),
        pytest.param(taken(named("pandas:DataFrame"), "eval"), id="a method that evaluates text"),
        pytest.param(taken(named("builtins:str"), "lower.__call__"), id="a dotted name is no attribute"),
        pytest.param(taken(FRAME, "head"), id="an attribute in the place of a method"),
        pytest.param(call(taken(text(" "), "join"), NONE), id="a kept method is not called"),
    ],
)
def test_any_other_attribute_is_refused(fragment: bytes) -> None:
    assert refusals(pickled(fragment))


class Fields(dict[str, int]):
    """Written as scipy's named tuples are: with keywords."""

    def __new__(cls, *_: int, **kwargs: int) -> Self:
        made = super().__new__(cls)
        made |= kwargs
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, int]]:
        return (), dict(self)


LINE = "scipy.stats._stats_py:LinregressResult"
PEARSON = "scipy.stats._stats_py:PearsonRResult"
SPACE = "argparse:Namespace"
ONE = number(1)


def new_of(cls: str) -> bytes:
    return taken(named(cls), "__new__")


def anew(cls: str, *arguments: bytes, of: str = "", keywords: bytes = NONE, also: bytes = group()) -> bytes:
    """How protocols 2 and 3 write ``of.__new__(cls, *arguments, **keywords)``."""
    wrapped = calling("functools:partial", new_of(of or cls))
    state = group(new_of(of or cls), group(named(cls), *arguments), keywords, NONE)
    return given(wrapped, state) + also + b"R"


def wrapped(function: bytes, *arguments: bytes) -> bytes:
    """A partial that is kept for the program to call."""
    state = get(9) + group(*arguments) + NONE + NONE
    return kept(9, function) + given(calling("functools:partial", get(9)), MARK + state + b"t")


def changed_before_the_call(cls: str) -> bytes:
    uncalled = anew(cls, keywords=get(0), also=b"")[:-1]
    return kept(0, mapping()) + kept(1, uncalled) + get(0) + text("a") + ONE + b"s" + POP + get(1) + group() + b"R"


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_an_object_that_is_made_with_keywords_is_judged_as_its_class(protocol: int) -> None:
    assert refusals(pickle.dumps(Fields(a=1), protocol)) == [f"{__name__}:Fields is on no list"]


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param(anew(SPACE), id="no arguments"),
        pytest.param(anew(LINE, ONE, keywords=mapping((text("stderr"), ONE))), id="a tuple and a field beside it"),
        pytest.param(anew(PEARSON, ONE, of=PEARSON + "Base"), id="the base that the class has its new from"),
        pytest.param(changed_before_the_call(LINE), id="keywords that come later, and that the class takes"),
    ],
)
def test_the_new_of_a_class_makes_its_objects(fragment: bytes) -> None:
    assert refusals(pickled(fragment)) == []


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param(anew(SPACE, ONE), id="an argument that its class is never given"),
        pytest.param(anew(SPACE, keywords=mapping((text("a"), ONE))), id="a keyword that its class is never given"),
        pytest.param(changed_before_the_call(SPACE), id="a keyword that comes later to such a class"),
        pytest.param(anew(LINE, of=SPACE), id="an object of another class"),
        pytest.param(anew(PEARSON + "Base", of=PEARSON), id="a base"),
        pytest.param(anew(LINE, also=group(ONE)), id="the call is given more"),
        pytest.param(anew(LINE, keywords=mapping((ONE, ONE))), id="a keyword that is no text"),
        pytest.param(wrapped(anew(SPACE, also=b"")[:-1], ONE), id="a partial around it adds an argument"),
        pytest.param(wrapped(wrapped(named(SPACE)), ONE), id="as one does around a partial of the class"),
        pytest.param(call(calling("functools:partial", new_of(LINE))), id="called before it has a class"),
        pytest.param(calling("functools:partial", new_of(LINE), named(LINE)), id="its class is not in its state"),
        pytest.param(call(new_of(LINE), named(LINE)), id="called without a partial"),
        pytest.param(calling("collections:defaultdict", new_of(LINE)), id="kept as a factory"),
        pytest.param(given(new_of(LINE), mapping()), id="given a state"),
        pytest.param(anew("numpy:ndarray", group(ONE)), id="of a class that may not be kept"),
        pytest.param(anew("pandas:Categorical"), id="of a class whose objects crash without a state"),
        pytest.param(anew("subprocess:Popen"), id="of a class that no list has"),
        pytest.param(new_of("builtins:len"), id="of a function"),
    ],
)  # fmt: skip
def test_the_new_of_a_class_does_nothing_else(fragment: bytes) -> None:
    assert refusals(pickled(fragment))


def built_in(name: str) -> bytes:
    return calling("cloudpickle.cloudpickle:_builtin_type", text(name))


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        pytest.param(new(built_in("SimpleNamespace")), [], id="a namespace, as cloudpickle writes it"),
        pytest.param(
            new(built_in("SimpleNamespace"), ONE),
            ["types:SimpleNamespace: called with something else than no arguments"],
            id="and one that is given what namespaces are not",
        ),
        pytest.param(built_in("FunctionType"), ["types:FunctionType is on no list"], id="of functions"),
        pytest.param(
            built_in("ClassType"),
            ["cloudpickle.cloudpickle:_builtin_type: takes a type that no list has"],
            id="another name for type itself",
        ),
        pytest.param(
            built_in("SimpleNamespace.__init__"),
            ["cloudpickle.cloudpickle:_builtin_type: takes a type that no list has"],
            id="a dotted name",
        ),
    ],
)
def test_a_type_that_cloudpickle_names_must_be_on_a_list(fragment: bytes, said: list[str]) -> None:
    assert refusals(pickled(fragment)) == said


VECTORIZED = Hostile(
    "a vectorized function that is not to be kept so",
    given(
        new(named("numpy:vectorize")),
        attributes(
            pyfunc=PRINT,
            cache=FALSE,
            signature=NONE,
            otypes=text("O"),
            excluded=calling("builtins:set"),
            _ufunc=mapping(),
            _in_and_out_core_dims=NONE,
        ),
    ),
    "loaded(['EFFECT'])",
)


def test_a_vectorized_function_has_to_be_one_that_may_be_kept(tmp_path: Any) -> None:
    pytest.importorskip("numpy")
    assert has_effect(VECTORIZED, tmp_path)
    assert refusals(VECTORIZED.stream)


def test_a_picture_too_large_to_be_one_is_refused(tmp_path: Any) -> None:
    size = group(number(2**20), number(2**20))
    state = b"]" + b"(" + mapping() + text("RGB") + size + NONE + pickle.dumps(b"", 3)[2:-1] + b"e"
    row = Hostile("memory for the asking", given(new(named("PIL.Image:Image")), state), "loaded()")
    assert refusals(row.stream, book("pillow"))


FILTER = "statsmodels.tsa.statespace._kalman_filter:dKalmanFilter"
MODEL = "statsmodels.tsa.statespace._representation:zStatespace"


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param(calling(FILTER, NONE), id="nothing in the place of a model"),
        pytest.param(calling(FILTER, calling(MODEL)), id="a model of another kind of number"),
        pytest.param(calling(FILTER, number(1)), id="a number in the place of a model"),
        pytest.param(new(named(FILTER)), id="a filter that was never made"),
    ],
)
def test_a_filter_is_made_over_a_model_of_its_own_kind(fragment: bytes) -> None:
    assert refusals(pickled(fragment), book("statsmodels"))


ELEMENT = "xml.etree.ElementTree:Element"


@pytest.mark.parametrize("protocol", [2, 4])
def test_an_element_is_a_tag_texts_attributes_and_elements(protocol: int) -> None:
    tree = ElementTree.fromstring("<a b='1'>t<c/>u</a>")
    assert refusals(pickle.dumps(tree, protocol)) == []
    assert refusals(pickled(given(new(named(ELEMENT)), attributes(tag=PRINT))))
    assert refusals(pickled(given(new(named(ELEMENT)), attributes(tag=text("a"), _children=mapping()))))
    assert refusals(pickled(given(new(named(ELEMENT)), attributes(tag=text("a"), makeelement=PRINT))))
