"""``getattr`` in a stream hands out what a list names whole, and nothing else."""

from __future__ import annotations

import pickle
import re
from typing import Any
from xml.etree import ElementTree

import pytest
from evasions.builders import FALSE, NONE, call, calling, given, group, mapping, named, new, number, pickled, text

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
