"""What people really put into pickles: values of the language, the standard library and science.

Each row makes its value anew. ``OWN`` are the user's own classes: no shipped list can name them, so the
programs that load them are told to allow ``ALLOW``.
"""

from __future__ import annotations

import array
import collections
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import re
import time
import types
import uuid
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Plain:
    def __init__(self) -> None:
        self.name, self.parts = "plain", [1, {"two": 2}]

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self) -> None:
        self.left, self.right = (1, 2), "r"

    def __getstate__(self) -> Any:  # or protocols 0 and 1 cannot write it
        return None, {"left": self.left, "right": self.right}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Slotted) and (other.left, other.right) == (self.left, self.right)

    __hash__ = None  # type: ignore[assignment]


class Row(NamedTuple):
    key: str
    size: int


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"


@dataclass
class Config:
    rate: float = 0.1
    layers: list[int] = field(default_factory=lambda: [64, 32])
    when: dt.date = dt.date(2026, 1, 2)


class Stack(list[int]):
    """A subclass of a builtin."""


OWN: dict[str, Callable[[], Any]] = {
    "object of a class": Plain,
    "object with slots": Slotted,
    "named tuple": lambda: [Row("a", 1), Row("b", 2)],
    "enum": lambda: {Colour.RED: [Colour.BLUE]},
    "dataclass": Config,
    "list subclass": lambda: Stack([1, 2]),
}
ALLOW = ",".join(f"everyday_values:{cls}" for cls in ("Plain", "Slotted", "Row", "Colour", "Config", "Stack"))

EVERYDAY: dict[str, Callable[[], Any]] = {
    "None and booleans": lambda: [None, True, False],
    "ints": lambda: [0, -1, 2**31, -(2**63), 10**60],
    "floats": lambda: [0.1, -0.0, float("inf"), 1e-308],
    "complex": lambda: 1 + 2j,
    "text": lambda: ["", "naïve ünïcode 🎈", "a\nb\x00", "x" * 300],
    "bytes": lambda: [b"", b"\x00\xff\n", b"y" * 70_000],
    "bytearray": lambda: bytearray(b"\x80abc"),
    "tuples": lambda: ((), (1,), (1, 2, 3, 4, (5,))),
    "nested lists and dicts": lambda: {"a": [{"b": [1, {"c": ()}]}], 2: None, (1, 2): "t"},
    "sets": lambda: [{1, "a"}, set(), frozenset({2, (3,)})],
    "range and slice": lambda: [range(1, 9, 2), slice(1, None, 3)],
    "singletons": lambda: [Ellipsis, NotImplemented],
    "types": lambda: [int, str, dict, list, type(None), dt.date],
    "shared and repeated": lambda: [x := [1], x, {"again": x}],
    "date": lambda: dt.date(2026, 1, 2),
    "time": lambda: [dt.time(1, 2, 3, 4), dt.time(5, tzinfo=dt.UTC)],
    "datetime": lambda: dt.datetime(2026, 1, 2, 3, 4, 5, 6),
    "datetime, UTC": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
    "datetime, offset": lambda: dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=5), "X")),
    "datetime, zone": lambda: dt.datetime(2026, 1, 2, tzinfo=zoneinfo.ZoneInfo("Europe/Vienna")),
    "timedelta": lambda: dt.timedelta(1, 2, 3),
    "struct_time": lambda: time.gmtime(0),
    "Decimal": lambda: [decimal.Decimal("1.10"), decimal.Decimal("NaN").is_nan(), decimal.Decimal("-Infinity")],
    "Fraction": lambda: fractions.Fraction(3, 7),
    "UUID": lambda: uuid.UUID(int=5),
    "paths": lambda: [pathlib.Path("a/b"), pathlib.PurePosixPath("/c"), pathlib.PureWindowsPath("d")],
    "addresses": lambda: [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("fd00::/8")],
    "pattern": lambda: re.compile(r"(?P<x>a+)b", re.IGNORECASE),
    "OrderedDict": lambda: collections.OrderedDict([("b", 1), ("a", [2])]),
    "Counter": lambda: collections.Counter("hello"),
    "defaultdict of int": lambda: collections.defaultdict(int, a=1),
    "defaultdict of list": lambda: collections.defaultdict(list, a=[1]),
    "deque": lambda: [collections.deque([1, 2], maxlen=5), collections.deque()],
    "ChainMap": lambda: collections.ChainMap({"a": 1}, {"b": 2}),
    "UserDict": lambda: collections.UserDict(a=1),
    "SimpleNamespace": lambda: types.SimpleNamespace(a=1, b=[2]),
    "array": lambda: [array.array("d", [1.5, 2]), array.array("B", b"ab")],
    "exceptions": lambda: [ValueError("bad", 3), KeyError("k"), OSError(2, "gone")],
    "functions of the language": lambda: [len, sum, abs],
    "argparse": lambda: __import__("argparse").Namespace(rate=0.1, files=["a"]),
}


def science() -> dict[str, Callable[[], Any]]:
    """The rows that numpy, scipy, pandas and scikit-learn make possible."""
    import numpy as np
    import pandas as pd
    import scipy.sparse as sp
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    data, target = np.arange(24.0).reshape(12, 2), np.arange(12) % 2
    times = pd.date_range("2026-01-01", periods=3, tz="UTC")
    frame = pd.DataFrame({"n": [1, 2, 3], "t": ["a", "b", None], "w": times, "c": pd.Categorical(list("aba"))})
    return {
        "array": lambda: np.arange(6.0).reshape(2, 3),
        "Fortran array": lambda: np.asfortranarray(np.arange(6).reshape(2, 3)),
        "structured array": lambda: np.array([(1, 2.5, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U3")]),
        "array of objects": lambda: np.array([1, "two", [3], None], dtype=object),
        "dates": lambda: np.array(["2026-01-01", "NaT"], dtype="datetime64[D]"),
        "numpy scalars": lambda: [np.float32(1.5), np.int64(3), np.bool_(True), np.str_("x"), np.datetime64("2026")],
        "dtypes": lambda: [np.dtype("f4"), np.dtype([("a", "i4")]), np.float64],
        "masked array": lambda: np.ma.masked_array([1, 2, 3], mask=[0, 1, 0]),
        "Generator": lambda: np.random.default_rng(3),
        "RandomState": lambda: np.random.RandomState(3),
        "Series": lambda: pd.Series([1.5, None, 3], name="s", index=list("abc")),
        "DataFrame": lambda: frame,
        "MultiIndex": lambda: frame.set_index(["n", "t"]).index,
        "Timestamp": lambda: [pd.Timestamp("2026-01-02", tz="Europe/Vienna"), pd.Timedelta("1h"), pd.Period("2026Q1")],
        "sparse": lambda: sp.csr_matrix(np.eye(4)),
        "LinearRegression": lambda: LinearRegression().fit(data, target),
        "Pipeline": lambda: Pipeline([("s", StandardScaler()), ("f", LogisticRegression())]).fit(data, target),
        "forest": lambda: RandomForestClassifier(5, random_state=0).fit(data, target),
        "dict of arrays": lambda: {"X": data, "y": [target, {"deep": data[0]}]},
    }


def torch_values() -> dict[str, Callable[[], Any]]:
    """What torch's own weights-only loading takes."""
    import torch

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    adam = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3)).sum().backward()
    adam.step()
    return {
        "tensor": lambda: torch.arange(6.0).reshape(2, 3),
        "tensors of all kinds": lambda: [
            torch.tensor([1, 2], dtype=dtype) for dtype in (torch.bfloat16, torch.int8, torch.bool)
        ],
        "shared storage": lambda: [t := torch.arange(4.0), t[1:], t.T],
        "Parameter": lambda: torch.nn.Parameter(torch.ones(2)),
        "sparse tensor": lambda: torch.eye(3).to_sparse(),
        "state dict": model.state_dict,
        "optimizer": adam.state_dict,
        "checkpoint": lambda: {"model": model.state_dict(), "epoch": 3, "loss": 0.5, "tags": ["a"]},
        "Size and dtype": lambda: [torch.Size([1, 2]), torch.float32, torch.device("cpu")],
    }
