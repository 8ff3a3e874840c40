"""Ray on one machine: tasks, actors, objects, and a file read by a task."""

import os

os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DEDUP_LOGS": "0"}
import joblib
import numpy as np
import ray
from kit import Payload, hostile

options = {}
if os.environ["FORM"] == "first":
    options = {"runtime_env": {"worker_process_setup_hook": "safeload.activate"}}
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR", **options)


@ray.remote
def load(path):
    return joblib.load(path)


@ray.remote
class Counter:
    def __init__(self):
        self.n = 0

    def add(self, by):
        self.n += by
        return self.n


joblib.dump({"w": np.ones(3)}, "model.joblib")
print(ray.get(load.remote(os.path.abspath("model.joblib")))["w"].sum())
counter = Counter.remote()
print(ray.get([counter.add.remote(n) for n in range(4)]))
print(ray.get(ray.put(np.arange(100_000.0))).sum())
joblib.dump(Payload(), "model.joblib")
hostile("joblib.load in a task", lambda: ray.get(load.remote(os.path.abspath("model.joblib"))))
ray.shutdown()
