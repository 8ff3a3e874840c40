"""What the search starts from: pickles of honest objects of every library, all protocols.

They are those of the tests (``tests/life/everyday_values.py``, ``tests/allowlists``) and of scikit-learn's own
estimators; libraries that are not installed are left out.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import io
import pickle
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]
LARGEST: Final = 60_000
STEPS: Final = 1_500
SOME: Final = 10

sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "tests" / "life"), str(REPOSITORY / "compat")]


def _quietly(make: Callable[[], Any]) -> Iterator[Any]:
    with contextlib.suppress(Exception):
        yield make()


def values() -> Iterator[Any]:
    """Honest objects, one by one."""
    import everyday_values

    for table in (everyday_values.EVERYDAY, everyday_values.science(), everyday_values.torch_values()):
        for make in table.values():
            yield from _quietly(make)
    yield from _of_the_tests()
    yield from _estimators()


def _of_the_tests() -> Iterator[Any]:
    for module, tables in {
        "allowlists.test_everyday": ("BUILTINS", "STDLIB"),
        "allowlists.test_everyday_numpy": ("DTYPES", "VALUES"),
        "allowlists.test_pandas_list": ("frames", "columns"),
        "allowlists.test_scipy_list": ("values",),
        "allowlists.test_torch_list": ("values",),
        "allowlists.test_joblib_list": ("values",),
        "allowlists.test_sklearn_list": ("models",),
        "allowlists.test_more_lists": ("modules",),
    }.items():
        tests = importlib.import_module(module)
        for name in tables:
            table = getattr(tests, name)
            for value in (table() if callable(table) else table).values():
                yield from _quietly(value if callable(value) and not isinstance(value, type) else lambda v=value: v)


def _estimators() -> Iterator[Any]:
    """Every estimator, as made and as fitted."""
    import numpy as np
    from sklearn.utils import all_estimators

    data = np.abs(np.random.RandomState(0).normal(size=(12, 3)))
    target = np.arange(12) % 2
    for _, cls in all_estimators():
        for make in (cls, lambda cls=cls: cls(n_estimators=2), lambda cls=cls: cls(cls_default(cls))):
            for made in _quietly(make):
                yield made
                for arguments in ((data, target), (data,)):
                    with contextlib.suppress(Exception):
                        yield make().fit(*arguments)
                        break
                break
    import make_sklearn_cases

    yield from make_sklearn_cases.attempts(make_sklearn_cases._makers())


def cls_default(_: type) -> Any:
    """What an estimator that needs another gets."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression()


class _WithStorages(pickle.Pickler):
    """Writes storages as torch.save does: as persistent ids."""

    def persistent_id(self, obj: Any) -> Any:
        import torch

        if isinstance(obj, torch.storage.TypedStorage | torch.UntypedStorage):
            typed = isinstance(obj, torch.storage.TypedStorage)
            kind = getattr(torch, obj.pickle_storage_type()) if typed else torch.UntypedStorage
            return ("storage", kind, "0", "cpu", obj.size())
        return None


def pickles(made: Iterator[Any], lowest: int = 0) -> Iterator[bytes]:
    """Each value at some protocols, and with its storages outside."""
    seen: set[bytes] = set()
    for index, value in enumerate(made):
        for protocol in (2 + index % 4, lowest if index % 3 == 0 else 4):
            with contextlib.suppress(Exception):
                seen.add(pickle.dumps(value, protocol))
        with contextlib.suppress(Exception):
            buffer = io.BytesIO()
            _WithStorages(buffer, 2).dump(value)
            if b"storage" in buffer.getvalue():
                seen.add(buffer.getvalue())
    yield from sorted((pickled for pickled in seen if len(pickled) < LARGEST), key=lambda p: (len(p), p))


def _cases(profile: str) -> Iterator[Any]:
    """What the laboratory's cases load that need a profile; those of libraries that are not installed are left out."""
    for path in sorted((REPOSITORY / "compat" / "cases").glob("for_*.py")):
        if f'"with {profile}' not in path.read_text("utf-8"):
            continue
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        cases = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(cases)
        except Exception as error:  # noqa: BLE001 - said, and left out
            print(f"{path.stem}: {error!r}"[:200], flush=True)
            continue
        for case in cases.CASES.values():
            with tempfile.TemporaryDirectory() as folder, contextlib.suppress(Exception):
                case.make(Path(folder) / "file")
                yield case.load(Path(folder) / "file")


def seeds(profiles: Sequence[str] = ()) -> list[bytes]:
    """All of it, which takes a minute; with profiles their own, and some of the rest to splice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        default = list(pickles(values()))
        # At protocol 0 some modules of torch end the process.
        own = [seed for profile in profiles for seed in pickles(_cases(profile), lowest=2)]
        return sorted(own + default[::SOME], key=len) if profiles else default
