"""What programs do around a load, and to the pickle module."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import copy
import importlib
import importlib.util
import pickle
import sys
import threading
import types
from typing import Any, Final

from .builders import PYTHON, calling, named, pickled, text
from .door import content, door, stream
from .rows import FILE, Row

C: Final = importlib.import_module("_pickle")
PY: Final[Any] = pickle


def in_thread() -> object:
    results: list[object] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(pickle.load(stream()))
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results


def in_pool() -> object:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        return pool.submit(pickle.loads, content()).result()


def in_event_loop() -> object:
    async def work() -> object:
        return await asyncio.to_thread(pickle.loads, content())

    return asyncio.run(work())


def again_and_again() -> object:
    """A program that takes any failure for a passing one."""
    for _ in range(5):
        with contextlib.suppress(Exception):
            return pickle.load(stream())
    return pickle.load(stream())


def with_other_loaders() -> object:
    """A program that tries every loader it knows."""
    for load in (pickle.load, PY._load, C.load):
        with contextlib.suppress(Exception):
            return load(stream())
    return pickle.Unpickler(stream()).load()


def recv(data: bytes) -> object:
    """A user's function with the name of one that reads pipes."""
    return pickle.loads(data)


def get() -> object:
    return recv(content())


def from_main() -> object:
    main = types.ModuleType("__main__")
    code = "import pickle\ndef _main():\n    return pickle.load(open('model.bin', 'rb'))"
    exec(code, vars(main))
    return main._main()


def by_map() -> object:
    return next(map(pickle.loads, [content()]))


def by_sort_key() -> object:
    return sorted([content()], key=pickle.loads)


def in_destructor() -> object:
    errors: list[BaseException] = []

    class Resource:
        def __del__(self) -> None:
            try:
                pickle.load(stream())
            except BaseException as error:  # noqa: BLE001 - an error in __del__ goes nowhere
                errors.append(error)

    resource = Resource()
    del resource
    if errors:
        raise errors[0]
    return None


def by_deepcopy() -> object:
    class Copied:
        def __reduce__(self) -> Any:
            return pickle.loads, (content(),)

    return copy.deepcopy(Copied())


def fresh_pickle() -> object:
    """pickle imported anew."""
    del sys.modules["pickle"]
    return importlib.import_module("pickle").load(stream())


def reloaded_pickle() -> object:
    return importlib.reload(pickle).load(stream())


def fresh_c_pickle() -> object:
    del sys.modules["_pickle"]
    del sys.modules["pickle"]
    return importlib.import_module("_pickle").loads(content())


def pickle_without_c() -> object:
    sys.modules["_pickle"] = None  # type: ignore[assignment]
    del sys.modules["pickle"]
    return importlib.import_module("pickle").load(stream())


def copy_of_pickle() -> object:
    """A copy of pickle.py in the program's own tree."""
    spec = importlib.util.spec_from_file_location("vendored_pickle", PY.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module._load(stream())


SURROUNDINGS: Final = (
    door("in_a_thread", in_thread),
    door("in_a_thread_pool", in_pool),
    door("in_an_event_loop", in_event_loop),
    door("in_a_destructor", in_destructor),
    door("by_map", by_map),
    door("by_sort_key", by_sort_key, twin=False),
    door("by_deepcopy_of_a_reduction", by_deepcopy),
    door("again_after_every_refusal", again_and_again),
    door("other_loaders_after_a_refusal", with_other_loaders),
    door("function_called_recv", get),
    door("function_called_main", from_main),
    door("pickle_imported_anew", fresh_pickle),
    door("pickle_reloaded", reloaded_pickle),
    door("c_pickle_imported_anew", fresh_c_pickle),
    door("pickle_imported_without_c", pickle_without_c),
    door("copy_of_the_pickle_module", copy_of_pickle),
)


def beside_the_model(code: bytes) -> dict[str, bytes]:
    """A model that names a listed library which is not installed, and a file of that name beside it."""
    return {FILE: pickled(code), "pytz.py": f"{PYTHON}\nUTC = 1\ndef _p(*_): pass\n".encode()}


BESIDE: Final = (
    Row(id="value_of_a_listed_module_beside_the_model", file=lambda _: beside_the_model(named("pytz:UTC"))),
    Row(
        id="function_of_a_listed_module_beside_the_model",
        file=lambda _: beside_the_model(calling("pytz:_p", text("UTC"))),
    ),
)


ROWS: Final = (*SURROUNDINGS, *BESIDE)
