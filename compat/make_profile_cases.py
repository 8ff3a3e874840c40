"""Write what the libraries of the opt-in lists pickle, as small files for the tests.

    python compat/make_profile_cases.py tests/allowlists/written

Run in an environment with the libraries; what is not installed is passed by, and its file is left as it
is. One file for each case, named after it, at protocol 4; those of ``PROTOCOL_2`` at protocol 2.
"""
# ruff: noqa: BLE001

import os
import pickle
import sys
import warnings
from pathlib import Path

os.environ["SAFELOAD_MODE"] = "off"
warnings.simplefilter("ignore")

import numpy as np

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 2))
Y = (X[:, 0] > 0).astype(int)
WORDS = [["human", "interface"], ["user", "system"], ["user", "interface"]] * 3


def statsmodels():
    import statsmodels.api as sm

    return [sm.OLS(X[:, 0], X).fit(), sm.GLM(Y, X, family=sm.families.Binomial()).fit(), sm.RLM(X[:, 0], X).fit()]


def statsmodels_formula():
    import pandas as pd
    import statsmodels.formula.api as smf

    return smf.ols("y ~ a", pd.DataFrame({"a": X[:, 0], "y": X[:, 1]})).fit()


def mlxtend():
    from mlxtend.classifier import EnsembleVoteClassifier
    from mlxtend.preprocessing import MeanCenterer, TransactionEncoder
    from sklearn.linear_model import LogisticRegression

    return [
        EnsembleVoteClassifier([LogisticRegression()]).fit(X, Y),
        TransactionEncoder().fit([["a", "b"]]),
        MeanCenterer().fit(X),
    ]


def category_encoders():
    import category_encoders
    import pandas as pd

    return category_encoders.OrdinalEncoder(cols=["c"]).fit(pd.DataFrame({"c": list("abca")}), [0, 1, 0, 1])


def feature_engine():
    import pandas as pd
    from feature_engine.imputation import MeanMedianImputer

    return MeanMedianImputer().fit(pd.DataFrame({"a": [1.0, 2.0]}))


def pyod():
    from pyod.models.ecod import ECOD

    return ECOD().fit(X)


def tslearn():
    from tslearn.clustering import TimeSeriesKMeans

    return TimeSeriesKMeans(2, max_iter=2).fit(X)


def surprise():
    from surprise import SVD

    return SVD()


def lifelines():
    import lifelines
    import pandas as pd

    frame = pd.DataFrame({"T": abs(X[:, 0]) + 1, "E": Y, "a": X[:, 1]})
    return [lifelines.KaplanMeierFitter().fit(frame["T"], Y), lifelines.CoxPHFitter().fit(frame, "T", "E")]


def hdbscan():
    import hdbscan

    return hdbscan.HDBSCAN(min_cluster_size=5, prediction_data=True).fit(X)


def nltk():
    from nltk import CFG, ConditionalFreqDist, FreqDist, Tree
    from nltk.classify import NaiveBayesClassifier
    from nltk.tag import BigramTagger, DefaultTagger, UnigramTagger
    from nltk.tokenize.punkt import PunktSentenceTokenizer, PunktTrainer

    trainer = PunktTrainer()
    trainer.train("Hello Mr. Smith. How are you?")
    tagged = [[("a", "DT"), ("dog", "NN")]]
    return [
        BigramTagger(tagged, backoff=UnigramTagger(tagged, backoff=DefaultTagger("NN"))),
        NaiveBayesClassifier.train([({"a": 1}, "x"), ({"a": 2}, "y")]),
        PunktSentenceTokenizer(trainer.get_params()),
        FreqDist("abc"),
        ConditionalFreqDist([(1, 2)]),
        Tree.fromstring("(S (NP a) b)"),
        CFG.fromstring("S -> 'a'"),
    ]


def gensim():
    from gensim.corpora import Dictionary
    from gensim.models import Phrases, TfidfModel, Word2Vec

    words = Dictionary(WORDS)
    return [
        words,
        TfidfModel([words.doc2bow(text) for text in WORDS]),
        Phrases(WORDS, min_count=1),
        Word2Vec(WORDS, min_count=1, vector_size=2, epochs=1, negative=0, hs=1),
    ]


def networkx():
    import networkx as nx

    graph = nx.path_graph(3)
    views = [graph.nodes, graph.edges, graph.adj, graph.degree]
    return [graph, nx.DiGraph(graph), nx.MultiGraph(graph), nx.MultiDiGraph(graph), nx.freeze(nx.Graph(graph)), views]


def xarray():
    import xarray as xr

    array = xr.DataArray(X[:2], dims=("t", "c"), coords={"c": ["a", "b"]}, name="q")
    return [array, array.to_dataset()]


def polars():
    import polars as pl

    frame = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    return [frame, frame["a"], pl.Int64(), pl.Datetime("us")]


def shapely():
    import shapely.geometry as g
    from shapely.strtree import STRtree

    return [g.Point(1, 2), g.box(0, 0, 1, 1), g.LinearRing([(0, 0), (1, 0), (1, 1)]), STRtree([g.Point(1, 2)])]


def geopandas():
    import geopandas as gp
    import shapely.geometry as g

    frame = gp.GeoDataFrame({"a": [1]}, geometry=[g.Point(0, 1)], crs="EPSG:4326")
    return [frame, frame.geometry]


def crfsuite():
    import sklearn_crfsuite

    model = sklearn_crfsuite.CRF(max_iterations=2)
    model.fit([[{"a": "1"}, {"b": "2"}]], [["X", "Y"]])
    return model


def tokenizers():
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return [made, models.BPE(), pre_tokenizers.ByteLevel(), decoders.ByteLevel(), AddedToken("x"), made.encode("a")]


def mmengine():
    from mmengine.config import ConfigDict
    from mmengine.logging import HistoryBuffer

    return [ConfigDict(a={"b": 1}), HistoryBuffer([1.0], [1])]


def mmengine_2():
    return mmengine()


def stable_baselines3():
    import gymnasium as g
    from stable_baselines3.common.torch_layers import FlattenExtractor
    from stable_baselines3.common.utils import ConstantSchedule, FloatSchedule

    box = g.spaces.Box(0, 1, (2,))
    return [
        box,
        g.spaces.Dict({"a": g.spaces.MultiBinary(2)}),
        g.spaces.Tuple([g.spaces.MultiDiscrete([2, 3])]),
        FloatSchedule(ConstantSchedule(0.1)),
        FlattenExtractor(box),
    ]


def skorch():
    import torch
    from skorch import NeuralNetClassifier

    net = NeuralNetClassifier(torch.nn.Sequential(torch.nn.Linear(2, 2)), max_epochs=1, verbose=0)
    return net.initialize()


def pytorch_tabnet():
    from pytorch_tabnet.sparsemax import Sparsemax

    return Sparsemax()


def torchvision():
    from torchvision.transforms import Compose, InterpolationMode, Normalize, Resize

    return [Compose([Resize(3), Normalize(0, 1)]), InterpolationMode.BILINEAR]


def timm():
    from timm.layers import DropPath, Mlp
    from timm.layers.std_conv import StdConv2d

    return [Mlp(2, 2), DropPath(0.1), StdConv2d(1, 1, 1)]


def transformers():
    import transformers as t

    small = {"hidden_size": 4, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 4}
    return t.BertModel(t.BertConfig(vocab_size=8, max_position_embeddings=8, **small))


def sentence_transformers():
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.dense import Dense
    from sentence_transformers.base.modules.normalize import Normalize
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling

    return SentenceTransformer(modules=[Pooling(8), Dense(8, 4), Normalize()], device="cpu")


PROTOCOL_2 = {"mmengine_2"}


def main(folder):
    for name, case in list(globals().items()):
        if getattr(case, "__module__", None) != "__main__" or name == "main" or not callable(case):
            continue
        try:
            data = pickle.dumps(case(), 2 if name in PROTOCOL_2 else 4)
        except Exception as error:
            print("passed by", name, repr(error)[:120], file=sys.stderr)
            continue
        Path(folder, f"{name}.pkl").write_bytes(data)
        print(f"{len(data):8} {name}")


if __name__ == "__main__":
    main(sys.argv[1])
