"""Programs that let joblib, scikit-learn, torch and dask send pickles between their processes."""

from __future__ import annotations

from programs import CLASSES, Program, program

LOKY = """
print(Parallel(n_jobs=2)(delayed(square)(n) for n in range(20)))
print(Parallel(n_jobs=2)(delayed(mirror)(Point(n, 1)) for n in range(3)))
print(Parallel(n_jobs=2)(delayed(lambda n, k=k: n + k)(1) for k in range(4)))
big = np.arange(400_000.0)  # over the size from which joblib hands out a memory map
frames = [big, big[::2], {"deep": big.reshape(2, -1)}]
print(Parallel(n_jobs=2)(delayed(total)(item) for item in frames))
print(Parallel(n_jobs=2, max_nbytes=None)(delayed(np.add)(np.ones(3), n) for n in range(2)))
print([b.sum() for b in Parallel(n_jobs=2)(delayed(np.multiply)(big, n) for n in range(2))])
try:
    Parallel(n_jobs=2)(delayed(fail)(n) for n in range(2))
except OwnError as error:
    print("failed", error.args[1])
print(list(Parallel(n_jobs=2, return_as="generator")(delayed(square)(n) for n in range(4))))
"""

BACKENDS = """
for backend in ("threading", "multiprocessing", "sequential"):
    with parallel_config(backend=backend):
        print(backend, Parallel(n_jobs=2)(delayed(square)(n) for n in range(9)))
        print(Parallel(n_jobs=2)(delayed(total)(np.arange(300_000.0)) for _ in range(2)))
memory = Memory("cache", verbose=0)
cached = memory.cache(total)
print(cached(np.arange(9.0)), cached(np.arange(9.0)), cached.check_call_in_cache(np.arange(9.0)))
"""

BY_REFERENCE = """
paths = []
for n in range(3):
    paths.append(f"{n}.joblib")
    joblib.dump({"array": np.arange(n + 2), "n": n}, paths[-1], compress=n)
with multiprocessing.get_context("spawn").Pool(2) as pool:
    print(pool.map(joblib.load, paths))
    print(pool.map(pickle.loads, [pickle.dumps(np.float64(2.5)), pickle.dumps({1: [2]})]))
print(Parallel(n_jobs=2)(delayed(joblib.load)(path) for path in paths))
print(Parallel(n_jobs=2, max_nbytes=10)(delayed(joblib.load)(path, mmap_mode="r") for path in paths[:1]))
"""

TOTAL = """
def total(item):
    return float(sum(np.sum(v) for v in item.values()) if isinstance(item, dict) else np.sum(item))
"""

GRID = """
X, y = make_classification(200, 8, random_state=0)
pipeline = Pipeline([("scale", StandardScaler()), ("own", Shift(0.5)), ("fit", LogisticRegression())])
search = GridSearchCV(pipeline, {"fit__C": [0.1, 1.0], "own__by": [0.0, 1.0]}, n_jobs=2, cv=3)
search.fit(X, y)
print(search.best_params_, round(search.best_score_, 6), search.predict(X[:9]))
print(cross_val_score(Shifted(), X, y, n_jobs=2, scoring=agreement).round(6))
forest = RandomForestClassifier(20, n_jobs=2, random_state=0).fit(X, y)
print(round(forest.score(X, y), 6))
print(clone(pipeline).get_params()["own__by"])
"""

OWN_ESTIMATORS = """
class Shift(TransformerMixin, BaseEstimator):
    def __init__(self, by=0.0):
        self.by = by
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return X + self.by

class Shifted(LogisticRegression):
    pass

def agreement(estimator, X, y):
    return float((estimator.predict(X) == y).mean())
"""

SKLEARN = """
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
"""

LOADER = """
for workers in (0, 2):
    loader = DataLoader(Squares(12), batch_size=4, num_workers=workers, collate_fn=collate,
                        multiprocessing_context={method!r} if workers else None)
    for batch in loader:
        print(batch["x"].tolist(), batch["y"].sum().item(), batch["points"])
try:
    list(DataLoader(Squares(12, broken=5), num_workers=2, collate_fn=collate,
                    multiprocessing_context={method!r}))
except ValueError as error:
    print("failed", "at 5" in str(error))
"""

QUEUE = """
queue, back = torch.multiprocessing.Queue(), torch.multiprocessing.SimpleQueue()
process = torch.multiprocessing.Process(target=double, args=(queue, back))
process.start()
for tensor in (torch.arange(4.0), torch.ones(2, 3, dtype=torch.float16), torch.nn.Parameter(torch.zeros(2))):
    queue.put((tensor, Point(1, 2)))
    print(back.get())
queue.put(None)
process.join(60)
paths = []
for n in range(3):
    paths.append(f"{n}.pt")
    torch.save({"w": torch.full((2, 2), float(n)), "n": n}, paths[-1])
with torch.multiprocessing.get_context("fork").Pool(2) as pool:
    print(pool.map(torch.load, paths))
    print(pool.map(torch.sum, [torch.ones(3), torch.ones(4)]))
"""

DATASET = """
class Squares(Dataset):
    def __init__(self, size, broken=-1):
        self.size, self.broken = size, broken
    def __len__(self):
        return self.size
    def __getitem__(self, n):
        if n == self.broken:
            raise ValueError(f"at {n}")
        return {"x": torch.tensor(n), "y": torch.full((3,), float(n * n)), "point": Point(n, 0)}

def collate(items):
    return {"x": torch.stack([i["x"] for i in items]), "y": torch.stack([i["y"] for i in items]),
            "points": [i["point"] for i in items]}
"""

DOUBLE = """
def double(queue, back):
    while (item := queue.get()) is not None:
        tensor, point = item
        back.put(((tensor * 2).detach(), mirror(point)))
"""

DASK = """
with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
    with Client(cluster) as client:
        print(client.gather(client.map(square, range(9))))
        print(client.submit(mirror, Point(1, 2)).result(), client.submit(lambda: 3).result())
        array = client.scatter(np.arange(50_000.0))
        print(client.submit(np.sum, array).result())
        try:
            client.submit(fail, 4).result()
        except OwnError as error:
            print("failed", error.args)
print(dask.compute(dask.delayed(square)(3), dask.delayed(mirror)(Point(5, 6)), scheduler="processes"))
"""

JOBLIB = "import numpy as np\nfrom joblib import Memory, Parallel, delayed, parallel_config"

PROGRAMS: list[Program] = [
    program("joblib loky", JOBLIB, CLASSES + TOTAL, LOKY, "joblib", "numpy"),
    program("joblib's other backends", JOBLIB, CLASSES + TOTAL, BACKENDS, "joblib", "numpy"),
    program(
        "loaders by reference",
        "import joblib, multiprocessing, pickle\n" + JOBLIB,
        "",
        BY_REFERENCE,
        "joblib",
        "numpy",
    ),
    program("grid search", SKLEARN, OWN_ESTIMATORS, GRID, "sklearn"),
    *(
        program(
            f"DataLoader {method}",
            "import torch\nfrom torch.utils.data import DataLoader, Dataset",
            CLASSES + DATASET,
            LOADER.format(method=method),
            "torch",
        )
        for method in ("fork", "spawn")
    ),
    program("torch queues", "import torch, torch.multiprocessing", CLASSES + DOUBLE, QUEUE, "torch"),
    program(
        "dask",
        "import dask, numpy as np\nfrom distributed import Client, LocalCluster",
        CLASSES,
        DASK,
        "dask",
        "distributed",
        "numpy",
    ),
]
