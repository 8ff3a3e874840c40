"""Python: the data types of the standard library that people keep in a pickle."""
# ruff: noqa: E741, PLC3002, UP007, UP045 - one expression a case, and what is old is kept, too

import argparse
import array
import calendar
import collections
import collections.abc
import datetime as dt
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
import numbers
import operator
import optparse
import pathlib
import queue
import random
import re
import statistics
import string
import time
import types
import typing
import urllib.parse
import uuid
import xml.etree.ElementTree as ET
import zoneinfo
from http.cookies import SimpleCookie

from shapes import pickled

ENDLESS = "blocked: an iterator, which could be endless"
REACHES = "blocked: reaches into any object"

CASES = {
    "nested": pickled(
        lambda: {
            "a": [
                1,
                2.5,
                "x",
                b"y",
                None,
                True,
                (1, 2),
                {3},
                frozenset([4]),
                10**40,
                1 + 2j,
                bytearray(b"z"),
                ...,
                NotImplemented,
                slice(1, 2, 3),
                range(3),
            ]
        }
    ),
    "recursive": pickled(lambda: (lambda l: (l.append(l), l)[1])([1])),
    "OrderedDict": pickled(lambda: collections.OrderedDict(a=1)),
    "Counter": pickled(lambda: collections.Counter("abca")),
    "Counter sub": pickled(lambda: {"c": collections.Counter()}),
    "defaultdict list": pickled(lambda: collections.defaultdict(list, {"a": [1]})),
    "defaultdict int": pickled(lambda: collections.defaultdict(int, a=1)),
    "defaultdict dict": pickled(lambda: collections.defaultdict(dict, a={})),
    "defaultdict set": pickled(lambda: collections.defaultdict(set, a={1})),
    "defaultdict float": pickled(lambda: collections.defaultdict(float, a=1.0)),
    "defaultdict str": pickled(lambda: collections.defaultdict(str, a="")),
    "defaultdict Counter": pickled(lambda: collections.defaultdict(collections.Counter, a=collections.Counter("ab"))),
    "defaultdict OD": pickled(lambda: collections.defaultdict(collections.OrderedDict, a=collections.OrderedDict())),
    "defaultdict deque": pickled(lambda: collections.defaultdict(collections.deque)),
    "defaultdict tuple": pickled(lambda: collections.defaultdict(tuple)),
    "defaultdict bool": pickled(lambda: collections.defaultdict(bool)),
    "defaultdict partial dd": pickled(lambda: collections.defaultdict(functools.partial(collections.defaultdict, int))),
    "defaultdict partial dd list": pickled(
        lambda: collections.defaultdict(
            functools.partial(collections.defaultdict, list), a=collections.defaultdict(list, {1: [2]})
        )
    ),
    "defaultdict object": pickled(lambda: collections.defaultdict(object)),
    "defaultdict none": pickled(lambda: collections.defaultdict(None, a=1)),
    "dd nested partial": pickled(
        lambda: collections.defaultdict(
            functools.partial(collections.defaultdict, functools.partial(collections.defaultdict, float))
        )
    ),
    "deque": pickled(lambda: collections.deque([1, 2], 5)),
    "ChainMap": pickled(lambda: collections.ChainMap({1: 2}, {3: 4})),
    "UserDict": pickled(lambda: collections.UserDict(a=1)),
    "UserList": pickled(lambda: collections.UserList([1])),
    "UserString": pickled(lambda: collections.UserString("a")),
    "mappingproxy": pickled(lambda: dict(types.MappingProxyType({1: 2}))),
    "dict keys list": pickled(lambda: list({1: 2}.keys())),
    "date": pickled(lambda: dt.date(2020, 1, 2)),
    "datetime": pickled(lambda: dt.datetime(2020, 1, 2, 3, 4, 5, 6)),
    "datetime utc": pickled(lambda: dt.datetime(2020, 1, 2, tzinfo=dt.UTC)),
    "datetime tz": pickled(lambda: dt.datetime(2020, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=2), "x"))),
    "datetime zone": pickled(lambda: dt.datetime(2020, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))),
    "zone": pickled(lambda: zoneinfo.ZoneInfo("UTC")),
    "datetime fold": pickled(lambda: dt.datetime(2020, 1, 2, fold=1)),
    "time": pickled(lambda: dt.time(1, 2, 3, 4)),
    "timedelta": pickled(lambda: dt.timedelta(1, 2, 3)),
    "struct_time": pickled(lambda: time.gmtime(0)),
    "Decimal": pickled(lambda: decimal.Decimal("1.20")),
    "Decimal nan": pickled(lambda: decimal.Decimal("NaN")),
    "Decimal ctx": pickled(lambda: decimal.getcontext()),
    "Decimal tuple": pickled(lambda: decimal.Decimal("1.2").as_tuple()),
    "Fraction": pickled(lambda: fractions.Fraction(1, 3)),
    "uuid": pickled(lambda: uuid.UUID(int=5)),
    "uuid4": pickled(lambda: uuid.UUID(int=5, version=4)),
    "path": pickled(lambda: pathlib.Path("/a/b")),
    "purewin": pickled(lambda: pathlib.PureWindowsPath("c:/a")),
    "Random": pickled(lambda: random.Random(3)),
    "random state": pickled(lambda: random.getstate()),
    "re": pickled(lambda: re.compile("a+", re.IGNORECASE)),
    "re bytes": pickled(lambda: re.compile(b"a")),
    "re flag": pickled(lambda: re.IGNORECASE | re.MULTILINE),
    "re match group": pickled(lambda: re.match("a", "a").groups()),
    "SimpleNamespace": pickled(lambda: types.SimpleNamespace(a=1, b=types.SimpleNamespace(c=2))),
    "Namespace": pickled(lambda: argparse.Namespace(lr=0.1, device="cpu")),
    "optparse Values": pickled(lambda: optparse.Values({"a": 1})),
    "array i": pickled(lambda: array.array("i", [1, 2])),
    "array d": pickled(lambda: array.array("d", [1.0])),
    "array u": pickled(lambda: array.array("u", "ab")),
    "ip": pickled(lambda: ipaddress.ip_address("1.2.3.4")),
    "ipn": pickled(lambda: ipaddress.ip_network("10.0.0.0/8")),
    "ip6": pickled(lambda: ipaddress.ip_interface("::1/64")),
    "Template": pickled(lambda: string.Template("$a")),
    "partial": pickled(lambda: functools.partial(int, base=2)),
    "partial round": pickled(lambda: functools.partial(round, ndigits=2)),
    "operator add": pickled(lambda: operator.add),
    "operator itemgetter": pickled(lambda: operator.itemgetter(1), REACHES),
    "attrgetter": pickled(lambda: operator.attrgetter("a"), REACHES),
    "builtin len only": pickled(lambda: [len, sum, abs]),
    "min max": pickled(lambda: [min, max]),
    "sorted": pickled(lambda: sorted),
    "str.lower": pickled(lambda: str.lower),
    "str.split": pickled(lambda: [str.split, str.strip, str.upper]),
    "str.join bound": pickled(lambda: " ".join),
    "dict.get": pickled(lambda: dict.get),
    "types": pickled(
        lambda: [
            int,
            float,
            str,
            bool,
            bytes,
            list,
            dict,
            tuple,
            set,
            frozenset,
            complex,
            object,
            type,
            type(None),
            bytearray,
            range,
            slice,
        ]
    ),
    "NoneType": pickled(lambda: type(None)),
    "ellipsis type": pickled(lambda: type(...)),
    "typing": pickled(
        lambda: [
            list[int],
            dict[str, typing.Any],
            typing.Optional[int],
            typing.Union[int, str],
            tuple[int, ...],
            typing.Callable,
        ]
    ),
    "typing more": pickled(
        lambda: [typing.Literal["a"], typing.Any, typing.Sequence[float], typing.Iterable, typing.Callable[[int], str]]
    ),
    "typing TypeVar": pickled(lambda: typing.AnyStr),
    "generic alias": pickled(lambda: [list[int], dict[str, int], tuple[int, ...], set[str], int | None, int | str]),
    "BytesIO": pickled(lambda: io.BytesIO(b"abc")),
    "StringIO": pickled(lambda: io.StringIO("abc")),
    "count": pickled(lambda: itertools.count(3)),
    "chain": pickled(lambda: itertools.chain([1], [2]), ENDLESS),
    "iter": pickled(lambda: iter([1, 2]), ENDLESS),
    "HTTPStatus": pickled(lambda: http.HTTPStatus.OK),
    "logger": pickled(lambda: logging.getLogger("a")),
    "root logger": pickled(lambda: logging.getLogger()),
    "LogRecord": pickled(lambda: logging.makeLogRecord({"msg": "a"})),
    "logging level": pickled(lambda: logging.INFO),
    "calendar": pickled(lambda: calendar.TextCalendar()),
    "NormalDist": pickled(lambda: statistics.NormalDist(0, 1)),
    "exception": pickled(lambda: ValueError("a", 1)),
    "KeyError": pickled(lambda: KeyError("x")),
    "OSError": pickled(lambda: FileNotFoundError(2, "No", "f")),
    "exc cause": pickled(lambda: RuntimeError("x")),
    "JSONDecodeError": pickled(lambda: json.JSONDecodeError("a", "b", 0)),
    "StopIteration": pickled(lambda: StopIteration(3)),
    "UnicodeDecodeError": pickled(lambda: UnicodeDecodeError("utf8", b"abc", 0, 1, "r")),
    "Element": pickled(lambda: ET.fromstring("<a b='1'>t<c/></a>")),
    "ElementTree": pickled(lambda: ET.ElementTree(ET.fromstring("<a/>"))),
    "urlparse": pickled(lambda: urllib.parse.urlparse("http://a/b")),
    "urlsplit": pickled(lambda: urllib.parse.urlsplit("http://a/b")),
    "SimpleCookie": pickled(lambda: SimpleCookie("a=b")),
    "timezone": pickled(lambda: dt.UTC),
    "math.sqrt": pickled(lambda: [math.sqrt, math.log, math.pi]),
    "operator fns": pickled(lambda: [operator.mul, operator.eq]),
    "statistics mean": pickled(lambda: statistics.mean),
    "random.random fn": pickled(lambda: random.Random),
    "weekday": pickled(lambda: calendar.MONDAY),
    "queue.Empty": pickled(lambda: queue.Empty()),
    "abc": pickled(lambda: [collections.abc.Mapping, numbers.Number, numbers.Integral]),
    "TextIO": pickled(lambda: typing.TextIO),
    "datetime class": pickled(
        lambda: [dt.datetime, dt.date, dt.timedelta, decimal.Decimal, uuid.UUID, pathlib.Path, fractions.Fraction]
    ),
    "OrderedDict class": pickled(
        lambda: [collections.OrderedDict, collections.defaultdict, collections.Counter, collections.deque]
    ),
    "string Formatter": pickled(lambda: string.Formatter()),
    "warnings": pickled(lambda: [UserWarning, DeprecationWarning, FutureWarning("x")]),
}
