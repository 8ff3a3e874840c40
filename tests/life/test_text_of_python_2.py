"""A pickle that Python 2 wrote: programs catch CPython's UnicodeDecodeError and try another encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from three_forms import GUARDED, missing, run

# An array as Python 2 and numpy 1 wrote it, whose bytes are no ASCII; and text, beside a global, that is none.
PROGRAM = r"""
import io, pickle, sys
# safeload arrives here
ARRAY = (b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03"
         b"(K\x01K\x02\x85cnumpy\ndtype\nq\x04U\x02f8K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xff"
         b"J\xff\xff\xff\xffK\x00tb\x89U\x10" + b"\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\xf8?" + b"tb.")
TEXT = b"\x80\x02ccollections\nOrderedDict\nq\x00]\x85RU\x04caf\x8e."

class Own(pickle.Unpickler):
    def find_class(self, module, name):
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)

LOADS = {
    "loads": lambda blob, **o: pickle.loads(blob, **o),
    "load": lambda blob, **o: pickle.load(io.BytesIO(blob), **o),
    "Unpickler": lambda blob, **o: pickle.Unpickler(io.BytesIO(blob), **o).load(),
    "a subclass": lambda blob, **o: Own(io.BytesIO(blob), **o).load(),
    "in Python": lambda blob, **o: pickle._Unpickler(io.BytesIO(blob), **o).load(),
}
FILES = {}
if sys.argv[1] == "science":
    import joblib, numpy as np, pandas as pd
    FILES = {
        "numpy.load": lambda path, **o: np.load(path, allow_pickle=True, **o),
        "pandas.read_pickle": lambda path: pd.read_pickle(path),
        "joblib.load": lambda path: joblib.load(path),
    }
    LOADS |= {name: lambda blob, call=call, **o: call("old.pkl", **o) for name, call in FILES.items()}

for kind, blob in (("array", ARRAY), ("text", TEXT)):
    if kind == "array" and sys.argv[1] != "science":
        continue
    with open("old.pkl", "wb") as file:
        file.write(blob)
    for name, load in LOADS.items():
        for options in ({}, {"encoding": "latin1"}, {"encoding": "bytes"}):
            if options and name in ("pandas.read_pickle", "joblib.load"):
                continue
            try:
                told = repr(load(blob, **options))
            except UnicodeDecodeError as error:
                told = ["undecodable", *error.args]
            except Exception as error:
                told = [type(error).__name__, type(error.__cause__).__name__[:7]]
            print(kind, name, options, told)
"""


@pytest.mark.parametrize("form", GUARDED)
@pytest.mark.parametrize("what", ["standard", "science"])
def test_says_what_it_says_without_us(what: str, form: str, tmp_path: Path) -> None:
    if what == "science" and (absent := missing(("numpy", "pandas", "joblib"))):
        pytest.skip(f"needs {', '.join(absent)}")
    plain, guarded = (run(PROGRAM, way, tmp_path, what) for way in ("plain", form))
    assert plain.code == guarded.code == 0, (plain, guarded)
    assert "undecodable" in plain.out
    assert guarded.out.replace("Undecod", "Unicode") == plain.out, guarded
