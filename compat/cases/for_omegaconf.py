"""omegaconf: configurations by themselves and in checkpoints, as Hydra's and Lightning's users save them."""

from omegaconf import OmegaConf
from shapes import pickled, torched

WITH = "with omegaconf"


def config():
    return OmegaConf.create({"lr": 0.1, "layers": [1, 2, {"a": None}], "name": "${lr}", "on": True})


def checkpoint():
    import torch

    return {"state_dict": torch.nn.Linear(2, 2).state_dict(), "hyper_parameters": config()}


CASES = {
    "dict": pickled(config, WITH),
    "list": pickled(lambda: OmegaConf.create([1, "a", {"b": 2.0}]), WITH),
    "in a checkpoint": torched(checkpoint, WITH),
    "old pickle protocol": pickled(config, WITH, protocol=2),
}
