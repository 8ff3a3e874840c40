"""In an old version's environment: write its files beside this one. Run by make.py."""

import io
import pickle
import struct
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def arrays():
    import numpy as np

    return {
        "floats": np.arange(6.0).reshape(2, 3),
        "objects": np.array([1, "a", None], dtype=object),
        "dates": np.array(["2020-01-01"], dtype="M8[ns]"),
        "masked": np.ma.array([1, 2], mask=[0, 1]),
        "record": np.zeros(2, dtype=[("a", "i4"), ("b", "f8")]),
        "scalar": np.float64(1.5),
        "random": np.random.RandomState(0),
    }


def numpy(version):
    for protocol in (0, 2, 4):
        yield f"numpy-{version}-p{protocol}.pkl", pickle.dumps(arrays(), protocol)
    import numpy as np

    file = io.BytesIO()
    np.savez(file, a=np.arange(3), o=np.array([None, 1], dtype=object))
    yield f"numpy-{version}.npz", file.getvalue()


class AsPython2(pickle._Pickler):
    """Bytes as the text that they were in Python 2, and names as they were there."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_bytes(self, value):
        if self.proto:
            self.write(b"T" + struct.pack("<i", len(value)) + value)
        else:
            self.write(b"S'" + "".join(f"\\x{byte:02x}" for byte in value).encode() + b"'\n")
        self.memoize(value)

    dispatch[bytes] = save_bytes


def python2(_):
    found = arrays()
    del found["random"]
    for protocol in (0, 1, 2):
        file = io.BytesIO()
        AsPython2(file, protocol).dump({"arrays": found, "set": {1}, "long": 2**70, "range": range(3)})
        yield f"python2-numpy-p{protocol}.pkl", file.getvalue()


def pandas(version):
    import pandas as pd

    frame = pd.DataFrame({"n": [1, 2], "f": [0.5, None], "s": ["a", "b"], "d": pd.to_datetime(["2020", "2021"])})
    frame["c"] = pd.Categorical(["x", "y"])
    frame["i"] = pd.array([1, None], dtype="Int64")
    indexes = [
        pd.RangeIndex(3),
        pd.Index([1, 2]),
        pd.Index([1.5]),
        pd.date_range("2020", periods=2, tz="UTC", freq="D"),
        pd.period_range("2020", periods=2, freq="M"),
        pd.MultiIndex.from_product([["a", "b"], [1, 2]]),
        pd.interval_range(0, 2),
        pd.CategoricalIndex(["a"]),
    ]
    for protocol in (0, 2, 4):
        yield f"pandas-{version}-frame-p{protocol}.pkl", pickle.dumps(frame, protocol)
        yield f"pandas-{version}-indexes-p{protocol}.pkl", pickle.dumps(indexes, protocol)


def scipy(version):
    import numpy as np
    from scipy import interpolate, sparse, stats

    kinds = "bsr coo csc csr dia dok lil".split()
    yield (
        f"scipy-{version}-sparse.pkl",
        pickle.dumps({kind: getattr(sparse, f"{kind}_matrix")(np.eye(3)) for kind in kinds}, 4),
    )
    yield f"scipy-{version}-interp1d.pkl", pickle.dumps(interpolate.interp1d([0, 1, 2], [3, 4, 5]), 4)
    yield f"scipy-{version}-frozen.pkl", pickle.dumps([stats.norm(0, 2), stats.randint(1, 4)], 4)


def joblib(version):
    import joblib as library
    import numpy as np

    values = {"floats": np.arange(6.0).reshape(2, 3), "objects": np.array([1, "a"], dtype=object), "text": "x"}
    for compress, name in ((0, "pkl"), (3, "pkl.z"), (("gzip", 3), "pkl.gz")):
        path = HERE / f"joblib-{version}.{name}"
        library.dump(values, str(path), compress=compress)
        yield path.name, path.read_bytes()


def sklearn(version):
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    x = np.random.RandomState(0).normal(size=(30, 3))
    y = (x[:, 0] > 0).astype(int)
    columns = ColumnTransformer([("a", StandardScaler(), [0]), ("b", FunctionTransformer(np.log1p), [1])])
    models = {
        "pipeline": make_pipeline(columns, LogisticRegression()),
        "forest": RandomForestClassifier(2, max_depth=2),
        "boosting": GradientBoostingClassifier(n_estimators=2, max_depth=1),
    }
    for name, model in models.items():
        yield f"sklearn-{version}-{name}.pkl", pickle.dumps(model.fit(np.abs(x), y), 4)


def torch(_):
    import collections

    import torch as library

    linear = library.nn.Linear(2, 2)
    optimizer = library.optim.SGD(linear.parameters(), lr=0.1, momentum=0.9)
    linear(library.ones(1, 2)).sum().backward()
    optimizer.step()
    values = {"state": linear.state_dict(), "optimizer": optimizer.state_dict(), "shape": library.Size([1])}
    values["history"] = collections.defaultdict(list, loss=[0.5])
    for name, keywords in (("torch-legacy.pt", {"_use_new_zipfile_serialization": False}), ("torch-zip.pt", {})):
        file = io.BytesIO()
        library.save(values, file, **keywords)
        yield name, file.getvalue()


if __name__ == "__main__":
    library, _, version = sys.argv[1].partition("-")
    for name, data in globals()[library](version):
        (HERE / name).write_bytes(data)
        print(name, len(data), end="; ")
