"""Fitted estimators that no check of scikit-learn's own makes: what users set, and combine."""
# ruff: noqa: BLE001

import numpy as np


def attempts(makers):
    """What each maker makes; those that a version cannot make are left out."""
    for maker in makers:
        try:
            yield maker()
        except Exception:
            continue


def cases(fitted):
    for estimator in attempts(_makers()):
        yield estimator
        if hasattr(estimator, "fit"):
            yield from fitted(estimator)


def _makers():
    yield from _linear()
    yield from _neighbors()
    yield from _trees()
    yield from _composed()
    yield from _kernels()
    yield from _searches()
    yield from _text()


def _linear():
    from sklearn import linear_model, svm

    for loss in (
        "hinge log_loss log modified_huber squared_hinge perceptron squared_error huber "
        "epsilon_insensitive squared_epsilon_insensitive"
    ).split():
        yield lambda loss=loss: linear_model.SGDClassifier(loss=loss)
        yield lambda loss=loss: linear_model.SGDRegressor(loss=loss)
    for kernel in ("linear", "poly", "rbf", "sigmoid"):
        yield lambda kernel=kernel: svm.SVC(kernel=kernel, probability=True)
    yield lambda: linear_model.PassiveAggressiveClassifier()
    yield lambda: linear_model.TweedieRegressor(power=0)
    yield lambda: linear_model.TweedieRegressor(power=1.5)
    yield lambda: linear_model.TweedieRegressor(power=1)
    yield lambda: linear_model.LogisticRegressionCV(scoring="neg_log_loss", cv=2)
    yield lambda: linear_model.RidgeCV(scoring="r2")


def _neighbors():
    from sklearn import neighbors

    x = np.random.RandomState(0).normal(size=(30, 3))
    for metric in (
        "euclidean manhattan chebyshev minkowski seuclidean mahalanobis hamming canberra braycurtis "
        "jaccard dice rogerstanimoto russellrao sokalsneath haversine"
    ).split():
        keywords = {"V": np.ones(3)} if metric in ("seuclidean", "mahalanobis") else {}
        for tree in (neighbors.KDTree, neighbors.BallTree):
            for kind in (np.float64, np.float32):
                yield lambda t=tree, m=metric, k=keywords, d=kind: t(x.astype(d), metric=m, **k)
        yield lambda m=metric, k=keywords: neighbors.DistanceMetric.get_metric(m, **k)
        yield lambda m=metric, k=keywords: _metric(m, np.float64, k)
        yield lambda m=metric, k=keywords: _metric(m, np.float32, k)
    for algorithm in ("kd_tree", "ball_tree", "brute"):
        yield lambda a=algorithm: neighbors.KNeighborsClassifier(algorithm=a)
        yield lambda a=algorithm: neighbors.RadiusNeighborsRegressor(algorithm=a, radius=9.0)
    yield lambda: neighbors.KernelDensity(kernel="tophat")


def _metric(name, dtype, keywords):
    from sklearn.metrics import DistanceMetric

    return DistanceMetric.get_metric(name, dtype=dtype, **keywords)


def _trees():
    from sklearn import ensemble, tree

    for loss in ("squared_error", "absolute_error", "huber", "quantile", "poisson", "gamma"):
        yield lambda loss=loss: ensemble.GradientBoostingRegressor(loss=loss, n_estimators=3)
        yield lambda loss=loss: ensemble.HistGradientBoostingRegressor(loss=loss, quantile=0.5, max_iter=3)
        yield lambda loss=loss: ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=3)
    for loss in ("log_loss", "deviance", "exponential"):
        yield lambda loss=loss: ensemble.GradientBoostingClassifier(loss=loss, n_estimators=3)
    yield lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, early_stopping=True)
    for criterion in ("gini", "entropy", "log_loss"):
        yield lambda c=criterion: tree.DecisionTreeClassifier(criterion=c)
    for criterion in ("squared_error", "absolute_error", "friedman_mse", "poisson"):
        yield lambda c=criterion: tree.DecisionTreeRegressor(criterion=c)
    yield lambda: ensemble.RandomForestClassifier(n_estimators=3, oob_score=True, bootstrap=True)
    yield lambda: ensemble.AdaBoostClassifier(n_estimators=3)
    yield lambda: ensemble.IsolationForest(n_estimators=3)


def _composed():
    from sklearn import (
        calibration,
        compose,
        ensemble,
        feature_selection,
        impute,
        linear_model,
        multiclass,
        multioutput,
        pipeline,
        preprocessing,
    )

    steps = (preprocessing.StandardScaler(), linear_model.LogisticRegression())
    yield lambda: pipeline.make_pipeline(*steps)
    yield lambda: pipeline.make_union(preprocessing.MinMaxScaler(), preprocessing.Normalizer())
    yield lambda: preprocessing.StandardScaler().set_output(transform="pandas")
    for function in (np.log1p, np.sqrt, np.abs, np.exp, np.square):
        yield lambda f=function: preprocessing.FunctionTransformer(f)
    yield lambda: compose.make_column_transformer(
        (preprocessing.StandardScaler(), [0, 1]), ("passthrough", slice(2, 4)), remainder="drop"
    )
    yield lambda: compose.make_column_transformer(
        (preprocessing.OneHotEncoder(handle_unknown="ignore"), compose.make_column_selector("x")),
    )
    yield lambda: compose.TransformedTargetRegressor(func=np.log, inverse_func=np.exp)
    for score in "f_classif f_regression chi2 mutual_info_classif mutual_info_regression".split():
        yield lambda s=score: feature_selection.SelectKBest(getattr(feature_selection, s), k=2)
    yield lambda: calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2)
    yield lambda: calibration.CalibratedClassifierCV(cv=2, method="isotonic")
    yield lambda: multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    yield lambda: multioutput.MultiOutputClassifier(linear_model.LogisticRegression())
    named = [("a", linear_model.LogisticRegression()), ("b", linear_model.RidgeClassifier())]
    yield lambda: ensemble.VotingClassifier(named)
    yield lambda: ensemble.StackingClassifier(named, cv=2)
    yield lambda: impute.SimpleImputer(add_indicator=True)
    yield lambda: impute.KNNImputer()


def _kernels():
    from sklearn.gaussian_process import (
        GaussianProcessClassifier,
        GaussianProcessRegressor,
    )
    from sklearn.gaussian_process import kernels as k

    for kernel in (
        k.ConstantKernel() * k.RBF() + k.WhiteKernel(),
        k.Matern(nu=1.5) ** 2,
        k.RationalQuadratic(),
        k.ExpSineSquared(),
        k.DotProduct(),
        k.PairwiseKernel(metric="rbf"),
        k.CompoundKernel([k.RBF(), k.RBF()]),
    ):
        yield lambda kernel=kernel: kernel
        yield lambda kernel=kernel: GaussianProcessRegressor(kernel)
        yield lambda kernel=kernel: GaussianProcessClassifier(kernel)


def _searches():
    from sklearn import linear_model, metrics, model_selection

    grid = {"C": [0.1, 1.0]}
    model = linear_model.LogisticRegression
    for scoring in ("accuracy", "roc_auc", "neg_log_loss", ["f1_macro", "precision_macro"]):
        yield lambda s=scoring: model_selection.GridSearchCV(model(), grid, scoring=s, cv=2, refit=False)
    yield lambda: model_selection.GridSearchCV(
        model(), grid, scoring=metrics.make_scorer(metrics.fbeta_score, beta=2), cv=2
    )
    yield lambda: model_selection.RandomizedSearchCV(model(), grid, n_iter=2, cv=2)
    yield lambda: model_selection.GridSearchCV(model(), grid, cv=model_selection.KFold(2))
    yield lambda: model_selection.StratifiedKFold(3, shuffle=True, random_state=0)
    yield lambda: model_selection.ParameterGrid(grid)
    yield lambda: model_selection.ParameterSampler(grid, 2)
    yield lambda: model_selection.PredefinedSplit([0, 1, 0])
    for name in _scorers(metrics):
        yield lambda name=name: metrics.get_scorer(name)


def _scorers(metrics):
    try:
        return metrics.get_scorer_names()
    except AttributeError:
        return list(metrics.SCORERS)


def _text():
    from sklearn.feature_extraction import text
    from sklearn.feature_extraction.image import PatchExtractor
    from sklearn.utils import Bunch

    yield lambda: text.TfidfVectorizer(ngram_range=(1, 2), stop_words="english")
    yield lambda: text.CountVectorizer(analyzer="char_wb", dtype=np.float32)
    yield lambda: text.HashingVectorizer(n_features=16)
    yield lambda: PatchExtractor()
    yield lambda: Bunch(data=np.zeros(2), target=[1], DESCR="x")
