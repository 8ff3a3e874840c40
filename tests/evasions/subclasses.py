"""Unpicklers of a program's own, whose find_class does more or less than CPython's."""

from __future__ import annotations

import functools
import importlib
import operator
import pickle
import pkgutil
import sys
import types
from typing import Any, Final

from .archives import torch_legacy, torch_zip
from .builders import (
    PYTHON,
    SHELL,
    calling,
    named,
    pickled,
    text,
)
from .door import door, stream
from .rows import FILE, Files

PY: Final[Any] = pickle

MADE_EARLY: Final = {
    "late without C": "without the C part, a subclass made before the guard keeps CPython's own load, "
    "and a find_class that imports by itself raises no event"
}


class WithSuper(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name)


class Renaming(pickle.Unpickler):
    """Maps names of an older release of the program to today's."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class({"old_package": "os"}.get(module, module), name)


class ByImport(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByDunderImport(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        __import__(module)
        return getattr(sys.modules[module], name)


class ByResolveName(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return pkgutil.resolve_name(f"{module}:{name}")


def lookup(module: str, name: str) -> Any:
    return operator.attrgetter(name)(importlib.import_module(module))


class ByHelper(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return lookup(module, name)


class ByMethod(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return self.resolve(module, name)

    def resolve(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByPrefix(pickle.Unpickler):
    """A program's own guard: any name of a library that it trusts."""

    def find_class(self, module: str, name: str) -> Any:
        if module.partition(".")[0] in ("numpy", "torch", "builtins"):
            return super().find_class(module, name)
        msg = f"{module}.{name} is forbidden"
        raise pickle.UnpicklingError(msg)


class ByImportInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


class ByHelperInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return lookup(module, name)


class WithSuperInPython(PY._Unpickler):  # type: ignore[misc]
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name)


class ByDefault(pickle.Unpickler):
    """A function is no table because it comes as a default."""

    def find_class(self, module: str, name: str, otherwise: Any = lookup) -> Any:
        return super().find_class(module, name) if module == "collections" else otherwise(module, name)


class ByDefaultOfAKeyword(pickle.Unpickler):
    def find_class(self, module: str, name: str, *, otherwise: Any = lookup) -> Any:
        return super().find_class(module, name) if module == "collections" else otherwise(module, name)


class ByGet(pickle.Unpickler):
    """A method of the program's, with the name of a table's."""

    def get(self, module: str, name: str) -> Any:
        return lookup(module, name)

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if module == "collections" else self.get(module, name)


FINDERS: Final = {"otherwise": lookup}


class ByTableOfFunctions(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if module == "collections" else FINDERS["otherwise"](module, name)


class Found(dict[tuple[str, str], Any]):
    def __missing__(self, key: tuple[str, str]) -> Any:
        return lookup(*key)


FOUND: Final = Found()


class ByTableThatFills(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return super().find_class(module, name) if module == "collections" else FOUND[module, name]


class AboveByHelper(ByHelper):
    """Renames, and hands on to one that does not."""

    def find_class(self, module: str, name: str) -> Any:
        return super().find_class({"old": "new"}.get(module, module), name)


class BesideByHelper(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return ByHelper.find_class(self, module, name)  # type: ignore[arg-type]  # no matter to Python


def at_a_plant(_: bytes) -> Files:
    """A module of the attacker's: its import is the deed."""
    return {FILE: pickled(named("plant:grow")), "plant.py": f"{PYTHON}\ndef grow(*given): return given\n".encode()}


IMPORTING: Final = {
    "a_default": ByDefault,
    "a_default_of_a_keyword": ByDefaultOfAKeyword,
    "a_method_named_as_a_tables": ByGet,
    "a_table_of_functions": ByTableOfFunctions,
    "a_table_that_fills": ByTableThatFills,
    "one_above_it": AboveByHelper,
    "one_beside_it": BesideByHelper,
}


class WithCallable(pickle.Unpickler):
    """find_class that is no function but an object."""

    class Finder:
        def __call__(self, module: str, name: str) -> Any:
            return lookup(module, name)

    find_class = Finder()


class WithAnOpcodeOfItsOwn(ByImportInPython):
    """Reads a format that begins like no pickle, and imports by itself."""

    dispatch = {**PY._Unpickler.dispatch, 0xF0: lambda _self: None}  # noqa: RUF012 - as pickle has it


class WithPartial(pickle.Unpickler):
    find_class = staticmethod(functools.partial(lookup))


class WithBuiltin(pickle.Unpickler):
    """find_class that is a builtin function: no code to read."""

    find_class = staticmethod(lambda module, name: lookup(module, name))


def on_instance() -> object:
    class Unpickler(pickle.Unpickler):
        pass

    unpickler = Unpickler(stream())
    unpickler.find_class = lookup  # type: ignore[method-assign]
    return unpickler.load()


def replaced_on_the_class() -> object:
    class Unpickler(pickle.Unpickler):
        pass

    Unpickler.find_class = lambda _, module, name: lookup(module, name)  # type: ignore[method-assign]
    return Unpickler(stream()).load()


def hidden_by_getattribute() -> object:
    class Unpickler(pickle.Unpickler):
        def __getattribute__(self, name: str) -> Any:
            return lookup if name == "find_class" else super().__getattribute__(name)

    return Unpickler(stream()).load()


def renamed(_: bytes) -> bytes:
    return pickled(calling("old_package:system", text(SHELL)))


def own_module() -> types.ModuleType:
    """A pickle module of the program's, for torch to load with."""
    module = types.ModuleType("own_pickle")
    vars(module).update(Unpickler=ByImport, load=lambda f, **_: ByImport(f).load())
    return module


def torch_load() -> object:
    import torch

    return torch.load(FILE, pickle_module=own_module())


SUBCLASSES: Final = (
    door("find_class_with_super", lambda: WithSuper(stream()).load()),
    door("find_class_that_renames", lambda: Renaming(stream()).load()),
    door(
        "find_class_that_renames_to_the_deed",
        lambda: Renaming(stream()).load(),
        file=renamed,
        twin=False,
    ),
    door("find_class_by_import_module", lambda: ByImport(stream()).load(), gaps=MADE_EARLY),
    door("find_class_by_dunder_import", lambda: ByDunderImport(stream()).load(), gaps=MADE_EARLY),
    door("find_class_by_resolve_name", lambda: ByResolveName(stream()).load(), gaps=MADE_EARLY),
    door("find_class_by_a_function_elsewhere", lambda: ByHelper(stream()).load(), gaps=MADE_EARLY),
    door("find_class_by_another_method", lambda: ByMethod(stream()).load(), gaps=MADE_EARLY),
    door(
        "find_class_by_prefix",
        lambda: ByPrefix(stream()).load(),
        file=lambda _: pickled(calling("numpy.testing._private.utils:runstring", text(PYTHON), b"}")),
        needs=("numpy",),
        twin=False,
        known="ragflow#1240",
    ),
    door(
        "find_class_by_prefix_of_builtins",
        lambda: ByPrefix(stream()).load(),
        file=lambda _: pickled(calling("builtins:eval", text(PYTHON))),
        twin=False,
    ),
    door("find_class_with_super_in_python", lambda: WithSuperInPython(stream()).load()),
    door("find_class_by_import_module_in_python", lambda: ByImportInPython(stream()).load()),
    door("find_class_by_a_function_elsewhere_in_python", lambda: ByHelperInPython(stream()).load()),
    door(
        "find_class_by_import_module_behind_an_opcode_of_its_own",
        lambda: WithAnOpcodeOfItsOwn(stream()).load(),
        file=lambda deed: b"\xf0" + pickled(deed),
        twin=False,
    ),
    *(
        door(
            f"find_class_that_imports_through_{way}",
            lambda cls=cls: cls(stream()).load(),  # type: ignore[misc]  # mypy sees no type in a default
            file=at_a_plant,
            twin=False,
            gaps=MADE_EARLY,
        )
        for way, cls in IMPORTING.items()
    ),
    door("find_class_that_is_an_object", lambda: WithCallable(stream()).load(), gaps=MADE_EARLY),
    door("find_class_that_is_a_partial", lambda: WithPartial(stream()).load(), gaps=MADE_EARLY),
    door("find_class_that_is_static", lambda: WithBuiltin(stream()).load(), gaps=MADE_EARLY),
    door("find_class_on_the_instance", on_instance),
    door("find_class_put_on_the_class_later", replaced_on_the_class),
    door("find_class_by_getattribute", hidden_by_getattribute),
    door(
        "torch_with_a_module_of_the_program",
        torch_load,
        file=torch_zip,
        needs=("torch",),
        gaps=MADE_EARLY,
    ),
    door(
        "torch_with_a_module_of_the_program_legacy",
        torch_load,
        file=torch_legacy,
        needs=("torch",),
        gaps=MADE_EARLY,
    ),
)


ROWS: Final = SUBCLASSES
