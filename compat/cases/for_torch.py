"""torch: weights, training checkpoints, whole modules, TorchScript, both containers, and sharded ones."""

import collections
import pathlib
import pickle

import numpy as np
import torch
from shapes import Case, joblibbed, pickled, torched
from torch import nn

MODULES = "with torch-modules"


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))


def trained():
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    model(torch.ones(4, 3)).sum().backward()
    optimizer.step()
    schedule.step()
    return model, optimizer, schedule


def checkpoint():
    model, optimizer, schedule = trained()
    return {
        "epoch": 3,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "best": np.float64(0.5),
        "history": collections.defaultdict(list, loss=[1.0, 0.5]),
        "random": (torch.get_rng_state(), np.random.RandomState(0).get_state()),
        "path": pathlib.PurePosixPath("runs/1"),
        "shape": torch.Size([1, 2]),
        "dtype": torch.bfloat16,
    }


def kinds():
    return {
        "half": torch.ones(2).half(),
        "brain": torch.ones(2).bfloat16(),
        "complex": torch.ones(2, dtype=torch.complex64),
        "bool": torch.ones(2).bool(),
        "view": torch.arange(10.0)[2:8:2],
        "sparse": torch.eye(3).to_sparse(),
        "rows": torch.eye(3).to_sparse_csr(),
        "parameter": nn.Parameter(torch.ones(2)),
        "float8": torch.ones(2).to(torch.float8_e4m3fn),
        "empty": torch.empty(0, 3),
    }


def packed():
    return nn.utils.rnn.pack_padded_sequence(torch.ones(2, 3, 1), [3, 2], batch_first=True)


def sharded(path):
    import torch.distributed.checkpoint as dcp

    dcp.save(checkpoint()["model"] | {"step": 3}, checkpoint_id=path)


def unsharded(path):
    import torch.distributed.checkpoint as dcp

    with (path / ".metadata").open("rb") as file:  # as dcp.load does first, which words what it meets anew
        pickle.load(file)
    state = {"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "step": 0}
    dcp.load(state, checkpoint_id=path)
    return state


def script(path):
    torch.jit.script(nn.Linear(2, 2)).save(path)


OLD = {"_use_new_zipfile_serialization": False}
CASES = {
    "state dict": torched(lambda: nn.Linear(3, 2).state_dict()),
    "state dict, weights only": torched(lambda: nn.Linear(3, 2).state_dict(), load={"weights_only": True}),
    "state dict, old container": torched(lambda: nn.Linear(3, 2).state_dict(), **OLD),
    "state dict, protocol 4": torched(lambda: nn.Linear(3, 2).state_dict(), pickle_protocol=4),
    "state dict, mapped": torched(lambda: nn.Linear(3, 2).state_dict(), load={"mmap": True}),
    "checkpoint": torched(checkpoint),
    "checkpoint, old container": torched(checkpoint, **OLD),
    "kinds of tensors": torched(kinds),
    "tensors by pickle": pickled(lambda: {"a": torch.ones(3), "b": nn.Parameter(torch.ones(1))}),
    "tensors by joblib": joblibbed(lambda: {"a": torch.ones(3)}),
    "generator": torched(lambda: torch.Generator().manual_seed(3).get_state()),
    "packed sequence": torched(packed),
    "whole module": torched(lambda: trained()[0], MODULES),
    "whole network": torched(net, MODULES),
    "whole network, old container": torched(net, MODULES, **OLD),
    "whole network by pickle": pickled(lambda: trained()[0], MODULES),
    "whole transformer": torched(lambda: nn.TransformerEncoderLayer(4, 2), MODULES),
    "whole recurrent": torched(lambda: nn.LSTM(3, 2), MODULES),
    "whole optimizer": torched(lambda: trained()[1], MODULES),
    "whole schedule": torched(lambda: trained()[2], MODULES),
    "dataset of tensors": torched(lambda: torch.utils.data.TensorDataset(torch.ones(3, 2))),
    "sharded checkpoint": Case(sharded, unsharded, "with torch-dcp"),
}
