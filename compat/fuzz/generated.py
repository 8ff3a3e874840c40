"""Generated honest pickles, guarded and plain: ``python compat/fuzz/generated.py --seed 1 --count 100000``.

Values of every kind that the tests know for the lists (some 500 objects of the standard library, numpy,
pandas, scipy, scikit-learn and torch), numbers and text of hypothesis', and containers of them, nested and
shared; under protocols 0 to 5, by the picklers in C and in Python, cloudpickle's, joblib's, numpy's, pandas'
and torch's, in its zip file and in its old form, plain and compressed. Each is loaded with the guard and
without. A finding is a refusal, and an object, an error or a position that is another.
"""

from __future__ import annotations

import argparse
import bz2
import collections
import gzip
import io
import json
import lzma
import os
import pickle
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))
os.environ |= {"SAFELOAD_LOG": "off", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
warnings.simplefilter("ignore")

import cloudpickle
import examples
import joblib
import numpy as np
import pandas as pd
import torch
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from ways import form, text_of

import safeload
from safeload.state import STATE

Made = tuple[bytes, Callable[[io.BytesIO], Any]]
SMALL: Final = 20_000
AGAIN: Final = 20


def by_pickle(dumps: Callable[..., bytes], load: Callable[..., Any]) -> Callable[[Any, int], Made]:
    return lambda value, protocol: (dumps(value, protocol), load)


def packed(pack: Callable[[bytes], bytes], unpack: Callable[[io.BytesIO], Any]) -> Callable[[Any, int], Made]:
    return lambda value, protocol: (pack(pickle.dumps(value, protocol)), lambda file: pickle.load(unpack(file)))


def by_joblib(compress: Any) -> Callable[[Any, int], Made]:
    def dump(value: Any, protocol: int) -> Made:
        file = io.BytesIO()
        joblib.dump(value, file, compress=compress, protocol=max(protocol, 2))
        return file.getvalue(), joblib.load

    return dump


def by_torch(*, zipped: bool) -> Callable[[Any, int], Made]:
    def save(value: Any, protocol: int) -> Made:
        file = io.BytesIO()
        torch.save(value, file, pickle_protocol=max(protocol, 2), _use_new_zipfile_serialization=zipped)
        return file.getvalue(), lambda file: torch.load(file, weights_only=False)

    return save


def by_numpy(value: Any, _protocol: int) -> Made:
    file = io.BytesIO()
    array = np.empty(1, object)
    array[0] = value
    np.save(file, array, allow_pickle=True)
    return file.getvalue(), lambda file: np.load(file, allow_pickle=True)


def by_pandas(value: Any, protocol: int) -> Made:
    file = io.BytesIO()
    pd.to_pickle(value, file, compression="gzip", protocol=protocol)
    return file.getvalue(), lambda file: pd.read_pickle(file, compression="gzip")


def _loads(file: io.BytesIO) -> Any:
    return pickle.loads(file.read())


def _in_python(file: io.BytesIO) -> Any:
    return pickle._loads(file.read())


def _by_unpickler(file: io.BytesIO) -> Any:
    reader = io.BufferedReader(file)  # type: ignore[arg-type]  # it is raw enough
    try:
        return pickle.Unpickler(reader).load()
    finally:
        reader.seek(reader.tell())
        reader.detach()


FORMS: Final[dict[str, Callable[[Any, int], Made]]] = {
    "pickle.load": by_pickle(pickle.dumps, pickle.load),
    "pickle.loads": by_pickle(pickle.dumps, _loads),
    "written in Python": by_pickle(pickle._dumps, pickle.load),
    "read in Python": by_pickle(pickle.dumps, _in_python),
    "Unpickler": by_pickle(pickle.dumps, _by_unpickler),
    "cloudpickle": by_pickle(cloudpickle.dumps, _loads),
    "gzip": packed(gzip.compress, lambda file: gzip.GzipFile(fileobj=file)),
    "bz2": packed(bz2.compress, bz2.BZ2File),
    "xz": packed(lzma.compress, lzma.LZMAFile),
    "joblib": by_joblib(0),
    "joblib, zlib": by_joblib(3),
    "joblib, lzma": by_joblib(("lzma", 1)),
    "torch": by_torch(zipped=True),
    "torch, old form": by_torch(zipped=False),
    "numpy": by_numpy,
    "pandas": by_pandas,
}


def leaves() -> tuple[list[Any], list[str]]:
    """Objects of the tests that are alike after each of two plain loads; and what is refused of them.

    Some classes no object may keep, bare as they are, whoever has put them there.
    """
    found, bare = [], []
    for value in examples._values():
        try:
            data = pickle.dumps(value, 4)
            if len(data) <= SMALL and text_of(pickle.loads(data)) == text_of(pickle.loads(data)):
                pickle.loads(pickle.dumps(collections.OrderedDict(kept=value)))
                found.append(value)
        except safeload.BlockedGlobalError as error:
            bare += [str(item.ref) for item in error.refusal.refused]
        except Exception:
            continue
    return found, sorted(set(bare))


def values(known: list[Any]) -> st.SearchStrategy[Any]:
    plain = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.complex_numbers(),
        st.dates(), st.datetimes(), st.timedeltas(), st.decimals(), st.fractions(), st.uuids(),
    )  # fmt: skip
    leaf = st.one_of(plain, st.sampled_from(known), st.sampled_from(known))
    keys = st.one_of(st.text(max_size=8), st.integers(), st.tuples(st.integers(), st.text(max_size=3)))

    def around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        many = st.lists(inner, max_size=4)
        return st.one_of(
            many,
            many.map(tuple),
            many.map(collections.deque),
            st.dictionaries(keys, inner, max_size=4),
            st.dictionaries(keys, inner, max_size=3).map(collections.OrderedDict),
            st.dictionaries(keys, inner, max_size=3).map(lambda found: collections.defaultdict(list, found)),
            st.sets(keys, max_size=4),
            st.frozensets(keys, max_size=4),
            inner.map(lambda one: [one, (one, {"again": one})]),
            many.map(turned_in),
        )

    return st.recursive(leaf, around, max_leaves=6)


def turned_in(items: list[Any]) -> list[Any]:
    """A list that holds itself."""
    found = list(items)
    found.append({"self": found})
    return found


def loaded(data: bytes, load: Callable[[io.BytesIO], Any]) -> tuple[str, Any, int]:
    file = io.BytesIO(data)
    try:
        return "loaded", load(file), file.tell()
    except safeload.BlockedLoadError as error:
        return "refused", error, 0
    except Exception as error:
        return "broke", error, 0


def compared(data: bytes, load: Callable[[io.BytesIO], Any]) -> tuple[str, str]:
    """How the guarded load ended, and how it is unlike the plain one.

    Not told is what plain loads do not agree on: torch reads the sizes of its nested tensors, in the old form,
    before it has filled them.
    """
    end, ours, place = loaded(data, load)
    STATE.active = False
    try:
        plain = loaded(data, load)
        wrong = unlike((end, ours, place), plain)
        if wrong and end != "refused" and any(unlike(loaded(data, load), plain) for _ in range(AGAIN)):
            wrong = ""
    finally:
        STATE.active = True
    return end, wrong


def unlike(one: tuple[str, Any, int], other: tuple[str, Any, int]) -> str:
    (end, ours, place), (plain_end, theirs, plain_place) = one, other
    if end != plain_end:
        return f"{end}, and plain {plain_end}: {ours!s:.600} / {theirs!s:.200}"
    if end == "loaded" and place != plain_place:
        return f"at {place}, and plain at {plain_place}"
    if type(ours) is not type(theirs) or (form(ours) != form(theirs) and text_of(ours) != text_of(theirs)):
        return f"unlike: {text_of(ours)!r:.300} / {text_of(theirs)!r:.300}"
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=100_000)
    told = parser.parse_args()
    known, bare = leaves()
    ends: Counter[str] = Counter()
    started = time.process_time()
    findings = 0

    @seed(told.seed)
    @settings(max_examples=told.count, deadline=None, database=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(values(known), st.sampled_from(sorted(FORMS)), st.integers(0, 5))
    def one(value: Any, name: str, protocol: int) -> None:
        nonlocal findings
        try:
            data, load = FORMS[name](value, protocol)
        except Exception:
            ends["not written"] += 1
            return
        end, wrong = compared(data, load)
        ends[f"{name}: {end}"] += 1
        if wrong:
            findings += 1
            print(json.dumps({"form": name, "protocol": protocol, "found": wrong, "data": data[:3000].hex()}), flush=True)

    one()
    total = sum(count for name, count in ends.items() if name != "not written")
    facts = {"seed": told.seed, "compared": total, "findings": findings, "leaves": len(known), "bare": bare, "ends": dict(sorted(ends.items()))}
    print(json.dumps(facts | {"cpu_s": round(time.process_time() - started)}))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
