"""sentence-transformers: embeddings and weights that its users keep. Its own format is safetensors."""

import numpy as np
import torch
from shapes import joblibbed, pickled, torched


def dense():
    from sentence_transformers import models

    torch.manual_seed(0)
    return models.Dense(4, 2)


CASES = {
    "weights": torched(lambda: dense().state_dict()),
    "embeddings": pickled(lambda: {"sentences": ["a", "b"], "embeddings": np.eye(2, dtype="f4")}),
    "tensors of embeddings": joblibbed(lambda: torch.eye(2)),
    "whole module": torched(dense, "with sentence-transformers"),
}
