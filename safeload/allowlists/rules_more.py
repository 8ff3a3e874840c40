"""The rules of opt-in lists for data, graphs, geometries, text and checkpoints of other libraries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    is_array,
    is_made_by,
    is_plain,
    is_ref_in,
    own_attributes,
    refs,
    words,
)
from safeload.allowlists.rules_sklearn import METRIC_NAMES, estimator_state
from safeload.scan.entry import StateRule
from safeload.scan.inert import ref_of

HDBSCAN_METRICS: Final = refs(f"hdbscan.dist_metrics: {METRIC_NAMES}")
_RESTORING: Final = words("restore_model_spec restore_design_info")
_MODELS: Final = refs("tokenizers.models: BPE Model Unigram WordLevel WordPiece")
_CRS: Final = refs("pyproj.crs.crs: CRS")
_BUFFER: Final = "mmengine.logging.history_buffer"
_SUMS: Final = refs(
    f"{_BUFFER}: HistoryBuffer.current HistoryBuffer.max HistoryBuffer.mean HistoryBuffer.min"
)
_ORDERED: Final = refs("collections: OrderedDict")
_FILE_KEYS: Final = words("name auto keep_tempfiles suffix prefix fd __FILE_RESOURCE_DATA__")


def data_state(_: Any, state: Any) -> str | None:
    """A model's arrays: with one of two keys, loading evaluates the text of a formula."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    return "was made from a formula, whose text would be evaluated" if state.keys() & _RESTORING else None


def slots_of(names: str) -> StateRule:
    """Exactly these slots, set one by one; ``_close`` would be called later, so there is none."""
    slots = words(names)

    def rule(_: Any, state: Any) -> str | None:
        given = state[1] if type(state) is tuple and len(state) == 2 and state[0] is None else None
        if type(given) is not dict or not given.keys() <= slots:
            return "its state must be its own slots"
        return None if given.get("_close") is None else "has something to call when it is closed"

    return rule


def bytes_state(_: Any, state: Any) -> str | None:
    """Bytes for a native reader, whatever they say."""
    return None if type(state) is bytes else "its state must be bytes"


def plain_dict_state(_: Any, state: Any) -> str | None:
    """A dict of text, numbers and flags."""
    fits = own_attributes(state) and all(map(is_plain, state.values()))
    return None if fits else "its state must be text and numbers"


name_state: Final = plain_dict_state


def one_as_state(_: Any, state: Any) -> str | None:
    return None if type(state) is int and state == 1 else "its state must be 1"


def one_model(args: Args, kwargs: Kwargs) -> str | None:
    """``Tokenizer(model)``."""
    fits = not kwargs and len(args) == 1 and is_made_by(args[0], _MODELS)
    return None if fits else "is made with something other than a model"


def _is_crs(value: Any) -> bool:
    return value is None or type(value) is str or is_made_by(value, _CRS)


def crs_state(_: Any, state: Any) -> str | None:
    """The text of a coordinate system, and no file of grids."""
    fits = type(state) is dict and state.keys() == {"srs"} and type(state["srs"]) is str
    if not fits or len(state["srs"]) > 20_000:
        return "its state must be the text of a coordinate system"
    return None


def geometry_state(_: Any, state: Any) -> str | None:
    """``(array of bytes, coordinate system)``, or a dict with an array of geometries."""
    if type(state) is tuple:
        fits = len(state) == 2 and is_array(state[0]) and _is_crs(state[1])
    else:
        fits = own_attributes(state) and _is_crs(state.get("_crs"))
        fits = fits and is_array(state.get("_data", state.get("data")))
    return None if fits else "its state must be geometries and a coordinate system"


def geoframe_state(_: Any, state: Any) -> str | None:
    """pandas' own state, and a coordinate system that is none of another class."""
    fits = own_attributes(state) and _is_crs(state.get("crs")) and _is_crs(state.get("_crs"))
    return None if fits else "its state must be a frame's, with a coordinate system"


def new_hdbscan_metric(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and len(args) == 1 and is_ref_in(args[0], HDBSCAN_METRICS)
    return None if fits else "makes something other than a metric of hdbscan's own"


def memory_state(_: Any, state: Any) -> str | None:
    """A cache without a place: nothing is written or read by it."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    placed = any(state.get(name) is not None for name in ("location", "store_backend", "cachedir"))
    return "is a cache with a place to write to" if placed else None


def file_resource_state(_: Any, state: Any) -> str | None:
    """A new temporary file of the usual name: another prefix, suffix or name could be any path."""
    if type(state) is not dict or not state.keys() <= _FILE_KEYS:
        return "its state must be that of a model's file"
    data = state.get("__FILE_RESOURCE_DATA__", b"")
    fits = state["name"] is None and state["auto"] is True and type(data) is bytes
    fits = fits and (state["suffix"], state["prefix"]) == (".crfsuite", "model")
    fits = fits and type(state.get("keep_tempfiles")) in (bool, type(None))
    return None if fits else "names a file of its own choice"


def history_state(_: Any, state: Any) -> str | None:
    """Arrays, and a table of the class's own methods by their names."""
    if not own_attributes(state):
        return "its state must be a dict of its own attributes"
    given = {"statistics_methods", "_statistics_methods"} & state.keys()
    if any(not _is_table(state[name]) for name in given):
        return "its methods must be its own"
    if "_set_default_statistics" in state:
        return "puts something in the place of a method that is called at load"
    return None


def _is_table(value: Any) -> bool:
    if is_made_by(value, _ORDERED):
        return True  # its items were judged as references
    return isinstance(value, Mapping) and all(ref_of(item) in _SUMS for item in value.values())


def net_state(made: Any, state: Any) -> str | None:
    """A net's weights are bytes; what is done before they are read uses two settings."""
    if type(state) is not dict or type(state.get("device", "cpu")) not in (str, type(None)):
        return "its device must be a name"
    if type(state.get("__cuda_dependent_attributes__")) is not bytes:
        return "its weights must be bytes"
    options = state.get("torch_load_kwargs")
    if options is not None and not (type(options) is dict and all(map(is_plain, options.values()))):
        return "has odd options for torch.load"
    if {"_check_device", "get_map_location"} & state.keys():
        return "puts something in the place of a method that is called at load"
    return estimator_state(made, state)


def box_state(_: Any, state: Any) -> str | None:
    """Bounds: arrays, which are described in words where the description is missing."""
    fits = own_attributes(state) and is_array(state["low"]) and is_array(state["high"])
    return None if fits else "its bounds must be arrays"


