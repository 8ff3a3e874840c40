"""A notebook, run headless: it trains with scikit-learn, torch and pandas, saves, and loads again."""

import os
from pathlib import Path

import nbclient
import nbformat
from ipykernel.kernelspec import install

CELLS = [
    """
import pickle, joblib, numpy as np, pandas as pd, torch
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
""",
    """
X, y = make_classification(200, 6, random_state=0)
frame = pd.DataFrame(X, columns=list("abcdef")).assign(y=y, when=pd.date_range("2024-01-01", periods=200),
                                                         kind=pd.Categorical(["p", "q"] * 100))
model = make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0)).fit(X, y)
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
optimizer = torch.optim.Adam(net.parameters())
for _ in range(5):
    loss = torch.nn.functional.cross_entropy(net(torch.tensor(X, dtype=torch.float32)), torch.tensor(y))
    optimizer.zero_grad(); loss.backward(); optimizer.step()
""",
    """
joblib.dump(model, "model.joblib", compress=3)
pickle.dump({"model": model, "columns": list(frame)}, open("model.pkl", "wb"))
frame.to_pickle("frame.pkl.gz")
np.save("classes.npy", np.array(["yes", "no", None], dtype=object))
torch.save({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, "checkpoint.pt")
torch.save(net, "net.pt")
""",
    """
again = joblib.load("model.joblib")
print((again.predict(X) == model.predict(X)).all(), pickle.load(open("model.pkl", "rb"))["columns"])
print(pd.read_pickle("frame.pkl.gz").equals(frame), np.load("classes.npy", allow_pickle=True).tolist())
checkpoint = torch.load("checkpoint.pt")
net.load_state_dict(checkpoint["net"]); optimizer.load_state_dict(checkpoint["optimizer"])
whole = torch.load("net.pt", weights_only=False)
print(torch.equal(whole(torch.ones(1, 6)), net(torch.ones(1, 6))))
""",
    """
import sys; sys.path.insert(0, PROGRAMS)
from kit import Payload, hostile
joblib.dump({"model": Payload()}, "model.joblib", compress=3)
pickle.dump({"model": Payload()}, open("model.pkl", "wb"))
pd.to_pickle({"frame": Payload()}, "frame.pkl.gz")
np.save("classes.npy", np.array([Payload()], dtype=object))
torch.save({"net": Payload()}, "net.pt")
hostile("joblib.load in a cell", joblib.load, "model.joblib")
hostile("pickle.load in a cell", lambda: pickle.load(open("model.pkl", "rb")))
hostile("pandas.read_pickle in a cell", pd.read_pickle, "frame.pkl.gz")
hostile("numpy.load in a cell", np.load, "classes.npy", allow_pickle=True)
hostile("torch.load in a cell", torch.load, "net.pt", weights_only=False)
""",
]

first = ["import safeload"] if os.environ["FORM"] == "first" else []
cells = [cell.strip().replace("PROGRAMS", repr(str(Path(__file__).parent))) for cell in CELLS]
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in [*first, *cells]])
install(prefix="kernels", kernel_name="lab")
os.environ["JUPYTER_PATH"] = str(Path("kernels/share/jupyter").resolve())
nbclient.NotebookClient(notebook, timeout=300, kernel_name="lab").execute()
for cell in notebook["cells"]:
    for output in cell["outputs"]:
        if output.get("name") != "stderr":
            print(output.get("text", output), end="")
