"""lightgbm: boosters and its scikit-learn estimators."""

import lightgbm
import numpy as np
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
WITH = "with lightgbm"
FEW = {"n_estimators": 3, "verbose": -1}


def booster():
    return lightgbm.train({"verbose": -1}, lightgbm.Dataset(X, X[:, 0]), 3)


CASES = {
    "classifier": pickled(lambda: lightgbm.LGBMClassifier(**FEW).fit(X, Y), WITH),
    "classifier by joblib": joblibbed(lambda: lightgbm.LGBMClassifier(**FEW).fit(X, Y), WITH),
    "regressor": joblibbed(lambda: lightgbm.LGBMRegressor(**FEW).fit(X, X[:, 0]), WITH),
    "ranker": joblibbed(lambda: lightgbm.LGBMRanker(**FEW).fit(X, Y, group=[30, 30]), WITH),
    "unfitted": pickled(lambda: lightgbm.LGBMClassifier(), WITH),
    "booster": pickled(booster, WITH),
}
