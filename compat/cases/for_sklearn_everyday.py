"""scikit-learn: what people put into a pipeline, and every kind of model, fitted."""

import functools
import importlib
import math
import re

import numpy as np
import pandas as pd
import scipy.sparse
import scipy.spatial
import scipy.special
import scipy.stats
import sklearn
from shapes import joblibbed
from sklearn import (
    calibration,
    cluster,
    compose,
    covariance,
    cross_decomposition,
    datasets,
    decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    feature_extraction,
    feature_selection,
    gaussian_process,
    impute,
    inspection,
    isotonic,
    kernel_approximation,
    kernel_ridge,
    linear_model,
    manifold,
    metrics,
    mixture,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    neural_network,
    pipeline,
    preprocessing,
    random_projection,
    semi_supervised,
    svm,
    tree,
)
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer  # noqa: F401 - switches them on
from sklearn.feature_extraction import text
from sklearn.gaussian_process import kernels

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 4))
Y = (X[:, 0] > 0).astype(int)
VALUES = X[:, 0] * 2 + 1
LABELS = np.where(Y, "a", "b")
FRAME = pd.DataFrame(
    {
        "n": X[:, 0],
        "m": X[:, 1],
        "c": ["x", "y", "z"] * 20,
        "o": pd.Categorical(["p", "q"] * 30),
        "t": ["hello world", "a b c", "x y"] * 20,
        "d": pd.date_range("2020", periods=60),
    }
)
TEXTS = ["hello world foo", "bar baz hello", "foo foo bar"] * 4
CLASSES = [0, 1, 0] * 4
function = preprocessing.FunctionTransformer


def frozen(model):
    return importlib.import_module("sklearn.frozen").FrozenEstimator(model)


def columns(*more):
    numbers = pipeline.make_pipeline(impute.SimpleImputer(), preprocessing.StandardScaler())
    words = preprocessing.OneHotEncoder(handle_unknown="ignore")
    transformers = [("n", numbers, ["n", "m"]), ("c", words, ["c", "o"]), *more]
    both = compose.ColumnTransformer(transformers, remainder="drop")
    return pipeline.make_pipeline(both, linear_model.LogisticRegression()).fit(FRAME, Y)


def selected():
    numbers = compose.make_column_selector(dtype_include=np.number)
    rest = compose.make_column_selector(dtype_include=object)
    transformers = [("n", preprocessing.StandardScaler(), numbers), ("c", preprocessing.OrdinalEncoder(), rest)]
    return compose.ColumnTransformer([*transformers, ("p", "passthrough", [0])]).fit(FRAME[["n", "m", "c"]])


CASES = {
    "ct": joblibbed(columns),
    "ct text": joblibbed(lambda: columns(("t", text.TfidfVectorizer(), "t"))),
    "ctsel": joblibbed(selected),
    "ct pandas out": joblibbed(lambda: selected().set_output(transform="pandas")),
    "ct slices": joblibbed(
        lambda: compose.ColumnTransformer(
            [
                ("a", preprocessing.StandardScaler(), slice(0, 2)),
                ("b", preprocessing.MinMaxScaler(), [True, False, True, False]),
            ],
            remainder=preprocessing.RobustScaler(),
        ).fit(X)
    ),
    "ct callable np": joblibbed(
        lambda: compose.ColumnTransformer([("a", function(np.log1p), ["n"])], remainder="passthrough").fit(
            abs(FRAME[["n", "m"]])
        )
    ),
    "FT log1p": joblibbed(lambda: function(np.log1p, inverse_func=np.expm1).fit(abs(X))),
    "FT sqrt": joblibbed(lambda: function(np.sqrt)),
    "FT sin": joblibbed(lambda: function(np.sin)),
    "FT abs": joblibbed(lambda: function(np.abs)),
    "FT none": joblibbed(lambda: function(None)),
    "FT reshape": joblibbed(lambda: function(np.reshape, kw_args={"newshape": (-1, 1)})),
    "FT ravel": joblibbed(lambda: function(np.ravel)),
    "FT log": joblibbed(
        lambda: pipeline.make_pipeline(function(np.log, validate=True), preprocessing.StandardScaler())
    ),
    "FT nan_to_num": joblibbed(lambda: function(np.nan_to_num)),
    "FT clip": joblibbed(lambda: function(np.clip, kw_args={"a_min": 0, "a_max": 1})),
    "FT asarray": joblibbed(lambda: function(np.asarray)),
    "FT array": joblibbed(lambda: function(np.array)),
    "FT squeeze": joblibbed(lambda: function(np.squeeze)),
    "FT expit": joblibbed(lambda: function(scipy.special.expit)),
    "FT boxcox": joblibbed(lambda: function(scipy.special.boxcox1p)),
    "FT float32": joblibbed(lambda: function(np.float32)),
    "FT astype": joblibbed(lambda: function(np.ndarray.astype)),
    "FT toarray": joblibbed(lambda: function(scipy.sparse.csr_matrix.toarray)),
    "FT todense": joblibbed(lambda: function(scipy.sparse.csr_matrix.todense)),
    "FT pd.get_dummies": joblibbed(lambda: function(pd.get_dummies)),
    "FT FRAME fillna": joblibbed(lambda: function(pd.DataFrame.fillna)),
    "FT pd.to_numeric": joblibbed(lambda: function(pd.to_numeric)),
    "FT pd.to_datetime": joblibbed(lambda: function(pd.to_datetime)),
    "FT FRAME apply": joblibbed(lambda: function(pd.DataFrame.astype, kw_args={"dtype": str})),
    "FT pd.DataFrame": joblibbed(lambda: function(pd.DataFrame)),
    "FT cos": joblibbed(lambda: function(np.cos)),
    "FT hstack": joblibbed(lambda: function(np.hstack)),
    "FT FRAME.select": joblibbed(lambda: function(pd.DataFrame.select_dtypes)),
    "FT str.lower": joblibbed(lambda: function(str.lower)),
    "FT partial clip": joblibbed(lambda: function(functools.partial(np.clip, a_min=0, a_max=1))),
    "FT math": joblibbed(lambda: function(math.sqrt)),
    "FT np.vectorize": joblibbed(lambda: function(np.vectorize(len))),
    "FT vectorize math": joblibbed(lambda: function(np.vectorize(math.sqrt))),
    "FT np.digitize": joblibbed(lambda: function(np.digitize, kw_args={"bins": [0, 1]})),
    "FT exp": joblibbed(lambda: function(np.exp)),
    "FT np.sign": joblibbed(lambda: function(np.sign)),
    "FT log10": joblibbed(lambda: function(np.log10)),
    "FT np.power": joblibbed(lambda: function(np.power, kw_args={"x2": 2})),
    "FT np.isnan": joblibbed(lambda: function(np.isnan)),
    "FT pd.isna": joblibbed(lambda: function(pd.isna)),
    "FT np.where": joblibbed(lambda: function(np.where)),
    "FT sklearn normalize": joblibbed(lambda: function(preprocessing.normalize)),
    "FT scale": joblibbed(lambda: function(preprocessing.scale)),
    "TTR": joblibbed(
        lambda: compose.TransformedTargetRegressor(
            linear_model.LinearRegression(), func=np.log1p, inverse_func=np.expm1
        ).fit(X, abs(VALUES))
    ),
    "TTR qt": joblibbed(
        lambda: compose.TransformedTargetRegressor(
            linear_model.LinearRegression(), transformer=preprocessing.QuantileTransformer(n_quantiles=10)
        ).fit(X, VALUES)
    ),
    "TTR log/exp": joblibbed(
        lambda: compose.TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp).fit(
            X, abs(VALUES) + 1
        )
    ),
    "FeatureUnion": joblibbed(
        lambda: pipeline.FeatureUnion(
            [("a", decomposition.PCA(2)), ("b", feature_selection.SelectKBest(feature_selection.f_classif, k=1))]
        ).fit(X, Y)
    ),
    "SelectKBest chi2": joblibbed(lambda: feature_selection.SelectKBest(feature_selection.chi2, k=2).fit(abs(X), Y)),
    "SKB mi": joblibbed(lambda: feature_selection.SelectKBest(feature_selection.mutual_info_classif, k=2).fit(X, Y)),
    "SKB partial mi": joblibbed(
        lambda: feature_selection.SelectKBest(
            functools.partial(feature_selection.mutual_info_classif, random_state=0), k=2
        ).fit(X, Y)
    ),
    "SFM": joblibbed(lambda: feature_selection.SelectFromModel(ensemble.RandomForestClassifier(3)).fit(X, Y)),
    "RFE": joblibbed(
        lambda: feature_selection.RFE(linear_model.LogisticRegression(), n_features_to_select=2).fit(X, Y)
    ),
    "RFECV": joblibbed(lambda: feature_selection.RFECV(linear_model.LogisticRegression(), cv=2).fit(X, Y)),
    "SFS": joblibbed(
        lambda: feature_selection.SequentialFeatureSelector(
            linear_model.LogisticRegression(), n_features_to_select=2, cv=2
        ).fit(X, Y)
    ),
    "VT": joblibbed(lambda: feature_selection.VarianceThreshold().fit(X)),
    "SFM np.inf": joblibbed(
        lambda: feature_selection.SelectFromModel(
            linear_model.Lasso(alpha=0.01), threshold=-np.inf, max_features=2
        ).fit(X, VALUES)
    ),
    "SelPerc": joblibbed(lambda: feature_selection.SelectPercentile(feature_selection.f_regression).fit(X, VALUES)),
    "GridSearch": joblibbed(
        lambda: model_selection.GridSearchCV(
            pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC(probability=True)),
            {"svc__C": [0.1, 1]},
            cv=model_selection.StratifiedKFold(2),
            scoring="f1",
        ).fit(X, Y)
    ),
    "GS scorer": joblibbed(
        lambda: model_selection.GridSearchCV(
            linear_model.LogisticRegression(),
            {"C": [1, 2]},
            scoring=metrics.make_scorer(metrics.fbeta_score, beta=2),
            cv=2,
        ).fit(X, Y)
    ),
    "GS multi": joblibbed(
        lambda: model_selection.GridSearchCV(
            linear_model.LogisticRegression(),
            {"C": [1, 2]},
            scoring={"a": "accuracy", "b": metrics.make_scorer(metrics.roc_auc_score, response_method="predict_proba")},
            refit="a",
            cv=model_selection.KFold(2, shuffle=True, random_state=0),
        ).fit(X, Y)
    ),
    "GS scorer mse": joblibbed(
        lambda: model_selection.GridSearchCV(
            linear_model.Ridge(),
            {"alpha": [1, 2]},
            scoring=metrics.make_scorer(metrics.mean_squared_error, greater_is_better=False),
            cv=2,
        ).fit(X, VALUES)
    ),
    "GS timeseries": joblibbed(
        lambda: model_selection.GridSearchCV(
            linear_model.Ridge(), {"alpha": np.logspace(-2, 2, 3)}, cv=model_selection.TimeSeriesSplit(2)
        ).fit(X, VALUES)
    ),
    "GS group": joblibbed(
        lambda: model_selection.GridSearchCV(
            linear_model.Ridge(), {"alpha": [1]}, cv=model_selection.GroupKFold(2)
        ).fit(X, VALUES, groups=Y)
    ),
    "RS loguniform": joblibbed(
        lambda: model_selection.RandomizedSearchCV(
            linear_model.LogisticRegression(), {"C": scipy.stats.loguniform(0.1, 1)}, n_iter=2, cv=2, random_state=0
        ).fit(X, Y)
    ),
    "RS randint": joblibbed(
        lambda: model_selection.RandomizedSearchCV(
            ensemble.RandomForestClassifier(3), {"max_depth": scipy.stats.randint(1, 4)}, n_iter=2, cv=2, random_state=0
        ).fit(X, Y)
    ),
    "RS uniform": joblibbed(
        lambda: model_selection.RandomizedSearchCV(
            linear_model.Ridge(), {"alpha": scipy.stats.uniform(0, 1)}, n_iter=2, cv=2, random_state=0
        ).fit(X, VALUES)
    ),
    "RS expon": joblibbed(
        lambda: model_selection.RandomizedSearchCV(
            linear_model.Ridge(), {"alpha": scipy.stats.expon(scale=1)}, n_iter=2, cv=2, random_state=0
        ).fit(X, VALUES)
    ),
    "RS rs": joblibbed(
        lambda: model_selection.RandomizedSearchCV(
            linear_model.Ridge(), {"alpha": [1, 2, 3]}, n_iter=2, cv=2, random_state=np.random.RandomState(0)
        ).fit(X, VALUES)
    ),
    "Halving": joblibbed(
        lambda: (
            __import__("sklearn.experimental.enable_halving_search_cv"),
            importlib.import_module("sklearn")
            .model_selection.HalvingGridSearchCV(linear_model.LogisticRegression(), {"C": [1, 2]}, cv=2)
            .fit(X, Y),
        )[1]
    ),
    "CV result": joblibbed(
        lambda: model_selection.cross_validate(linear_model.LogisticRegression(), X, Y, cv=2, return_estimator=True)
    ),
    "cv splitters": joblibbed(
        lambda: [
            model_selection.KFold(),
            model_selection.StratifiedKFold(),
            model_selection.ShuffleSplit(),
            model_selection.GroupShuffleSplit(),
            model_selection.LeaveOneOut(),
            model_selection.RepeatedKFold(),
            model_selection.RepeatedStratifiedKFold(),
            model_selection.PredefinedSplit([0, 1]),
            model_selection.StratifiedGroupKFold(),
            model_selection.LeavePOut(2),
            model_selection.StratifiedShuffleSplit(),
            model_selection.TimeSeriesSplit(),
        ]
    ),
    "Count tokenizer split": joblibbed(
        lambda: text.CountVectorizer(tokenizer=str.split, token_pattern=None).fit(TEXTS)
    ),
    "Tfidf preproc lower": joblibbed(lambda: text.TfidfVectorizer(preprocessor=str.lower).fit(TEXTS)),
    "Tfidf re findall": joblibbed(
        lambda: text.TfidfVectorizer(tokenizer=re.compile("\\w+").findall, token_pattern=None).fit(TEXTS)
    ),
    "Tfidf stop frozenset": joblibbed(lambda: text.TfidfVectorizer(stop_words="english").fit(TEXTS)),
    "Tfidf stop list": joblibbed(lambda: text.TfidfVectorizer(stop_words=list(text.ENGLISH_STOP_WORDS)).fit(TEXTS)),
    "Count analyzer list": joblibbed(lambda: text.CountVectorizer(analyzer=list).fit(TEXTS)),
    "Hashing": joblibbed(
        lambda: pipeline.make_pipeline(
            text.HashingVectorizer(n_features=16), text.TfidfTransformer(), linear_model.SGDClassifier()
        ).fit(TEXTS, CLASSES)
    ),
    "Tfidf char float32": joblibbed(lambda: text.TfidfVectorizer(analyzer="char_wb", dtype=np.float32).fit(TEXTS)),
    "strip accents": joblibbed(lambda: text.TfidfVectorizer(strip_accents="unicode").fit(TEXTS)),
    "strip accents fn": joblibbed(lambda: text.TfidfVectorizer(strip_accents=text.strip_accents_ascii).fit(TEXTS)),
    "DictVectorizer": joblibbed(lambda: feature_extraction.DictVectorizer().fit([{"a": 1}, {"b": "x"}])),
    "FeatureHasher": joblibbed(lambda: feature_extraction.FeatureHasher()),
    "LSA": joblibbed(
        lambda: pipeline.make_pipeline(
            text.TfidfVectorizer(), decomposition.TruncatedSVD(2), preprocessing.Normalizer(), svm.LinearSVC()
        ).fit(TEXTS, CLASSES)
    ),
    "LDA": joblibbed(lambda: decomposition.LatentDirichletAllocation(2).fit(abs(X))),
    "NMF": joblibbed(lambda: decomposition.NMF(2).fit(abs(X))),
    "LR strs": joblibbed(lambda: linear_model.LogisticRegression().fit(X, LABELS)),
    "LE": joblibbed(lambda: preprocessing.LabelEncoder().fit(LABELS)),
    "MLB": joblibbed(lambda: preprocessing.MultiLabelBinarizer().fit([["a"], ["b", "c"]])),
    "LB": joblibbed(lambda: preprocessing.LabelBinarizer().fit(LABELS)),
    "OHE": joblibbed(lambda: preprocessing.OneHotEncoder(dtype=np.float32, sparse_output=False).fit(FRAME[["c"]])),
    "OHE infreq": joblibbed(lambda: preprocessing.OneHotEncoder(max_categories=2).fit(FRAME[["c"]])),
    "OE": joblibbed(
        lambda: preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan).fit(FRAME[["c"]])
    ),
    "TE": joblibbed(lambda: preprocessing.TargetEncoder().fit(FRAME[["c"]], Y)),
    "KBD": joblibbed(lambda: preprocessing.KBinsDiscretizer(3).fit(X)),
    "PT": joblibbed(lambda: preprocessing.PowerTransformer().fit(X)),
    "QT": joblibbed(lambda: preprocessing.QuantileTransformer(n_quantiles=5).fit(X)),
    "Spline": joblibbed(lambda: preprocessing.SplineTransformer().fit(X)),
    "Poly": joblibbed(lambda: preprocessing.PolynomialFeatures(2).fit(X)),
    "KNNI": joblibbed(lambda: impute.KNNImputer().fit(X)),
    "II": joblibbed(lambda: impute.IterativeImputer(max_iter=2).fit(X)),
    "II rf": joblibbed(lambda: impute.IterativeImputer(ensemble.RandomForestRegressor(2), max_iter=2).fit(X)),
    "SI const": joblibbed(lambda: impute.SimpleImputer(strategy="constant", fill_value="x").fit(FRAME[["c"]])),
    "MI": joblibbed(lambda: impute.MissingIndicator().fit(np.where(X > 1, np.nan, X))),
    "SI pdna": joblibbed(lambda: impute.SimpleImputer(missing_values=pd.NA)),
    "KNN": joblibbed(lambda: neighbors.KNeighborsClassifier().fit(X, Y)),
    "KNN ball": joblibbed(lambda: neighbors.KNeighborsClassifier(algorithm="ball_tree", metric="manhattan").fit(X, Y)),
    "KNN callable": joblibbed(
        lambda: neighbors.KNeighborsClassifier(metric=scipy.spatial.distance.euclidean).fit(X, Y)
    ),
    "KNN haversine": joblibbed(lambda: neighbors.NearestNeighbors(metric="haversine").fit(X[:, :2])),
    "KDTree": joblibbed(lambda: neighbors.KDTree(X)),
    "BallTree": joblibbed(lambda: neighbors.BallTree(X)),
    "NN brute cosine": joblibbed(lambda: neighbors.NearestNeighbors(metric="cosine").fit(X)),
    "KernelDensity": joblibbed(lambda: neighbors.KernelDensity().fit(X)),
    "LOF": joblibbed(lambda: neighbors.LocalOutlierFactor(novelty=True).fit(X)),
    "NCA": joblibbed(lambda: neighbors.NeighborhoodComponentsAnalysis(2).fit(X, Y)),
    "KNN mahalanobis": joblibbed(
        lambda: neighbors.KNeighborsClassifier(
            metric="mahalanobis", metric_params={"VI": np.eye(4)}, algorithm="ball_tree"
        ).fit(X, Y)
    ),
    "RadiusNC": joblibbed(lambda: neighbors.RadiusNeighborsClassifier(5).fit(X, Y)),
    "HGB": joblibbed(lambda: ensemble.HistGradientBoostingClassifier(max_iter=3).fit(X, Y)),
    "HGB cat": joblibbed(
        lambda: ensemble.HistGradientBoostingRegressor(max_iter=3, categorical_features="from_dtype").fit(
            FRAME[["n", "o"]], VALUES
        )
    ),
    "HGB es": joblibbed(
        lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, early_stopping=True).fit(X, [0, 1, 2] * 20)
    ),
    "HGB quantile": joblibbed(
        lambda: ensemble.HistGradientBoostingRegressor(loss="quantile", quantile=0.5, max_iter=3).fit(X, VALUES)
    ),
    "HGB poisson": joblibbed(
        lambda: ensemble.HistGradientBoostingRegressor(loss="poisson", max_iter=3, monotonic_cst=[1, 0, 0, 0]).fit(
            X, abs(VALUES)
        )
    ),
    "HGB gamma": joblibbed(
        lambda: ensemble.HistGradientBoostingRegressor(loss="gamma", max_iter=3).fit(X, abs(VALUES) + 1)
    ),
    "HGB abs": joblibbed(
        lambda: ensemble.HistGradientBoostingRegressor(loss="absolute_error", max_iter=3).fit(X, VALUES)
    ),
    "GB": joblibbed(lambda: ensemble.GradientBoostingClassifier(n_estimators=3).fit(X, Y)),
    "GB init": joblibbed(
        lambda: ensemble.GradientBoostingRegressor(n_estimators=3, loss="huber", init=linear_model.Ridge()).fit(
            X, VALUES
        )
    ),
    "GBq": joblibbed(lambda: ensemble.GradientBoostingRegressor(n_estimators=3, loss="quantile").fit(X, VALUES)),
    "GB exp": joblibbed(
        lambda: ensemble.GradientBoostingClassifier(
            n_estimators=3, loss="exponential", random_state=np.random.RandomState(1)
        ).fit(X, Y)
    ),
    "RF": joblibbed(lambda: ensemble.RandomForestClassifier(3, oob_score=True).fit(X, Y)),
    "ET": joblibbed(lambda: ensemble.ExtraTreesRegressor(3).fit(X, VALUES)),
    "IF": joblibbed(lambda: ensemble.IsolationForest(n_estimators=3).fit(X)),
    "Ada": joblibbed(lambda: ensemble.AdaBoostClassifier(n_estimators=3).fit(X, Y)),
    "Bag": joblibbed(lambda: ensemble.BaggingRegressor(svm.SVR(), n_estimators=3).fit(X, VALUES)),
    "Vote": joblibbed(
        lambda: ensemble.VotingClassifier(
            [("a", linear_model.LogisticRegression()), ("b", svm.SVC(probability=True))], voting="soft"
        ).fit(X, Y)
    ),
    "Stack": joblibbed(
        lambda: ensemble.StackingClassifier(
            [("a", linear_model.LogisticRegression()), ("b", ensemble.RandomForestClassifier(2))],
            final_estimator=linear_model.LogisticRegression(),
            cv=2,
        ).fit(X, Y)
    ),
    "StackR": joblibbed(
        lambda: ensemble.StackingRegressor(
            [("a", linear_model.RidgeCV()), ("b", linear_model.LassoCV(cv=2))], cv=2
        ).fit(X, VALUES)
    ),
    "RTE": joblibbed(lambda: ensemble.RandomTreesEmbedding(3).fit(X)),
    "SVC": joblibbed(lambda: svm.SVC().fit(X, Y)),
    "SVC callable": joblibbed(lambda: svm.SVC(kernel=metrics.pairwise.cosine_similarity).fit(X, Y)),
    "SVC custom np.dot": joblibbed(lambda: svm.SVC(kernel=np.dot)),
    "NuSVC": joblibbed(lambda: svm.NuSVC().fit(X, Y)),
    "OCSVM": joblibbed(lambda: svm.OneClassSVM().fit(X)),
    "SGD": joblibbed(lambda: linear_model.SGDClassifier(loss="log_loss").fit(X, Y)),
    "SGDR huber": joblibbed(lambda: linear_model.SGDRegressor(loss="huber").fit(X, VALUES)),
    "SGDR": joblibbed(lambda: linear_model.SGDRegressor(average=True).fit(X, VALUES)),
    "Perceptron": joblibbed(lambda: linear_model.Perceptron().fit(X, Y)),
    "PA": joblibbed(lambda: linear_model.PassiveAggressiveClassifier().fit(X, Y)),
    "LRCV": joblibbed(lambda: linear_model.LogisticRegressionCV(cv=2).fit(X, Y)),
    "EN": joblibbed(lambda: linear_model.ElasticNetCV(cv=2).fit(X, VALUES)),
    "RANSAC": joblibbed(lambda: linear_model.RANSACRegressor().fit(X, VALUES)),
    "Huber": joblibbed(lambda: linear_model.HuberRegressor().fit(X, VALUES)),
    "TheilSen": joblibbed(lambda: linear_model.TheilSenRegressor().fit(X, VALUES)),
    "Poisson": joblibbed(lambda: linear_model.PoissonRegressor().fit(X, abs(VALUES))),
    "Tweedie": joblibbed(lambda: linear_model.TweedieRegressor(power=1.5).fit(X, abs(VALUES))),
    "Gamma": joblibbed(lambda: linear_model.GammaRegressor().fit(X, abs(VALUES) + 1)),
    "Quantile": joblibbed(lambda: linear_model.QuantileRegressor().fit(X, VALUES)),
    "ARD": joblibbed(lambda: linear_model.ARDRegression().fit(X, VALUES)),
    "BR": joblibbed(lambda: linear_model.BayesianRidge().fit(X, VALUES)),
    "OMP": joblibbed(lambda: linear_model.OrthogonalMatchingPursuit().fit(X, VALUES)),
    "Lars": joblibbed(lambda: linear_model.LassoLarsIC().fit(X, VALUES)),
    "MLP": joblibbed(lambda: neural_network.MLPClassifier((5,), max_iter=20, early_stopping=True).fit(X, Y)),
    "MLPR lbfgs": joblibbed(
        lambda: neural_network.MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", max_iter=20).fit(X, VALUES)
    ),
    "MLP sgd": joblibbed(lambda: neural_network.MLPClassifier((5,), solver="sgd", max_iter=20).fit(X, Y)),
    "MLP rs": joblibbed(
        lambda: neural_network.MLPClassifier((3,), max_iter=5, random_state=np.random.RandomState(0)).fit(X, Y)
    ),
    "GP": joblibbed(
        lambda: gaussian_process.GaussianProcessRegressor(
            kernels.ConstantKernel() * kernels.RBF() + kernels.WhiteKernel()
        ).fit(X, VALUES)
    ),
    "GPC": joblibbed(lambda: gaussian_process.GaussianProcessClassifier(kernels.Matern()).fit(X, Y)),
    "GP others": joblibbed(
        lambda: gaussian_process.GaussianProcessRegressor(
            kernels.RationalQuadratic() + kernels.ExpSineSquared() * kernels.DotProduct()
        ).fit(X, VALUES)
    ),
    "GP pairwise": joblibbed(
        lambda: gaussian_process.GaussianProcessRegressor(
            kernels.PairwiseKernel()
            + kernels.Exponentiation(kernels.RBF(), 2)
            + kernels.CompoundKernel([kernels.RBF()])
        )
    ),
    "KR": joblibbed(lambda: kernel_ridge.KernelRidge().fit(X, VALUES)),
    "NBs": joblibbed(
        lambda: [
            naive_bayes.GaussianNB().fit(X, Y),
            naive_bayes.MultinomialNB().fit(abs(X), Y),
            naive_bayes.BernoulliNB().fit(X, Y),
            naive_bayes.ComplementNB().fit(abs(X), Y),
            naive_bayes.CategoricalNB().fit((X > 0).astype(int), Y),
        ]
    ),
    "KMeans": joblibbed(lambda: cluster.KMeans(3).fit(X)),
    "MBK": joblibbed(lambda: cluster.MiniBatchKMeans(3).fit(X)),
    "DBSCAN": joblibbed(lambda: cluster.DBSCAN().fit(X)),
    "Agg": joblibbed(lambda: cluster.AgglomerativeClustering().fit(X)),
    "HDB": joblibbed(lambda: cluster.HDBSCAN().fit(X)),
    "Birch": joblibbed(lambda: cluster.Birch(n_clusters=2).fit(X)),
    "MeanShift": joblibbed(lambda: cluster.MeanShift().fit(X)),
    "Spectral": joblibbed(lambda: cluster.SpectralClustering(2).fit(X)),
    "OPTICS": joblibbed(lambda: cluster.OPTICS().fit(X)),
    "AP": joblibbed(lambda: cluster.AffinityPropagation().fit(X)),
    "BKM": joblibbed(lambda: cluster.BisectingKMeans(2).fit(X)),
    "FA": joblibbed(lambda: cluster.FeatureAgglomeration(2).fit(X)),
    "FA median": joblibbed(lambda: cluster.FeatureAgglomeration(2, pooling_func=np.median).fit(X)),
    "FAm": joblibbed(lambda: cluster.FeatureAgglomeration(2, pooling_func=np.max).fit(X)),
    "GMM": joblibbed(lambda: mixture.GaussianMixture(2).fit(X)),
    "BGM": joblibbed(lambda: mixture.BayesianGaussianMixture(n_components=2).fit(X)),
    "PCA": joblibbed(lambda: decomposition.PCA(0.9).fit(X)),
    "IPCA": joblibbed(lambda: decomposition.IncrementalPCA(2).fit(X)),
    "KPCA": joblibbed(lambda: decomposition.KernelPCA(2).fit(X)),
    "KPCA cb": joblibbed(lambda: decomposition.KernelPCA(2, kernel="rbf", fit_inverse_transform=True).fit(X)),
    "SPCA": joblibbed(lambda: decomposition.SparsePCA(2, max_iter=5).fit(X)),
    "ICA": joblibbed(lambda: decomposition.FastICA(2).fit(X)),
    "FAn": joblibbed(lambda: decomposition.FactorAnalysis(2).fit(X)),
    "DictL": joblibbed(lambda: decomposition.MiniBatchDictionaryLearning(2, max_iter=3).fit(X)),
    "TSNE": joblibbed(lambda: manifold.TSNE(n_components=2, perplexity=5, max_iter=250).fit(X)),
    "Isomap": joblibbed(lambda: manifold.Isomap().fit(X)),
    "LLE": joblibbed(lambda: manifold.LocallyLinearEmbedding().fit(X)),
    "MDS": joblibbed(lambda: manifold.MDS(n_init=1, max_iter=5).fit(X)),
    "SE": joblibbed(lambda: manifold.SpectralEmbedding(2).fit(X)),
    "LDAc": joblibbed(lambda: discriminant_analysis.LinearDiscriminantAnalysis().fit(X, Y)),
    "QDA": joblibbed(lambda: discriminant_analysis.QuadraticDiscriminantAnalysis().fit(X, Y)),
    "LDA cov": joblibbed(
        lambda: discriminant_analysis.LinearDiscriminantAnalysis(
            solver="lsqr", covariance_estimator=covariance.LedoitWolf()
        ).fit(X, Y)
    ),
    "Cal": joblibbed(lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2).fit(X, Y)),
    "Cal iso": joblibbed(
        lambda: calibration.CalibratedClassifierCV(svm.LinearSVC(), cv=2, method="isotonic").fit(X, Y)
    ),
    "OvR": joblibbed(lambda: multiclass.OneVsRestClassifier(svm.LinearSVC()).fit(X, [0, 1, 2] * 20)),
    "OvO": joblibbed(lambda: multiclass.OneVsOneClassifier(svm.LinearSVC()).fit(X, [0, 1, 2] * 20)),
    "MO": joblibbed(
        lambda: multioutput.MultiOutputClassifier(linear_model.LogisticRegression()).fit(X, np.c_[Y, 1 - Y])
    ),
    "RC": joblibbed(lambda: multioutput.RegressorChain(linear_model.Ridge()).fit(X, np.c_[VALUES, VALUES])),
    "CC": joblibbed(lambda: multioutput.ClassifierChain(linear_model.LogisticRegression()).fit(X, np.c_[Y, 1 - Y])),
    "OC": joblibbed(lambda: multiclass.OutputCodeClassifier(svm.LinearSVC()).fit(X, [0, 1, 2] * 20)),
    "DT": joblibbed(lambda: tree.DecisionTreeClassifier().fit(X, Y)),
    "DT LABELS": joblibbed(lambda: tree.DecisionTreeClassifier().fit(X, LABELS)),
    "ETr": joblibbed(lambda: tree.ExtraTreeRegressor().fit(X, VALUES)),
    "Iso": joblibbed(lambda: isotonic.IsotonicRegression().fit(X[:, 0], VALUES)),
    "Dummy": joblibbed(lambda: [dummy.DummyClassifier().fit(X, Y), dummy.DummyRegressor().fit(X, VALUES)]),
    "ST": joblibbed(lambda: semi_supervised.SelfTrainingClassifier(svm.SVC(probability=True)).fit(X, Y)),
    "LP": joblibbed(lambda: semi_supervised.LabelSpreading().fit(X, Y)),
    "EE": joblibbed(lambda: covariance.EllipticEnvelope().fit(X)),
    "PLS": joblibbed(lambda: cross_decomposition.PLSRegression().fit(X, VALUES)),
    "GRP": joblibbed(lambda: random_projection.GaussianRandomProjection(2).fit(X)),
    "SRP": joblibbed(lambda: random_projection.SparseRandomProjection(2).fit(X)),
    "Nys": joblibbed(lambda: kernel_approximation.Nystroem(n_components=3).fit(X)),
    "RBFs": joblibbed(lambda: kernel_approximation.RBFSampler().fit(X)),
    "AC": joblibbed(lambda: kernel_approximation.AdditiveChi2Sampler().fit(abs(X))),
    "bunch": joblibbed(lambda: datasets.load_iris()),
    "memory": joblibbed(
        lambda: pipeline.Pipeline(
            [("a", decomposition.PCA()), ("b", linear_model.LogisticRegression())], memory="/tmp/xx"
        )
    ),
    "memory obj": joblibbed(
        lambda: pipeline.Pipeline(
            [("a", decomposition.PCA())], memory=__import__("joblib").Memory("/tmp/xx", verbose=0)
        ),
        "blocked: a cache with a place, where a later fit would write",
    ),
    "verbose": joblibbed(lambda: pipeline.make_union(decomposition.PCA(), decomposition.TruncatedSVD())),
    "dict of models": joblibbed(
        lambda: {
            "m": linear_model.LogisticRegression().fit(X, Y),
            "s": preprocessing.StandardScaler().fit(X),
            "cols": ["a"],
            "df": FRAME,
            "ver": sklearn.__version__,
            "date": pd.Timestamp("2020"),
        }
    ),
    "tuple": joblibbed(lambda: (linear_model.LogisticRegression(), np.arange(3))),
    "list": joblibbed(lambda: [linear_model.LinearRegression().fit(X, VALUES)] * 2),
    "metric fns": joblibbed(
        lambda: {
            "a": metrics.accuracy_score,
            "f": metrics.f1_score,
            "r": metrics.r2_score,
            "ra": metrics.roc_auc_score,
            "pf": metrics.precision_recall_fscore_support,
            "cm": metrics.confusion_matrix,
            "mse": metrics.mean_squared_error,
        }
    ),
    "scorer": joblibbed(lambda: metrics.get_scorer("neg_mean_squared_error")),
    "display": joblibbed(lambda: metrics.confusion_matrix(Y, Y)),
    "ParameterGrid": joblibbed(
        lambda: [
            model_selection.ParameterGrid({"a": [1]}),
            model_selection.ParameterSampler({"a": [1, 2]}, 1, random_state=0),
        ]
    ),
    "meta": joblibbed(
        lambda: (
            linear_model.LogisticRegression().set_fit_request(sample_weight=True)
            if sklearn.set_config(enable_metadata_routing=True) is None
            else 0
        )
    ),
    "DisplayROC": joblibbed(lambda: metrics.RocCurveDisplay(fpr=np.array([0, 1]), tpr=np.array([0, 1]))),
    "Frozen": joblibbed(lambda: frozen(linear_model.LogisticRegression().fit(X, Y))),
    "TunedThr": joblibbed(
        lambda: model_selection.TunedThresholdClassifierCV(linear_model.LogisticRegression(), cv=2).fit(X, Y)
    ),
    "FixedThr": joblibbed(
        lambda: model_selection.FixedThresholdClassifier(linear_model.LogisticRegression()).fit(X, Y)
    ),
    "perm imp": joblibbed(
        lambda: inspection.permutation_importance(linear_model.LogisticRegression().fit(X, Y), X, Y, n_repeats=2)
    ),
    "learning curve": joblibbed(lambda: model_selection.learning_curve(linear_model.LogisticRegression(), X, Y, cv=2)),
    "pdp": joblibbed(lambda: inspection.partial_dependence(linear_model.LinearRegression().fit(X, VALUES), X, [0])),
    "report": joblibbed(lambda: metrics.classification_report(Y, Y, output_dict=True)),
}
