"""What the libraries of the opt-in lists write: real files, kept by ``compat/make_profile_cases.py``."""

from __future__ import annotations

from pathlib import Path

import pytest
from evasions.builders import calling, given, group, listing, mapping, named, new, number, octets, pickled, text

from safeload.allowlists import DEFAULT_PROFILES, PROFILES
from safeload.files import check
from safeload.loads import profiles_for
from safeload.policy import Ground, Policy

from .hostile import attributes

WRITTEN = Path(__file__).with_name("written")

# File -> the lists that let it through, all of them needed.
NEEDS = {
    "category_encoders": {"category-encoders"},
    "crfsuite": {"crfsuite"},
    "feature_engine": {"feature-engine"},
    "gensim": {"gensim"},
    "geopandas": {"geopandas"},
    "hdbscan": {"hdbscan"},
    "lifelines": {"lifelines"},
    "mlxtend": {"mlxtend"},
    "mmengine": {"mmengine"},
    "mmengine_2": {"mmengine"},
    "networkx": {"networkx"},
    "nltk": {"nltk"},
    "polars": {"polars"},
    "pyod": {"pyod"},
    "pytorch_tabnet": {"pytorch-tabnet"},
    "sentence_transformers": {"sentence-transformers"},
    "shapely": {"shapely"},
    "skorch": {"skorch"},
    "stable_baselines3": {"stable-baselines3"},
    "statsmodels": {"statsmodels"},
    "surprise": {"surprise"},
    "timm": {"timm"},
    "tokenizers": {"tokenizers"},
    "torchvision": {"torchvision"},
    "transformers": {"transformers"},
    "tslearn": {"tslearn"},
    "xarray": {"xarray"},
}


def policy(*profiles: str) -> Policy:
    return Policy(profiles=(*DEFAULT_PROFILES, *profiles))


def test_every_file_is_named() -> None:
    assert {path.stem for path in WRITTEN.glob("*.pkl")} == {*NEEDS, "statsmodels_formula"}


@pytest.mark.parametrize("name", NEEDS)
def test_a_file_passes_under_its_lists_and_its_refusal_names_them(name: str) -> None:
    data = (WRITTEN / f"{name}.pkl").read_bytes()
    verdict = check(data, Policy())
    unlisted = tuple(item for item in verdict.refused if item.ground is Ground.UNLISTED)
    assert set(profiles_for(unlisted)) == NEEDS[name]
    refused = check(data, policy(*NEEDS[name]))
    assert refused.admitted, refused
    for one in NEEDS[name]:
        assert not check(data, policy(*(NEEDS[name] - {one}))).admitted


def test_a_model_made_from_a_formula_is_refused_under_every_list() -> None:
    data = (WRITTEN / "statsmodels_formula.pkl").read_bytes()
    (refused,) = check(data, policy(*PROFILES)).refused
    assert refused.ref == ("statsmodels.base.data", "PandasData")
    assert refused.text == "was made from a formula, whose text would be evaluated"


FILE = "sklearn_crfsuite._fileresource:FileResource"
HONEST = {
    "name": b"N",
    "auto": b"\x88",
    "keep_tempfiles": b"\x89",
    "suffix": text(".crfsuite"),
    "prefix": text("model"),
}


def resource(**changed: bytes) -> bytes:
    return given(new(named(FILE)), attributes(**HONEST | changed))


GRAPH = "networkx.classes.graph:Graph"

# What is done, under every list there is: the name that is refused for it, and the stream.
HOSTILE: dict[str, tuple[str, bytes]] = {
    "a model's file elsewhere": (FILE, resource(prefix=text("/etc/x"))),
    "a model's file that Python imports": (FILE, resource(suffix=text(".pth"))),
    "another file, to be deleted": (FILE, resource(name=text("/etc/passwd"))),
    "a method of a model's file, replaced": (FILE, resource(ensure_name=named("builtins:print"))),
    "a method that a metric wraps at load, replaced": (
        "chemprop.nn.metrics:MAE",
        given(new(named("chemprop.nn.metrics:MAE")), attributes(update=named("builtins:len"))),
    ),
    "a formula in numbers' clothing": (
        "statsmodels.base.data:ModelData",
        given(new(named("statsmodels.base.data:ModelData")), attributes(restore_design_info=b"\x88")),
    ),
    "a cache with a place": (
        "joblib.memory:Memory",
        given(new(named("joblib.memory:Memory")), attributes(location=text("/etc"), store_backend=b"N")),
    ),
    "a metric of another class": ("hdbscan.dist_metrics:newObj", calling("hdbscan.dist_metrics:newObj", named(GRAPH))),
    "a property of an array, set as a slot": (
        "xarray.core.dataarray:DataArray",
        given(new(named("xarray.core.dataarray:DataArray")), group(b"N", attributes(values=number(1)))),
    ),
    "something to call when an array is closed": (
        "xarray.core.dataset:Dataset",
        given(new(named("xarray.core.dataset:Dataset")), group(b"N", attributes(_close=named(GRAPH)))),
    ),
    "a frame that is not bytes": (
        "polars.dataframe.frame:DataFrame",
        given(new(named("polars.dataframe.frame:DataFrame")), listing()),
    ),
    "a geometry from an object": ("shapely.io:from_wkb", calling("shapely.io:from_wkb", new(named(GRAPH)))),
    "a coordinate system of another class": (
        "geopandas.geodataframe:GeoDataFrame",
        given(new(named("geopandas.geodataframe:GeoDataFrame")), attributes(_crs=new(named(GRAPH)))),
    ),
    "a coordinate system with attributes": (
        "pyproj.crs.crs:CRS",
        given(new(named("pyproj.crs.crs:CRS")), attributes(srs=text("EPSG:4326"), to_wkt=named(GRAPH))),
    ),
    "a tokenizer made of something else": (
        "tokenizers:Tokenizer",
        new(named("tokenizers:Tokenizer"), new(named(GRAPH))),
    ),
    "a net whose device is an object": (
        "skorch.net:NeuralNet",
        given(
            new(named("skorch.net:NeuralNet")),
            attributes(device=new(named(GRAPH)), __cuda_dependent_attributes__=octets(b"")),
        ),
    ),
    "a method of a net, replaced": (
        "skorch.net:NeuralNet",
        given(
            new(named("skorch.net:NeuralNet")),
            attributes(_check_device=named(GRAPH), __cuda_dependent_attributes__=octets(b"")),
        ),
    ),
    "a buffer that sums up by another function": (
        "mmengine.logging.history_buffer:HistoryBuffer",
        given(
            new(named("mmengine.logging.history_buffer:HistoryBuffer")),
            attributes(statistics_methods=mapping((text("mean"), named(GRAPH)))),
        ),
    ),
    "a space whose bounds are objects": (
        "gymnasium.spaces.box:Box",
        given(new(named("gymnasium.spaces.box:Box")), attributes(low=new(named(GRAPH)), high=new(named(GRAPH)))),
    ),
    "frequencies of an object": ("nltk.probability:FreqDist", calling("nltk.probability:FreqDist", new(named(GRAPH)))),
    "a graph made with arguments": (GRAPH, new(named(GRAPH), number(1))),
    "a graph changed in class": (GRAPH, given(new(named(GRAPH)), attributes(__class__=named(FILE)))),
}


@pytest.mark.parametrize(("ref", "fragment"), HOSTILE.values(), ids=HOSTILE)
def test_a_list_is_no_leave_for_everything(ref: str, fragment: bytes) -> None:
    assert ref in {str(item.ref) for item in check(pickled(fragment), policy(*PROFILES)).refused}


# Names that stay off every list, with what they would do.
OFF = """
umap.umap_:UMAP numba.core.serialize:_unpickle__CustomPickled spacy.vocab:unpickle_vocab
spacy.tokens.doc:unpickle_doc sympy:sin regex._regex:compile nltk.tag.stanford:StanfordPOSTagger
nltk.tag.hunpos:HunposTagger polars.expr.expr:Expr statsmodels.tsa.x13:X13ArimaAnalysisResult
stable_baselines3.common.logger:Logger joblib.memory:MemorizedFunc lightgbm.basic:Dataset
networkx.classes.reportviews:EdgeDataView gensim.similarities.docsim:Similarity
requests.sessions:Session hyperopt.pyll.base:Apply optuna.storages._rdb.storage:RDBStorage
scipy.spatial._ckdtree:cKDTree
""".split()


@pytest.mark.parametrize("name", OFF)
def test_what_is_left_out_is_on_no_list(name: str) -> None:
    assert [item.ref for item in check(pickled(named(name)), policy(*PROFILES)).refused]
