"""What honest programs keep in pickles, at every protocol: the lists let all of it pass."""

from __future__ import annotations

import argparse
import array
import collections
import collections.abc
import dataclasses
import datetime
import decimal
import fractions
import functools
import http
import io
import ipaddress
import itertools
import json
import logging
import math
import operator
import pathlib
import pickle
import random
import re
import signal
import statistics
import string
import time
import types
import typing
import urllib.parse
import uuid
import zoneinfo
from typing import Any, Final

import pytest

from .judged import refusals

UTC: Final = datetime.UTC
WITH_ATTRIBUTES: Final = collections.OrderedDict(a=1)
WITH_ATTRIBUTES._metadata = {"version": 1}  # type: ignore[attr-defined]  # as torch does

NESTED: list[Any] = []
NESTED.append({"self": NESTED})

BUILTINS: Final[dict[str, Any]] = {
    "scalars": [None, True, 1, 2**80, 1.5, "text é", b"", b"bytes \xff"],
    "containers": [(), (1,), [1, 2], {"a": 1}, {1, 2}, set(), frozenset({1})],
    "recursion": NESTED,
    "bytearrays": [bytearray(b"ab"), bytearray()],
    "complex": 1 + 2j,
    "slice": slice(1, None, 2),
    "range": range(3, 10, 2),
    "types": [int, float, str, bytes, list, dict, tuple, set, object, bool, complex, type],
    "singleton types": [type(None), type(...), type(NotImplemented)],
    "singletons": [..., NotImplemented],
    "sentinel": object(),
    "functions": [len, abs, hash, repr],
    "exceptions": [ValueError("x"), KeyError("a"), OSError(2, "m", "file"), StopIteration(3)],
    "import error": ImportError("x", name="n"),
    "exception with attributes": pickle.loads(b"\x80\x04\x8c\x08builtins\x8c\x0aValueError\x93)R."),
    "exception group": ExceptionGroup("several", [ValueError(1), TypeError(2)]),
    "unicode error": UnicodeDecodeError("utf8", b"abc", 0, 1, "reason"),
}
BUILTINS["exception with attributes"].code = 3

STDLIB: Final[dict[str, Any]] = {
    "OrderedDict": [collections.OrderedDict(a=1), WITH_ATTRIBUTES],
    "defaultdict": [collections.defaultdict(f, {1: f()}) for f in (int, list, dict, set, str)],
    "nested defaultdict": collections.defaultdict(functools.partial(collections.defaultdict, int)),
    "defaultdict without factory": collections.defaultdict(None, {1: 2}),
    "Counter": collections.Counter("hello"),
    "deque": [collections.deque([1, 2]), collections.deque([1], 3)],
    "ChainMap": collections.ChainMap({"a": 1}, {}),
    "user containers": [collections.UserDict(a=1), collections.UserList([1])],
    "UserString": collections.UserString("a"),
    "date": datetime.date(2024, 2, 29),
    "datetime": [datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)],
    "datetime in UTC": datetime.datetime(2020, 1, 1, tzinfo=UTC),
    "datetime in the fold": datetime.datetime(2020, 10, 25, 2, fold=1),
    "datetime in a zone": datetime.datetime(2020, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
    "time": [datetime.time(1, 2, 3, 4), datetime.time(23, fold=1), datetime.time(1, tzinfo=UTC)],
    "timedelta": [datetime.timedelta(1, 2, 3), datetime.timedelta.max],
    "timezone": [UTC, datetime.timezone(datetime.timedelta(hours=1), "CET")],
    "zone": zoneinfo.ZoneInfo("UTC"),
    "struct_time": time.localtime(0),
    "Decimal": [decimal.Decimal("1.50"), decimal.Decimal("NaN"), decimal.Decimal("-Infinity")],
    "decimal context": decimal.getcontext(),
    "Fraction": fractions.Fraction(-1, 3),
    "UUID": [uuid.UUID(int=5), uuid.uuid4()],
    "path": [pathlib.Path("/a/b"), pathlib.Path(), pathlib.PureWindowsPath("c:/x")],
    "addresses": [ipaddress.ip_address("1.2.3.4"), ipaddress.ip_address("::1%eth0")],
    "networks": [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_interface("1.2.3.4/24")],
    "pattern": [re.compile("a+", re.IGNORECASE), re.compile(b"b"), re.compile("(?x) c")],
    "SimpleNamespace": types.SimpleNamespace(a=1, b=[2]),
    "Namespace": argparse.Namespace(lr=0.1, append=True),
    "Random": random.Random(3),
    "array": [array.array(code, [1, 2]) for code in "bBhHiIlLqQfd"],
    "empty array": array.array("d"),
    "Template": string.Template("$x"),
    "BytesIO": io.BytesIO(b"abc"),
    "StringIO": io.StringIO("abc"),
    "NormalDist": statistics.NormalDist(1, 2),
    "HTTP": [http.HTTPStatus.OK, http.HTTPMethod.GET],
    "URL": [urllib.parse.urlparse("http://a/b?c=d"), urllib.parse.urlsplit(b"http://a")],
    "typing": [typing.Any, typing.Optional[int], typing.List[int], typing.Dict[str, float]],  # noqa: UP006, UP045
    "Callable": typing.Callable[[int], str],
    "Literal": typing.Literal["a", 1],
    "generic alias": [list[int], dict[str, list[float]], tuple[int, ...]],
    "union": int | None,
    "abstract classes": [collections.abc.Mapping, collections.abc.Sequence],
    "logger": [logging.getLogger("app.x"), logging.getLogger()],
    "log record": logging.LogRecord("a", 20, "p", 1, "m %s", (1,), None),
    "signal": signal.SIGINT,
    "partial": [functools.partial(math.sqrt), functools.partial(int, base=2)],
    "count": itertools.count(3),
    "operators": [operator.add, operator.mul, math.sin],
    "MISSING": dataclasses.MISSING,
    "flags": re.RegexFlag(10),
    "JSON error": json.JSONDecodeError("bad", "text", 1),
}


def cases(values: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("value", values.values(), ids=values.keys())


def check(value: Any) -> None:
    written = 0
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        try:
            stream = pickle.dumps(value, protocol)
        except TypeError:  # BytesIO and its like need protocol 2
            assert protocol < 2
            continue
        assert refusals(stream) == [], protocol
        written += 1
    assert written >= 4


@cases(BUILTINS)
def test_builtins(value: Any) -> None:
    check(value)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@cases(STDLIB)
def test_stdlib(value: Any) -> None:
    check(value)
