"""scipy: sparse matrices, and results and objects that people keep."""

import numpy as np
from scipy import interpolate, optimize, sparse, spatial, stats
from shapes import Case, joblibbed, pickled

DENSE = np.eye(4) + np.diag(np.ones(3), 1)
KINDS = "csr csc coo bsr dia dok lil".split()
BLOCKED = "blocked: loading a tree follows the links between its nodes, which crash the process when forged"

CASES = {
    **{f"{kind} matrix": pickled(lambda kind=kind: getattr(sparse, f"{kind}_matrix")(DENSE)) for kind in KINDS},
    **{f"{kind} array": joblibbed(lambda kind=kind: getattr(sparse, f"{kind}_array")(DENSE)) for kind in KINDS},
    "save_npz": Case(
        lambda path: sparse.save_npz(path.open("wb"), sparse.csr_matrix(DENSE)),
        lambda path: sparse.load_npz(path),
    ),
    "kd-tree": pickled(lambda: spatial.cKDTree(DENSE), BLOCKED),
    "interpolator": pickled(lambda: interpolate.interp1d([0, 1, 2], [3, 4, 5])),
    "spline": pickled(lambda: interpolate.CubicSpline([0, 1, 2, 3], [3, 4, 5, 7])),
    "b-spline": pickled(lambda: interpolate.make_interp_spline([0, 1, 2, 3], [3, 4, 5, 7])),
    "univariate spline": pickled(lambda: interpolate.UnivariateSpline(np.arange(6), np.arange(6.0) ** 2)),
    "optimize result": pickled(lambda: optimize.minimize(lambda x: (x**2).sum(), np.ones(2), method="Nelder-Mead")),
    "density": pickled(lambda: stats.gaussian_kde(np.arange(9.0) ** 2)),
    "test result": pickled(lambda: stats.ttest_ind([1, 2, 3], [2, 3, 5])),
    "hull": pickled(lambda: spatial.ConvexHull(np.random.RandomState(0).normal(size=(9, 2))).vertices),
    "rotation": pickled(lambda: spatial.transform.Rotation.from_euler("x", 1.0)),
    "frozen distribution": pickled(lambda: stats.norm(0, 2)),
}
