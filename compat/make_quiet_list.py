"""List the classes of a package whose objects a pickle makes by setting attributes and nothing else.

    python compat/make_quiet_list.py sktime sklearn.base:BaseEstimator > safeload/allowlists/sktime.txt

Run in an environment with the package, and with safeload. Only classes below one of the named bases
are taken (every class where none is named); what they do when they are loaded is judged as for the
profile ``plain`` (``safeload/classes.py``). Classes below such a base that run code of their own are
printed to stderr with what runs: those are judged by hand in ``for_*.py``, or left out.

A package or module that is not to be walked stands behind a minus: ``-timm.data``.
"""
# ruff: noqa: BLE001

import importlib
import os
import pkgutil
import sys
import textwrap
import warnings

os.environ["SAFELOAD_LOG"] = "off"
os.environ["SAFELOAD_MODE"] = "off"

from safeload.allowlists import profile_entries
from safeload.classes import READ, Shape, shape_of_class
from safeload.scan.report import GlobalRef

SKIPPED = {"tests", "test", "testing", "conftest", "setup", "examples", "sandbox", "datasets", "__main__", "benchmarks"}
LIMIT = 96


def modules(package, passed_by):
    yield importlib.import_module(package)
    found = importlib.import_module(package)
    for module in pkgutil.walk_packages(getattr(found, "__path__", []), f"{package}.", onerror=lambda _: None):
        name = module.name
        if SKIPPED & set(name.split(".")) or any(name == p or name.startswith(p + ".") for p in passed_by):
            continue
        try:
            yield importlib.import_module(name)
        except BaseException as error:  # some call sys.exit
            print("skipped", name, repr(error)[:100], file=sys.stderr)


def base(text):
    module, _, name = text.partition(":")
    return getattr(importlib.import_module(module), name)


def was_read(ref, cls):
    """Bases that were read by hand, and those of torch and scikit-learn, whose lists are made otherwise."""
    return ref in READ or any(ref in profile_entries(profile) for profile in ("torch-modules", "sklearn"))


def main(package, *wanted):
    warnings.simplefilter("ignore")
    passed_by = [name[1:] for name in wanted if name.startswith("-")]
    bases = tuple(base(name) for name in wanted if not name.startswith("-")) or (object,)
    found = {}
    for module in modules(package, passed_by):
        for name, cls in list(vars(module).items()):
            if not isinstance(cls, type) or not issubclass(cls, bases):
                continue
            if cls.__module__ != module.__name__ or cls.__qualname__ != name:
                continue
            shape = shape_of_class(cls, was_read)
            if isinstance(shape, Shape) and shape.base is object and not shape.slots:
                found.setdefault(module.__name__, set()).add(name)
            else:
                why = getattr(shape, "why", "") or f"made as {shape}"
                print("left out", GlobalRef(module.__name__, name), why, file=sys.stderr)
    for module, names in sorted(found.items()):
        for line in textwrap.wrap(" ".join(sorted(names)), LIMIT - len(module)):
            print(f"{module}: {line}")


main(*sys.argv[1:])
