"""scikit-learn: the models that people keep most."""

import numpy as np
from shapes import joblibbed, pickled


def data():
    rng = np.random.RandomState(0)
    x = rng.normal(size=(60, 3))
    return x, (x[:, 0] > 0).astype(int)


def fitted(model):
    x, y = data()
    return model.fit(x, y)


def pipeline():
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return fitted(make_pipeline(StandardScaler(), LogisticRegression()))


def ensembles(name, **keywords):
    from sklearn import ensemble

    return fitted(getattr(ensemble, name)(random_state=0, **keywords))


def search():
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import SVC

    return fitted(GridSearchCV(SVC(), {"C": [0.1, 1]}, cv=2))


def text():
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), MultinomialNB())
    return model.fit(["red cat", "big dog", "red dog"], [0, 1, 0])


def distributions():
    from scipy.stats import uniform
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import RandomizedSearchCV

    return fitted(RandomizedSearchCV(LogisticRegression(), {"C": uniform(0.1, 2)}, n_iter=2, cv=2, random_state=0))


CASES = {
    "pipeline": joblibbed(pipeline),
    "pipeline, protocol 2": pickled(pipeline, protocol=2),
    "random forest": joblibbed(lambda: ensembles("RandomForestClassifier", n_estimators=5)),
    "extra trees, compressed": joblibbed(lambda: ensembles("ExtraTreesClassifier", n_estimators=5), compress=3),
    "gradient boosting": joblibbed(lambda: ensembles("GradientBoostingClassifier", n_estimators=5)),
    "histogram boosting": joblibbed(lambda: ensembles("HistGradientBoostingClassifier", max_iter=5)),
    "grid search": joblibbed(search),
    "text pipeline": pickled(text),
    "randomized search over a distribution": pickled(distributions),
}
