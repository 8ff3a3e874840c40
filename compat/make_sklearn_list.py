"""Collect the globals that pickles of scikit-learn estimators name, one run for each version.

    python make_sklearn_list.py collect found-1.6.txt   # in an environment with that version
    python make_sklearn_list.py merge found-*.txt > safeload/allowlists/sklearn.txt

`collect` fits every estimator on small data and adds what no small fit reaches: every estimator,
kernel, splitter and loss class of the package by walking it, and the functions users pass as
parameters. Native classes and whatever changes its own loading are printed, not collected: those
are judged by hand in ``for_sklearn.py``.

Only the standard library, numpy and scikit-learn; runs under old versions of all three. What one
version cannot import, make, fit or pickle is skipped: another one covers it.
"""
# ruff: noqa: BLE001

import importlib
import inspect
import io
import pickle
import pickletools
import pkgutil
import sys
import warnings

import numpy as np

# Not for a file to name: they read files, open listeners, or are tests.
SKIPPED = ("tests", "conftest", "externals", "datasets", "callback", "_build_utils", "setup")
NOT_NUMBERS = ("_", "check_", "get_", "make_", "plot_", "distance_metrics", "kernel_metrics")
JUDGED = ("__setstate__", "__setattr__", "__del__", "__getattr__", "__getattribute__", "__new__")


def modules():
    import sklearn

    for found in pkgutil.walk_packages(sklearn.__path__, "sklearn.", onerror=lambda _: None):
        if not any(part in SKIPPED for part in found.name.split(".")):
            try:
                yield importlib.import_module(found.name)
            except Exception as error:
                print("skipped", found.name, error, file=sys.stderr)


def data_bearing(cls):
    """A class of the package whose instances stand in fitted models or in their parameters."""
    import sklearn.base
    from sklearn.gaussian_process.kernels import Kernel
    from sklearn.model_selection import _split

    bases = [sklearn.base.BaseEstimator, Kernel, _split.BaseShuffleSplit, _split._RepeatedSplits]
    bases += [_split.BaseCrossValidator]
    try:
        from sklearn._loss.link import BaseLink
        from sklearn._loss.loss import BaseLoss

        bases += [BaseLoss, BaseLink]
    except ImportError:
        pass
    return issubclass(cls, tuple(bases))


def native(cls):
    return not cls.__flags__ & (1 << 9)  # Py_TPFLAGS_HEAPTYPE: made by a class statement


def walked():
    """Classes and functions of the package, each under the module that defines it."""
    import sklearn.metrics
    from sklearn import feature_selection, preprocessing
    from sklearn.metrics import pairwise

    for module in modules():
        for value in vars(module).values():
            own = inspect.isclass(value) and value.__module__ == module.__name__
            if own and not native(value) and data_bearing(value):
                yield value
    packages = (sklearn.metrics, pairwise, feature_selection, preprocessing)
    for module in packages:
        for name in dir(module):
            value = getattr(module, name)
            if not inspect.isfunction(value) or name.startswith(NOT_NUMBERS):
                continue
            if value.__module__.startswith(tuple(p.__name__ for p in packages)):
                yield value


def datasets():
    rng = np.random.RandomState(0)
    x = np.abs(rng.normal(size=(40, 4))) + 0.1
    y = (x[:, 0] > x[:, 1]).astype(int)
    texts = ["the cat sat", "a dog ran", "cats and dogs", "no more words"] * 10
    yield x, y
    yield x, x @ np.ones(4) + 0.1
    yield x, np.arange(40) % 3
    yield x, np.stack([y, 1 - y], axis=1)
    yield x, x[:, :2] + 1.0
    yield x[:, 0], x[:, 1]
    yield (x > 1).astype(float), y
    yield texts, y
    yield [{"a": 1, "b": "x"}, {"a": 2}] * 20, y
    yield y, None
    yield [["a", "b"], ["b"]] * 20, None


def fitted(estimator):
    """The estimator after the first fit that works, or as it is."""
    from sklearn.base import clone

    for x, y in datasets():
        copy = clone(estimator)
        try:
            copy.fit(x) if y is None else copy.fit(x, y)
        except Exception:
            continue
        yield copy
    yield estimator


def instances():
    """One or more of every estimator, as the package's own checks make them."""
    from sklearn.utils import all_estimators

    for _, cls in all_estimators():
        try:
            from sklearn.utils._test_common.instance_generator import (
                _construct_instances,
            )

            made = list(_construct_instances(cls))
        except ImportError:
            from sklearn.utils.estimator_checks import _construct_instance

            try:
                made = [_construct_instance(cls)]
            except Exception:
                made = []
        except Exception:
            made = []
        if not made:
            print("not constructed:", cls.__name__, file=sys.stderr)
        for estimator in made:
            yield from fitted(estimator)


def named(data):
    """The (module, name) pairs that a pickle names."""
    strings, memo = [], []
    for op, arg, _ in pickletools.genops(data):
        if op.name == "GLOBAL":
            yield tuple(arg.split(" ", 1))
        elif op.name == "STACK_GLOBAL":
            yield tuple(strings[-2:])
        elif "UNICODE" in op.name:
            strings.append(arg)
        elif op.name == "MEMOIZE":
            memo.append(strings[-1] if strings else "")
        elif op.name in ("BINGET", "LONG_BINGET"):
            strings.append(memo[arg])


def collect(path):
    import sklearn

    warnings.simplefilter("ignore")
    import make_sklearn_cases

    found = {(value.__module__, value.__qualname__) for value in walked()}
    for value in [*instances(), *make_sklearn_cases.cases(fitted)]:
        try:
            found.update(named(pickle.dumps(value, 4)))
        except Exception as error:
            print("not pickled:", type(value).__name__, str(error)[:80], file=sys.stderr)
    out = io.StringIO()
    for module, name in sorted(found):
        line = described(module, name)
        if line:
            out.write(line + "\n")
    with open(path, "w") as file:
        file.write(out.getvalue())
    print(sklearn.__version__, len(found), "names", file=sys.stderr)


def described(module, name):
    """``uses module:name``; nothing for what another library defines."""
    if not module.startswith("sklearn.") or "." in name:
        print("elsewhere:", module, name, file=sys.stderr)
        return ""
    value = getattr(importlib.import_module(module), name)
    if inspect.isfunction(value):
        return f"r {module}:{name}"
    if not inspect.isclass(value) or native(value):
        return by_hand(module, name)
    odd = [
        f"{hook} of {base.__module__}.{base.__qualname__}"
        for base in value.__mro__
        for hook in JUDGED
        if hook in vars(base)
        and base.__module__.split(".")[0] == "sklearn"
        and not (hook == "__setstate__" and base.__name__ == "BaseEstimator")
    ]
    if odd:
        return by_hand(module, name, *odd)
    return f"ns {module}:{name}"


def by_hand(module, name, *why):
    """The line for a name that some version needs judged: no version's plain one then counts."""
    print("by hand:", module, name, *why, file=sys.stderr)
    return f"? {module}:{name}"


def merge(paths):
    """One line of names for each module and use, the earliest and the latest version alike."""
    table, judged = {}, set()
    for path in paths:
        with open(path) as file:
            for line in file:
                uses, _, rest = line.strip().partition(" ")
                module, _, name = rest.partition(":")
                table.setdefault((uses, module), set()).add(name)
                if uses == "?":
                    judged.add(rest)
    for (_, module), names in table.items():
        names -= {name for name in names if f"{module}:{name}" in judged}
    for (uses, module), names in sorted((key, names) for key, names in table.items() if names):
        line = f"{uses} {module}:"
        for name in sorted(names):
            if len(line) + len(name) >= 100:
                print(line)
                line = f"{uses} {module}:"
            line += " " + name
        print(line)


if __name__ == "__main__":
    if sys.argv[1] == "collect":
        collect(sys.argv[2])
    else:
        merge(sys.argv[2:])
