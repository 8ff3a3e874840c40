"""MLflow's scikit-learn flavour: logged to a store of files, registered, and loaded in each way."""

import logging
import os
import warnings
from pathlib import Path

os.environ |= {"MLFLOW_ENABLE_TELEMETRY": "false", "MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
os.environ |= {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "true", "MLFLOW_ALLOW_FILE_STORE": "true"}
warnings.filterwarnings("ignore")
import mlflow
import mlflow.sklearn
import numpy as np
from kit import Payload, hostile
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

logging.getLogger("mlflow").setLevel(logging.CRITICAL)
mlflow.set_tracking_uri(Path("runs").resolve().as_uri())
X, y = make_classification(120, 5, random_state=0)
model = make_pipeline(StandardScaler(), RandomForestClassifier(8, random_state=0)).fit(X, y)
for way in ("pickle", "cloudpickle"):
    mlflow.sklearn.save_model(model, f"saved-{way}", serialization_format=way, pip_requirements=[])
    again = mlflow.sklearn.load_model(f"saved-{way}")
    print(way, (again.predict(X) == model.predict(X)).all(), sorted(os.listdir(f"saved-{way}")))
    generic = mlflow.pyfunc.load_model(f"saved-{way}")
    print((generic.predict(X) == model.predict(X)).all())
with mlflow.start_run() as run:
    info = mlflow.sklearn.log_model(model, name="model", serialization_format="cloudpickle", pip_requirements=[])
print(np.mean(mlflow.sklearn.load_model(info.model_uri).predict(X) == y) > 0.9)

import cloudpickle

for path in [*Path("saved-pickle").glob("model.pkl"), *Path("saved-cloudpickle").glob("model.pkl")]:
    path.write_bytes(cloudpickle.dumps(Payload()))
for path in Path("runs").rglob("model.pkl"):
    path.write_bytes(cloudpickle.dumps(Payload()))
hostile("model.pkl, pickle", mlflow.sklearn.load_model, "saved-pickle")
hostile("model.pkl, cloudpickle", mlflow.sklearn.load_model, "saved-cloudpickle")
hostile("model.pkl, pyfunc", mlflow.pyfunc.load_model, "saved-cloudpickle")
hostile("model.pkl in the store", mlflow.sklearn.load_model, info.model_uri)
