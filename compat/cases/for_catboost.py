"""catboost: its estimators by pickle and joblib."""

import catboost
import numpy as np
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
WITH = "with catboost"
FEW = {"iterations": 3, "verbose": False, "allow_writing_files": False}

CASES = {
    "classifier": pickled(lambda: catboost.CatBoostClassifier(**FEW).fit(X, Y), WITH),
    "regressor": joblibbed(lambda: catboost.CatBoostRegressor(**FEW).fit(X, X[:, 0]), WITH),
    "model": pickled(lambda: catboost.CatBoost(FEW).fit(X, Y), WITH),
    "unfitted": pickled(lambda: catboost.CatBoostClassifier(**FEW), WITH),
}
