"""scikit-learn: every estimator of the installed version that fits small data, in a folder of pickles.

What cannot be made, fitted or pickled in a version is none of its files.
"""
# ruff: noqa: BLE001

import pickle

import make_sklearn_cases
import make_sklearn_list
from shapes import Case


def everything():
    """Name -> bytes of a pickle; made once, in the process that makes the files."""
    found = {}
    makers = (make_sklearn_list.instances(), make_sklearn_cases.cases(make_sklearn_list.fitted))
    for values in makers:
        for value in values:
            name = type(value).__name__
            try:
                data = pickle.dumps(value)
            except Exception:
                continue
            found.setdefault(f"{name} {sum(key.partition(' ')[0] == name for key in found)}", data)
    return found


def write(path):
    path.mkdir()
    for name, data in everything().items():
        (path / name.replace(" ", "-")).write_bytes(data)


def read(path):
    found = {}
    for file in sorted(path.iterdir()):
        with file.open("rb") as stream:
            try:
                found[file.name] = type(pickle.load(stream)).__name__
            except Exception as error:
                if hasattr(error, "refusal"):
                    raise
                found[file.name] = type(error).__name__
    return found


CASES = {"every estimator": Case(write, read)}
