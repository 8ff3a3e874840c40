"""What ``allow()`` takes, as names: texts, classes and functions themselves, profiles, reports."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from safeload.allowlists import is_profile, never_reason, problem_of
from safeload.errors import PolicyError
from safeload.scan.entry import Rulebook
from safeload.scan.look import normalised
from safeload.scan.report import GlobalRef, Report

Granted = GlobalRef | str  # a name, or a profile


def granted_by(names: Iterable[Any], in_force: Rulebook) -> frozenset[Granted]:
    """The names and profiles that are meant.

    Raises:
        PolicyError: one of them is no name, or can never be allowed by name.
    """
    found: set[Granted] = set()
    for name in names:
        if isinstance(name, Report):
            found |= set(_missing(name.globals, in_force))
        elif type(name) in (tuple, list, set, frozenset):
            found |= set(_missing(map(_ref, name), in_force))
        else:
            found.add(_ref(name))
    for ref in found:
        danger = never_reason(ref) if isinstance(ref, GlobalRef) else None
        if danger is not None:
            msg = f"{ref} can never be allowed by name: it {danger}. A reviewed file can be trusted by its digest."
            raise PolicyError(msg)
    return frozenset(found)


def _missing(refs: Iterable[Granted], in_force: Rulebook) -> Iterator[Granted]:
    """Those that no list in force has: a listed name keeps its rules."""
    return (ref for ref in refs if isinstance(ref, str) or ref not in in_force)


def _ref(name: Any) -> Granted:
    if isinstance(name, GlobalRef):
        return normalised(name)
    if isinstance(name, str):
        return _text(name)
    return _object(name)


def _text(name: str) -> Granted:
    if ":" not in name and is_profile(name):
        problem = problem_of(name)
        if problem:
            raise PolicyError(problem)
        return name
    try:
        return normalised(GlobalRef.parse(name))
    except ValueError as error:
        raise PolicyError(str(error)) from None


def _object(thing: Any) -> GlobalRef:
    """The name of a class or function, as a pickle would write it."""
    module, qualname = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str):
        msg = f"{thing!r} is neither a name nor a class or function; a name looks like 'mylab.nets:Head'"
        raise PolicyError(msg)
    if "<" in qualname:
        msg = f"{module}:{qualname} is local to a function, or a lambda: no pickle can name it"
        raise PolicyError(msg)
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    if found is not thing:
        msg = f"{module}:{qualname} stands for something else than {thing!r}: give the name itself"
        raise PolicyError(msg)
    return GlobalRef(module, qualname)
