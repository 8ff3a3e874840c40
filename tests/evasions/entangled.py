"""Loads that begin inside other loads, in hooks and in traces, and errors that a program swallows."""

from __future__ import annotations

import importlib
import io
import pickle
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

from .builders import BINPERSID, SHELL, calling, given, mapping, named, new, octets, pickled, text
from .door import content, door, stream
from .rows import FILE, Row
from .subclasses import MADE_EARLY

PY: Final[Any] = pickle


class Nesting(pickle.Unpickler):
    """Reads another file, by another unpickler, before it finds what it was asked for."""

    def find_class(self, module: str, name: str) -> Any:
        with open("inner.bin", "rb") as opened:
            pickle.Unpickler(opened).load()
        return super().find_class(module, name)


class NestingInPython(PY._Unpickler):  # type: ignore[misc]
    """The same with the unpickler that is written in Python."""

    def find_class(self, module: str, name: str) -> Any:
        with open("inner.bin", "rb") as opened:
            PY._Unpickler(opened).load()
        return super().find_class(module, name)


class Twice(pickle.Unpickler):
    """Imports for itself what CPython's own find_class would not."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except Exception:  # noqa: BLE001 - the point: a refusal is swallowed
            return getattr(importlib.import_module(module), name)


class LoadingIds(pickle.Unpickler):
    """Objects outside of the stream are pickles in its ids."""

    def persistent_load(self, pid: bytes) -> object:
        return pickle.loads(pid)


class LoadingFile(io.RawIOBase):
    """A file that unpickles its index when it is first read."""

    def __init__(self) -> None:
        self.rest = io.BytesIO(pickle.dumps([1, 2]))
        self.indexed = False

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        if not self.indexed:
            self.indexed = True
            pickle.loads(content())
        return self.rest.readinto(into)


class Forgiving:
    """An object that loads what is in its state, and does without where it cannot."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            self.inner = pickle.loads(state["inner"])
        except Exception:  # noqa: BLE001 - the point
            self.inner = None


class Reduced(dict):  # type: ignore[type-arg]
    """A class of the program's whose own reduction is not what was written."""

    def __reduce_ex__(self, _protocol: Any) -> Any:
        return Reduced, ()

    def __setstate__(self, state: bytes) -> None:
        pickle.loads(state)


def allowed(*names: str) -> None:
    """Leave for these names, where there is a guard to give it."""
    safeload = sys.modules.get("safeload")
    if safeload is not None:
        safeload.allow(*(f"{__name__}:{name}" for name in names))


def forgiving() -> object:
    allowed("Forgiving")
    return pickle.load(stream())


def reduced() -> object:
    allowed("Reduced")
    return pickle.load(stream())


def state_of(name: str, key: str) -> Callable[[bytes], bytes]:
    """An object of a class above that gets a pickle to load."""

    def file(deed: bytes) -> bytes:
        inner = octets(pickled(deed))
        return pickled(given(new(named(f"{__name__}:{name}")), mapping((text(key), inner)) if key else inner))

    return file


def by_generator() -> object:
    """Two unpicklers, turn by turn, of which one has the stream."""
    unpicklers = [pickle.Unpickler(io.BytesIO(pickle.dumps([1]) * 2)), pickle.Unpickler(stream())]
    turns = (unpickler.load() for _ in range(2) for unpickler in unpicklers)
    return [next(turns), next(turns)]


def one_generator_in_another() -> object:
    def inner() -> Any:
        yield pickle.load(stream())

    class Lazy(pickle.Unpickler):
        def persistent_load(self, _pid: object) -> object:
            return next(inner())

    return Lazy(io.BytesIO(pickled(text("later") + BINPERSID))).load()


def shared_by_threads() -> object:
    """One unpickler, and each thread takes the next stream from it."""
    unpickler = pickle.Unpickler(io.BytesIO(pickle.dumps([1]) + content()))
    errors: list[BaseException] = []

    def take() -> None:
        try:
            unpickler.load()
        except BaseException as error:  # noqa: BLE001 - told in the end
            errors.append(error)

    for _ in range(2):
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    if errors:
        raise errors[0]
    return None


def same_unpickler_again() -> object:
    """A program that tries once more, with what it has."""
    opened = stream()
    unpickler = pickle.Unpickler(opened)
    try:
        return unpickler.load()
    except Exception:  # noqa: BLE001 - the point
        opened.seek(0)
        return unpickler.load()


def in_a_hook_before() -> object:
    """An audit hook that loads as soon as an unpickler looks something up."""
    done: list[object] = []

    def hook(event: str, _args: tuple[Any, ...]) -> None:
        if event == "pickle.find_class" and not done:
            done.append(event)
            pickle.load(stream())

    sys.addaudithook(hook)
    return pickle.loads(b"ccollections\nOrderedDict\n.")


def in_a_trace() -> object:
    """A trace function that loads from within whatever runs, the guard's own frames too."""
    done: list[BaseException | None] = []

    def trace(_frame: Any, _event: str, _arg: Any) -> Any:
        sys.settrace(None)
        try:
            pickle.load(stream())
        except BaseException as error:  # noqa: BLE001 - told in the end
            done.append(error)

    class Own(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return super().find_class(module, name)

    unpickler = Own(io.BytesIO(b"ccollections\nOrderedDict\n."))
    sys.settrace(trace)
    try:
        unpickler.load()
    finally:
        sys.settrace(None)
    for error in done:
        if error is not None:
            raise error
    return None


def in_a_profile() -> object:
    """The same by a profile function, at every call that is made while a load is judged."""
    done: list[BaseException] = []
    begun: list[object] = []

    def profile(_frame: Any, _event: str, _arg: Any) -> None:
        if begun:
            return
        begun.append(_frame)
        sys.setprofile(None)
        try:
            pickle.load(stream())
        except BaseException as error:  # noqa: BLE001 - told in the end
            done.append(error)

    sys.setprofile(profile)
    try:
        pickle.loads(b"ccollections\nOrderedDict\n.")
    finally:
        sys.setprofile(None)
    if done:
        raise done[0]
    return None


def with_part(deed: bytes) -> dict[str, bytes]:
    return {FILE: pickled(named("collections:OrderedDict")), "inner.bin": pickled(deed)}


ROWS: Final = (
    door(
        "unpickler_built_in_find_class",
        lambda: Nesting(stream()).load(),
        file=with_part,
        gaps={"twin late without C": "a find_class that was there before the guard is asked for names alone"},
    ),
    door("unpickler_built_in_find_class_in_python", lambda: NestingInPython(stream()).load(), file=with_part),
    door("find_class_that_swallows_a_refusal", lambda: Twice(stream()).load(), gaps=MADE_EARLY),
    door(
        "persistent_load_that_loads",
        lambda: LoadingIds(stream()).load(),
        file=lambda deed: pickled(octets(pickled(deed)) + BINPERSID),
    ),
    door("file_that_loads_while_it_is_read", lambda: pickle.load(io.BufferedReader(LoadingFile()))),
    door("generators_turn_by_turn", by_generator),
    door("generator_inside_a_load", one_generator_in_another),
    door("unpickler_shared_by_threads", shared_by_threads),
    door("same_unpickler_after_a_refusal", same_unpickler_again),
    door("in_an_audit_hook", in_a_hook_before),
    door("in_a_trace_function", in_a_trace),
    door("in_a_profile_function", in_a_profile),
    Row(id="error_swallowed_in_setstate", file=state_of("Forgiving", "inner"), load=forgiving, refused=False),
    Row(id="reduction_of_a_subclass", file=state_of("Reduced", ""), load=reduced),
    Row(
        id="call_written_by_a_reduction",
        file=lambda _: pickled(calling("os:system", text(SHELL))),
        load=reduced,
    ),
)
