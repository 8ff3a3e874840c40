"""joblib's files pass; placeholders that describe what no array is do not."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import (
    calling,
    given,
    group,
    mapping,
    named,
    new,
    number,
    pickled,
    text,
)

from safeload.files import check
from safeload.policy import Policy
from safeload.scan.pickles import OF_ARRAYS, _is_misread
from safeload.scan.report import GlobalRef

from .libraries import refusals

FALSE = b"\x89"
DTYPE = given(
    calling("numpy:dtype", text("f8"), FALSE, b"\x88"),
    group(number(3), text("<"), b"N", b"N", b"N", number(-1), number(-1), number(0)),
)
ARRAY = {
    "subclass": named("numpy:ndarray"),
    "shape": group(number(2)),
    "order": text("C"),
    "dtype": DTYPE,
    "allow_mmap": FALSE,
    "numpy_array_alignment_bytes": number(16),
}
FILE = {"filename": text("model_01.npy"), "subclass": named("numpy:ndarray"), "allow_mmap": FALSE}
ZIPPED = {
    "filename": text("model_01.npy.z"),
    "init_args": group(named("numpy:ndarray"), group(number(0)), text("b")),
    "state": group(number(1), group(number(2)), DTYPE, FALSE),
}


def placeholder(name: str, state: dict[str, bytes], **changed: bytes) -> bytes:
    pairs = ((text(key), value) for key, value in {**state, **changed}.items())
    return pickled(given(new(named(name)), mapping(*pairs)))


NOW, OLD, OLD_ZIPPED = (
    "joblib.numpy_pickle:NumpyArrayWrapper",
    "joblib.numpy_pickle:NDArrayWrapper",
    "joblib.numpy_pickle_compat:ZNDArrayWrapper",
)


@pytest.mark.parametrize("prefix", ["", "sklearn.externals."])
@pytest.mark.parametrize(("name", "state"), [(NOW, ARRAY), (OLD, FILE), (OLD_ZIPPED, ZIPPED)])
def test_a_placeholder_passes(name: str, state: dict[str, bytes], prefix: str) -> None:
    assert refusals(placeholder(prefix + name, state)) == []


@pytest.mark.parametrize("path", ["/etc/passwd", "../model.npy", "a\\b", "", "..", "C:x", "a\0b"])
def test_an_array_lies_beside_its_file(path: str) -> None:
    assert refusals(placeholder(OLD, FILE, filename=text(path)))
    assert refusals(placeholder(OLD_ZIPPED, ZIPPED, filename=text(path)))


@pytest.mark.parametrize(
    "changed",
    [
        {"read": named("builtins:dict")},
        {"__class__": named(OLD)},
        {"filename": text("/etc/passwd")},
        {"subclass": named("builtins:dict")},
        {"shape": group(number(-1))},
        {"order": text("K")},
        {"dtype": new(named("argparse:Namespace"))},
        {"numpy_array_alignment_bytes": number(0)},
    ],
)
def test_what_no_array_is_is_refused(changed: dict[str, bytes]) -> None:
    assert refusals(placeholder(NOW, ARRAY, **changed))


def test_the_cache_of_a_later_fit_is_refused() -> None:
    assert refusals(pickled(new(named("joblib.memory:Memory")))) != []


def values() -> dict[str, Any]:
    np = pytest.importorskip("numpy")
    objects = np.array(["a", None, 1], dtype=object)
    return {
        "array": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "objects": {"x": objects, "y": np.arange(3)},
        "structured": np.zeros(2, dtype=[("a", "f4"), ("b", "i8")]),
        "matrix": np.asmatrix([[1, 2]]),
        "texts": np.array(["a", "bb"], dtype=np.dtypes.StringDType()),
        "scalars": [np.float32(1), np.int64(2), np.dtype("U3")],
        "settings": {"time": 3, "model": {"steps": [objects, objects[:2]]}, "mean": np.arange(3.0), "n": np.int64(1)},
        "records": [np.array((1, ["x"]), dtype=[("a", "i4"), ("b", "O")])[()], {"time": objects}],
    }


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize(
    "kind",
    ["array", "fortran", "objects", "structured", "matrix", "texts", "scalars", "settings", "records"],
)
@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("compress", [0, 3])
def test_what_joblib_dumps_passes(kind: str, compress: int, protocol: int, tmp_path: Path) -> None:
    joblib = pytest.importorskip("joblib")
    joblib.dump(values()[kind], tmp_path / "file", compress=compress, protocol=protocol)
    verdict = check(tmp_path / "file", Policy())
    assert verdict.admitted, verdict


def record_of(joblibs: str, array: str) -> bytes:
    """A record of ``joblibs``' type in a joblib file, whose array, a stream of its own, has the type ``array``."""
    np = pytest.importorskip("numpy")
    types = {"pointer last": [("a", "i8"), ("b", "O")], "pointer first": [("a", "O"), ("b", "i8")]}
    stream = pickle.dumps(np.zeros((), dtype=types[array]))
    described = {**ARRAY, "shape": b")", "dtype": dtype(types[array])}
    wrapper = given(new(named(NOW)), mapping(*((text(key), value) for key, value in described.items())))
    return pickled(calling("numpy._core.multiarray:scalar", dtype(types[joblibs]), wrapper + stream))


def dtype(fields: Any) -> bytes:
    """As numpy pickles it, without the head and the STOP."""
    np = pytest.importorskip("numpy")
    return pickle.dumps(np.dtype(fields), 2)[2:-1]


@pytest.mark.parametrize("array", ["pointer last", "pointer first"])
@pytest.mark.parametrize("wanted", ["pointer last", "pointer first"])
def test_a_record_is_taken_from_an_array_with_its_pointers_in_the_same_places(
    wanted: str, array: str, tmp_path: Path
) -> None:
    """numpy 2.4 refuses the others itself, as the array is of another type."""
    (tmp_path / "file").write_bytes(record_of(wanted, array))
    verdict = check(tmp_path / "file", Policy())
    said = [item.text for item in verdict.refused]
    assert said == ([] if wanted == array else ["makes objects of something else's bytes"])
    assert not verdict.unread


def models() -> dict[str, Any]:
    pd = pytest.importorskip("pandas")
    sklearn = pytest.importorskip("sklearn")
    from sklearn import linear_model, pipeline, preprocessing

    assert sklearn
    table = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 2.0]})
    kinds = ["u", "v", "u"]
    scaler = preprocessing.StandardScaler()
    return {
        "a scaler of named columns": scaler.fit(table),
        "an encoder of texts": preprocessing.OneHotEncoder().fit(table.astype(str)),
        "a pipeline among other things": {
            "model": pipeline.make_pipeline(scaler, linear_model.LogisticRegression()).fit(table, kinds),
            "columns": table.columns.to_numpy(),
            "labels": preprocessing.LabelEncoder().fit(kinds),
        },
    }


@pytest.mark.parametrize("protocol", [2, 4])
def test_models_that_know_their_columns_pass(protocol: int, tmp_path: Path) -> None:
    """Their names are an array of objects: to pickle.load, all that follows is something else."""
    joblib = pytest.importorskip("joblib")
    for kind, model in models().items():
        joblib.dump(model, tmp_path / "file", protocol=protocol)
        verdict = check(tmp_path / "file", Policy())
        assert verdict.admitted, (kind, verdict)


# What pickle.load asks for in a joblib file, where the file itself asks for these names.
ASKED = {"dtype", "partial", "_reconstruct", "OrderedDict", "NumpyArrayWrapper"}
MISREAD = {
    "with_mean:dtype": True,
    "time:dtype": True,
    "sklearn.preprocessing:OrderedDict": True,
    "functools:partial": False,
    "os.path:partial": False,
    "copy:_reconstruct": False,
    "with_mean:system": False,
    "os:system": False,
}


@pytest.mark.parametrize("name", MISREAD)
def test_which_names_nobody_meant(name: str) -> None:
    assert _is_misread(GlobalRef.parse(name), ASKED) is MISREAD[name]


def test_no_module_of_pythons_has_a_name_of_arrays() -> None:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in sys.stdlib_module_names:
            assert not OF_ARRAYS & vars(module).keys(), name
