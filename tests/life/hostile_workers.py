"""Programs that load a hostile file inside a worker, which no channel between processes excuses.

Each prints, for every way in which its workers load the file, ``ran`` if the payload did, ``refused``
if an ``UnpicklingError`` reached the parent instead, or else what happened.
"""

from __future__ import annotations

from programs import Program, program

IMPORTS = """
import functools, gzip, multiprocessing, os, pickle, shelve
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
"""

HOSTILE = """
class Payload:
    def __reduce__(self):
        return os.mkdir, ("canary",)

def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)

def load_slowly(path):
    with gzip.open(path + ".gz") as file:
        return pickle._Unpickler(file).load()

def outcome(call, *args):
    if os.path.isdir("canary"):
        os.rmdir("canary")
    try:
        call(*args)
        told = "nothing"
    except pickle.UnpicklingError:
        told = "refused"
    except BaseException as error:
        told = repr(error).replace(" ", "_")
    print("ran" if os.path.isdir("canary") else told, flush=True)

BLOB = pickle.dumps(Payload())
"""

WRITE = """
with open("hostile.pkl", "wb") as file:
    file.write(BLOB)
with gzip.open("hostile.pkl.gz", "wb") as file:
    file.write(BLOB)
"""

POOL = """
with multiprocessing.get_context({method!r}).Pool(1) as pool:
    outcome(pool.map, load, ["hostile.pkl"])
    outcome(pool.map, load_slowly, ["hostile.pkl"])
    outcome(pool.map, pickle.loads, [BLOB])
    outcome(pool.apply, pickle.loads, (BLOB,))
    outcome(lambda: pool.apply_async(load, ("hostile.pkl",)).get(60))
"""

EXECUTOR = """
with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context({method!r})) as pool:
    outcome(lambda: pool.submit(load, "hostile.pkl").result(60))
    outcome(lambda: pool.submit(load_slowly, "hostile.pkl").result(60))
    outcome(lambda: pool.submit(pickle.loads, BLOB).result(60))
    outcome(lambda: list(pool.map(pickle.loads, [BLOB])))
"""

THREADS = """
with ThreadPoolExecutor(1) as pool:
    outcome(lambda: pool.submit(load, "hostile.pkl").result(60))
    outcome(lambda: list(pool.map(pickle.loads, [BLOB])))
with multiprocessing.pool.ThreadPool(1) as pool:
    outcome(pool.map, pickle.loads, [BLOB])
"""

JOBLIB = """
for backend in {backends}:
    parallel = Parallel(n_jobs=2, backend=backend)
    outcome(parallel, [delayed(load)("hostile.pkl"), delayed(len)("")])
    outcome(parallel, [delayed(load_slowly)("hostile.pkl"), delayed(len)("")])
    outcome(parallel, [delayed(pickle.loads)(BLOB), delayed(len)("")])
    outcome(parallel, [delayed(joblib.load)("hostile.pkl"), delayed(len)("")])
    outcome(parallel, [delayed(joblib.load)("hostile.pkl.gz"), delayed(len)("")])
"""

PANDAS = """
np.save("hostile.npy", np.array([Payload()], dtype=object), allow_pickle=True)
with multiprocessing.get_context("fork").Pool(1) as pool:
    outcome(pool.map, pd.read_pickle, ["hostile.pkl"])
    outcome(pool.map, pd.read_pickle, ["hostile.pkl.gz"])
    outcome(pool.map, functools.partial(np.load, allow_pickle=True), ["hostile.npy"])
"""

TORCH = """
torch.save({"w": torch.ones(2), "x": Payload()}, "hostile.pt")
torch.save({"w": torch.ones(2), "x": Payload()}, "old.pt", _use_new_zipfile_serialization=False)
full = functools.partial(torch.load, weights_only=False)
with torch.multiprocessing.get_context("fork").Pool(1) as pool:
    outcome(pool.map, full, ["hostile.pt"])
    outcome(pool.map, full, ["old.pt"])
for load_one, path in ((load, "hostile.pkl"), (full, "hostile.pt")):
    outcome(list, DataLoader(Files(load_one, path), num_workers=1, multiprocessing_context="fork"))
outcome(list, DataLoader(Files(load, "hostile.pkl"), num_workers=1, multiprocessing_context="spawn"))
"""

FILES = """
class Files(Dataset):
    def __init__(self, load, path):
        self.load, self.path = load, path
    def __len__(self):
        return 1
    def __getitem__(self, n):
        self.load(self.path)
        return n
"""

DASK = """
with LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None,
                  local_directory=os.getcwd()) as cluster:
    with Client(cluster) as client:
        outcome(lambda: client.submit(load, os.path.abspath("hostile.pkl"), pure=False).result())
        outcome(lambda: client.submit(pickle.loads, BLOB, pure=False).result())
with dask.config.set(scheduler="processes", num_workers=1):
    outcome(dask.compute, dask.delayed(load)("hostile.pkl"))
"""

METHODS = ("fork", "spawn", "forkserver")

WORKERS: list[Program] = [
    *(program(f"Pool {m}", IMPORTS, HOSTILE, WRITE + POOL.format(method=m)) for m in METHODS),
    *(program(f"executor {m}", IMPORTS, HOSTILE, WRITE + EXECUTOR.format(method=m)) for m in METHODS),
    program("threads", IMPORTS + "import multiprocessing.pool", HOSTILE, WRITE + THREADS),
    *(
        program(
            f"joblib {' and '.join(backends)}",
            IMPORTS + "import joblib\nfrom joblib import Parallel, delayed",
            HOSTILE,
            WRITE + JOBLIB.format(backends=backends),
            "joblib",
        )
        for backends in (("multiprocessing", "threading"), ("loky",))
    ),
    program(
        "pandas and numpy",
        IMPORTS + "import numpy as np, pandas as pd",
        HOSTILE,
        WRITE + PANDAS,
        "pandas",
    ),
    program(
        "torch",
        IMPORTS + "import torch\nfrom torch.utils.data import DataLoader, Dataset",
        HOSTILE + FILES,
        WRITE + TORCH,
        "torch",
    ),
    program(
        "dask",
        IMPORTS + "import dask\nfrom distributed import Client, LocalCluster",
        HOSTILE,
        WRITE + DASK,
        "dask",
        "distributed",
    ),
]
