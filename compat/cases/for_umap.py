"""umap: its models carry compiled functions, which are code."""

import numpy as np
import umap
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(60, 5))
CODE = "blocked: the model carries functions as source and bytecode"

CASES = {
    "unfitted": pickled(
        lambda: umap.UMAP(n_neighbors=5), "blocked: no list has the class, whose fitted objects are code"
    ),
    "fitted": joblibbed(lambda: umap.UMAP(n_neighbors=5, n_epochs=5, random_state=0).fit(X), CODE),
}
