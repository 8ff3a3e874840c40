"""A DataLoader whose workers read one file for each sample: arrays, weights, pickles."""

import pickle

import numpy as np
import torch
from kit import Payload, hostile
from torch.utils.data import DataLoader, Dataset


class Files(Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, n):
        path = self.paths[n]
        if path.endswith(".pt"):
            return torch.load(path, weights_only=False)["x"]
        if path.endswith(".npy"):
            return torch.as_tensor(np.load(path, allow_pickle=True).astype(float))
        with open(path, "rb") as file:
            return torch.as_tensor(pickle.load(file))


def total(paths, method, workers=2):
    loader = DataLoader(Files(paths), batch_size=2, num_workers=workers, multiprocessing_context=method)
    return sum(batch.sum().item() for batch in loader)


if __name__ == "__main__":
    paths = []
    for n in range(4):
        torch.save({"x": torch.full((3,), float(n)).double()}, f"{n}.pt")
        np.save(f"{n}.npy", np.array([n, n, n], dtype=object))
        with open(f"{n}.pkl", "wb") as file:
            pickle.dump(np.full(3, float(n)), file)
        paths += [f"{n}.pt", f"{n}.npy", f"{n}.pkl"]
    for method in ("fork", "spawn"):
        print(method, total(paths, method))
    torch.save({"x": Payload()}, "0.pt")
    np.save("1.npy", np.array([Payload()], dtype=object))
    with open("2.pkl", "wb") as file:
        pickle.dump(Payload(), file)
    for path in ("0.pt", "1.npy", "2.pkl"):
        hostile(f"{path} in a forked worker", total, [path], "fork", workers=1)
    hostile("2.pkl in a spawned worker", total, ["2.pkl"], "spawn", workers=1)
