"""scipy's values pass; states that would run code or crash at load do not."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import calling, given, named, new, pickled, text

from .hostile import Hostile, attributes
from .libraries import refusals
from .test_rules import has_effect

pytest.importorskip("scipy")

SOURCE = """
def _parse_args(self,  loc=0, scale=1):
    return (), loc, scale

def _parse_args_rvs(self,  loc=0, scale=1, size=None):
    return self._argcheck_rvs( loc, scale, size=size)

def _parse_args_stats(self,  loc=0, scale=1, moments='mv'):
    return (), loc, scale, moments
"""
UNIFORM = new(named("scipy.stats._continuous_distns:uniform_gen"))


def values() -> dict[str, Callable[[], Any]]:
    import numpy as np
    from scipy import interpolate, optimize, sparse, spatial, special, stats

    x = np.linspace(0, 1, 10)
    made: dict[str, Callable[[], Any]] = {
        "spline": lambda: interpolate.BSpline(np.arange(8.0), np.ones(4), 3),
        "cubic": lambda: interpolate.CubicSpline(x, x**2),
        "pchip": lambda: interpolate.PchipInterpolator(x, x**2),
        "krogh": lambda: interpolate.KroghInterpolator(x, x**2),
        "grid": lambda: interpolate.RegularGridInterpolator((x, x), np.outer(x, x)),
        "scattered": lambda: interpolate.LinearNDInterpolator(np.eye(3)[:, :2], [0.0, 1.0, 2.0]),
        "rotation": lambda: spatial.transform.Rotation.from_rotvec([0, 0, 1]),
        "result": lambda: optimize.minimize(lambda t: (t**2).sum(), np.ones(2)),
        "test": lambda: [stats.pearsonr(x, x**2), stats.linregress(x, x), stats.describe(x)],
        "uniform": lambda: stats.uniform(0, 1),
        "beta": lambda: stats.beta(2, 3),
        "normal": lambda: stats.multivariate_normal(np.zeros(2)),
        "functions": lambda: [special.expit, special.logit, special.xlogy, stats.zscore],
    }
    for form in ("bsr", "coo", "csc", "csr", "dia", "dok", "lil"):
        made[form] = lambda form=form: getattr(sparse, f"{form}_matrix")(np.eye(4))
        made[form + " array"] = lambda form=form: getattr(sparse, f"{form}_array")(np.eye(4))
    return made


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("kind", sorted(values()))
def test_scipys_values_pass(kind: str, protocol: int) -> None:
    assert refusals(pickle.dumps(values()[kind](), protocol)) == []


def test_scipys_own_source_passes() -> None:
    state = attributes(_parse_arg_template=text(SOURCE), moment_type=b"K\x01", numargs=b"K\x00")
    assert refusals(pickled(given(UNIFORM, state))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loc=0, scale=1):", "loc=print('EFFECT'), scale=1):"),
        ("return (), loc, scale\n", "return (), loc, scale\nprint('EFFECT')\n"),
        ("self,  loc", "self, a=print('EFFECT'),  loc"),
        ("\ndef _parse_args(", "\n@print\ndef _parse_args("),
    ],
)
def test_other_source_is_run_by_scipy_and_refused(old: str, new: str, tmp_path: Path) -> None:
    assert old in SOURCE
    state = attributes(
        _parse_arg_template=text(SOURCE.replace(old, new, 1)),
        moment_type=b"K\x01",
        numargs=b"K\x00",
    )
    if "EFFECT" in new:
        assert has_effect(Hostile("source", given(UNIFORM, state), ""), tmp_path)
    assert refusals(pickled(given(UNIFORM, state)))


def test_methods_in_attributes_are_refused(tmp_path: Path) -> None:
    calls_print = given(
        UNIFORM,
        attributes(_attach_methods=calling("functools:partial", named("builtins:print"), text("EFFECT"))),
    )
    closes = given(
        new(named("scipy.spatial._qhull:Delaunay")),
        attributes(close=calling("functools:partial", named("builtins:print"), text("EFFECT"))),
    )
    for fragment in (calls_print, closes):
        assert has_effect(Hostile("method", fragment, "del loaded"), tmp_path)
        assert any("scipy" in found for found in refusals(pickled(fragment)))


def test_a_forged_search_tree_crashes_at_load_and_is_on_no_list(tmp_path: Path) -> None:
    import numpy as np
    from scipy.spatial import cKDTree

    nodes, *rest = cKDTree(np.random.default_rng(0).random((200, 2))).__getstate__()
    forged = nodes.copy()
    words = forged.view(np.int64)
    words[(words >= 1) & (words < 100)] = 2**40
    stream = pickle.dumps((forged, *rest), 3)[2:-1]
    row = Hostile("links", given(new(named("scipy.spatial._ckdtree:cKDTree")), stream), "")
    assert has_effect(row, tmp_path)
    assert "scipy.spatial._ckdtree:cKDTree is on no list" in refusals(row.stream)


def test_a_function_that_imports_by_name_is_on_no_list() -> None:
    stream = pickled(calling("scipy._lib._uarray._backend:unpickle_function", text("os"), text("x")))
    assert refusals(stream)
