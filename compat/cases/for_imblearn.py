"""imbalanced-learn: samplers, ensembles and pipelines."""

import numpy as np
from imblearn import combine, ensemble, over_sampling, pipeline, under_sampling
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(80, 3))
Y = (X[:, 0] > 0.8).astype(int)
WITH = "with imbalanced-learn"


def sampled(sampler):
    sampler.fit_resample(X, Y)
    return sampler


def piped():
    from sklearn.linear_model import LogisticRegression

    return pipeline.make_pipeline(over_sampling.SMOTE(k_neighbors=3), LogisticRegression()).fit(X, Y)


CASES = {
    "SMOTE": pickled(lambda: sampled(over_sampling.SMOTE(k_neighbors=3)), WITH),
    "ADASYN": pickled(lambda: sampled(over_sampling.ADASYN(n_neighbors=3)), WITH),
    "random over": pickled(lambda: sampled(over_sampling.RandomOverSampler()), WITH),
    "random under": pickled(lambda: sampled(under_sampling.RandomUnderSampler()), WITH),
    "Tomek links": pickled(lambda: sampled(under_sampling.TomekLinks()), WITH),
    "SMOTE and Tomek": pickled(lambda: sampled(combine.SMOTETomek()), WITH),
    "pipeline": joblibbed(piped, WITH),
    "balanced forest": joblibbed(lambda: ensemble.BalancedRandomForestClassifier(5).fit(X, Y), WITH),
    "balanced bagging": joblibbed(lambda: ensemble.BalancedBaggingClassifier(n_estimators=3).fit(X, Y), WITH),
    "easy ensemble": joblibbed(lambda: ensemble.EasyEnsembleClassifier(2).fit(X, Y), WITH),
    "RUSBoost": joblibbed(lambda: ensemble.RUSBoostClassifier(n_estimators=3).fit(X, Y), WITH),
}
