"""xgboost: boosters and its scikit-learn estimators."""

import numpy as np
import xgboost
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
WITH = "with xgboost"


def booster():
    return xgboost.train({"objective": "reg:squarederror"}, xgboost.DMatrix(X, X[:, 0]), 3)


def pipeline():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), xgboost.XGBClassifier(n_estimators=3)).fit(X, Y)


CASES = {
    "classifier": pickled(lambda: xgboost.XGBClassifier(n_estimators=3).fit(X, Y), WITH),
    "classifier by joblib": joblibbed(lambda: xgboost.XGBClassifier(n_estimators=3).fit(X, Y), WITH),
    "regressor": joblibbed(lambda: xgboost.XGBRegressor(n_estimators=3).fit(X, X[:, 0]), WITH),
    "random forest": joblibbed(lambda: xgboost.XGBRFClassifier(n_estimators=3).fit(X, Y), WITH),
    "ranker": joblibbed(lambda: xgboost.XGBRanker(n_estimators=3).fit(X, Y, group=[30, 30]), WITH),
    "unfitted": pickled(lambda: xgboost.XGBClassifier(), WITH),
    "booster": pickled(booster, WITH),
    "pipeline": joblibbed(pipeline, WITH),
}
