"""The one shape of a case: how a library writes a file, how it reads it, and what is expected of safeload."""

import hashlib
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WORKS = "works"


@dataclass(frozen=True)
class Case:
    """One file.

    Attributes:
        make: writes it to a path with the library's own function, in a process without safeload.
        load: reads it as the library's users do.
        expect: ``works`` under the default policy, ``with NAME`` under it and one named profile
            (or ``with NAME, NAME``), or ``blocked: why`` by design.
    """

    make: Callable[[Path], Any]
    load: Callable[[Path], Any]
    expect: str = WORKS


def pickled(factory: Callable[[], Any], expect: str = WORKS, protocol: int | None = None) -> Case:
    """By ``pickle.dump`` and ``pickle.load``."""

    def load(path: Path) -> Any:
        with path.open("rb") as file:
            return pickle.load(file)

    return Case(lambda path: path.write_bytes(pickle.dumps(factory(), protocol)), load, expect)


def joblibbed(factory: Callable[[], Any], expect: str = WORKS, **keywords: Any) -> Case:
    """By ``joblib.dump`` and ``joblib.load``."""

    def make(path: Path) -> None:
        import joblib

        joblib.dump(factory(), path, **keywords)

    def load(path: Path) -> Any:
        import joblib

        return joblib.load(path)

    return Case(make, load, expect)


def torched(factory: Callable[[], Any], expect: str = WORKS, load: Any = None, **keywords: Any) -> Case:
    """By ``torch.save`` and ``torch.load``, whole objects included."""
    reading = {"map_location": "cpu", "weights_only": False} | (load or {})

    def make(path: Path) -> None:
        import torch

        torch.save(factory(), path, **keywords)

    def read(path: Path) -> Any:
        import torch

        return torch.load(path, **reading)

    return Case(make, read, expect)


def without(value: Any, name: str) -> Any:
    """The object less an attribute, in it and in what it holds, that differs with the time."""
    held, met = [value], set()
    while held:
        one = held.pop()
        inside = getattr(one, "__dict__", None)
        if id(one) in met or type(inside) is not dict or isinstance(one, type):
            continue
        met.add(id(one))
        inside.pop(name, None)
        held += inside.values()
    return value


def fingerprint(value: Any) -> str:
    """A digest that is equal for equal values: of all they hold, whatever else a library would save with it.

    What a library writes is no measure: addresses and unset padding between a structure's fields stand in it.
    """
    sys.setrecursionlimit(100_000)
    walk = Walk()
    walk.add(value)
    return walk.digest.hexdigest()[:16]


class Walk:
    """Goes through a value once; what is met again is told by when it was met first."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.met: dict[int, tuple[int, Any]] = {}

    def note(self, *words: Any) -> None:
        self.digest.update(repr(words).encode("utf-8", "surrogatepass"))

    def add(self, value: Any) -> None:
        if value is None or type(value) in (bool, int, float, complex, str, bytes):
            return self.note(value)
        if id(value) in self.met:
            return self.note("again", self.met[id(value)][0])
        self.met[id(value)] = len(self.met), value  # kept, or its id would be another's
        self.note(type(value).__qualname__)
        if isinstance(value, type) or type(value).__name__ in ("function", "builtin_function_or_method", "ufunc"):
            return self.note(getattr(value, "__module__", ""), getattr(value, "__qualname__", value.__name__))
        if type(value) in (dict, list, tuple):
            return self.all(value.items() if type(value) is dict else value)
        if isinstance(value, set | frozenset):
            return self.note(sorted(map(repr, value)))
        return self.other(value)

    def all(self, values: Any) -> None:
        for item in values:
            self.add(item)

    def other(self, value: Any) -> None:
        if hasattr(value, "untyped_storage"):
            return self.tensor(value)
        if hasattr(value, "dtype") and hasattr(value, "tobytes") and hasattr(value, "shape"):
            return self.array(value)
        if type(value).__name__ in ("TypedStorage", "UntypedStorage"):
            return self.all(value.tolist())
        if type(value).__name__ == "RandomState":  # from an old file, each load gives it a seed of its own beside
            return self.add(value.get_state())
        try:
            return self.all(value.__reduce_ex__(4) if not hasattr(value, "__getnewargs_ex__") else [repr(value)])
        except Exception:  # noqa: BLE001 - what cannot be saved is known by its attributes
            return self.add(dict(getattr(value, "__dict__", {})))

    def tensor(self, value: Any) -> None:
        self.note(str(value.dtype), tuple(value.shape), value.requires_grad)
        plain = value.detach().cpu()
        dense = plain if str(plain.layout) == "torch.strided" else plain.to_dense()
        try:
            self.digest.update(dense.contiguous().reshape(-1).view(_byte()).numpy())
        except RuntimeError:  # quantized, or without storage
            self.note(str(dense))

    def array(self, value: Any) -> None:
        self.note(str(value.dtype), value.shape)
        if hasattr(value, "mask"):
            return self.all((value.data, value.mask))
        if value.dtype.names:
            return self.all(value[name] for name in value.dtype.names)
        if value.dtype.hasobject:
            return self.all(value.ravel().tolist())
        return self.digest.update(value.tobytes())


def _byte() -> Any:
    import torch

    return torch.uint8
