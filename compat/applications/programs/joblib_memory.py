"""joblib: Parallel over files with loky, and Memory, whose store is files."""

import warnings
from pathlib import Path

import joblib
import numpy as np
from joblib import Memory, Parallel, delayed
from kit import Payload, hostile
from sklearn.linear_model import Ridge

warnings.filterwarnings("ignore")
memory = Memory("store", verbose=0)


@memory.cache
def fitted(alpha):
    points = np.arange(12.0).reshape(6, 2)
    return Ridge(alpha).fit(points, points.sum(1)), points, {"alpha": alpha}


def load_all(paths):
    return Parallel(n_jobs=2)(delayed(joblib.load)(path) for path in paths)


for n in range(3):
    joblib.dump(Ridge(n + 1.0).fit(np.eye(2), [0, 1]), f"{n}.joblib", compress=n)
print([round(model.coef_.sum(), 4) for model in load_all(["0.joblib", "1.joblib", "2.joblib"])])
big = np.arange(300_000.0)
print(Parallel(n_jobs=2)(delayed(np.sum)(big * n) for n in range(3)))
print(fitted(1.0)[2], fitted.check_call_in_cache(1.0), round(fitted(1.0)[0].coef_.sum(), 4))
mapped = Memory("mapped", mmap_mode="r", verbose=0).cache(np.cumsum)
print(mapped(big)[-1], mapped(big)[-1])

joblib.dump(Payload(), "0.joblib")
hostile("a file in a loky worker", load_all, ["0.joblib"] * 2)
for path in Path("store").rglob("output.pkl"):
    joblib.dump(Payload(), path)
hostile("Memory's output.pkl", fitted.func and fitted.call_and_shelve(1.0).get)
