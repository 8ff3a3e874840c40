"""hdbscan: clusterers, with and without what predictions need."""

import hdbscan
import numpy as np
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(80, 3))
WITH = "with hdbscan"

CASES = {
    "fitted": pickled(lambda: hdbscan.HDBSCAN(min_cluster_size=5).fit(X), WITH),
    "with prediction data": joblibbed(lambda: hdbscan.HDBSCAN(min_cluster_size=5, prediction_data=True).fit(X), WITH),
    "spanning tree": pickled(lambda: hdbscan.HDBSCAN(min_cluster_size=5, gen_min_span_tree=True).fit(X), WITH),
    "robust single linkage": pickled(lambda: hdbscan.RobustSingleLinkage().fit(X), WITH),
}
