"""A local Dask cluster of processes: arrays, frames, futures, and files read by its workers."""

import os

import dask
import dask.array as da
import joblib
import numpy as np
import pandas as pd
from dask.distributed import Client, LocalCluster
from kit import Payload, hostile


def load(path):
    return joblib.load(path)


def read(path):
    return pd.read_pickle(path)


if __name__ == "__main__":
    joblib.dump({"w": np.ones(3)}, "model.joblib")
    pd.DataFrame({"a": range(4), "when": pd.date_range("2024", periods=4, tz="UTC")}).to_pickle("frame.pkl")
    here = os.path.abspath
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory="space")
    with cluster, Client(cluster) as client:
        print(da.random.default_rng(0).random((400, 400), chunks=100).mean().compute() > 0.4)
        print(client.submit(load, here("model.joblib")).result()["w"].sum())
        print(client.submit(read, here("frame.pkl")).result().shape)
        print(client.gather(client.map(lambda n, by=3: n * by, range(4))))
        print(dask.delayed(sum)([dask.delayed(pow)(n, 2) for n in range(5)]).compute())
        joblib.dump(Payload(), "model.joblib")
        pd.to_pickle(Payload(), "frame.pkl")
        hostile("joblib.load in a worker", lambda: client.submit(load, here("model.joblib"), pure=False).result())
        hostile("pandas.read_pickle in a worker", lambda: client.submit(read, here("frame.pkl"), pure=False).result())
    with dask.config.set(scheduler="processes", num_workers=2):
        hostile("joblib.load, processes", dask.compute, dask.delayed(load)(here("model.joblib")))
