"""Turns safeload on as Python starts, then runs the sitecustomize that this one hides.

For a folder on PYTHONPATH, or to be put in place of a sitecustomize: ``safeload install`` writes what
works without one. An interpreter without safeload goes on as if this file were not here.
"""
# ruff: noqa: INP001, PTH100, PTH120 - a folder for PYTHONPATH is no package; every start pays for imports

import sys

try:
    import safeload  # noqa: F401 - importing it turns it on
except ModuleNotFoundError as error:
    if error.name != "safeload":
        raise


def _run_hidden() -> None:
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec
    from os.path import abspath, dirname

    here = dirname(abspath(__file__))
    # A kernel specification names the variable; where that is not set, its name is left.
    sys.path[:] = [entry for entry in sys.path if not entry.endswith("${PYTHONPATH}")]
    elsewhere = [entry for entry in sys.path if abspath(entry) != here]
    hidden = PathFinder.find_spec("sitecustomize", elsewhere)
    if hidden is not None and hidden.loader is not None:
        module = module_from_spec(hidden)
        sys.modules["sitecustomize"] = module
        hidden.loader.exec_module(module)


_run_hidden()
