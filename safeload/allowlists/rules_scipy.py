"""The rules of scipy: states that its classes act on when they are loaded."""

from __future__ import annotations

import re
from typing import Any, Final

from safeload.allowlists.rules_forms import (
    Args,
    Kwargs,
    array_parts,
    attributes,
    dict_state,
    is_array,
    is_made_by,
    is_ref_in,
    own_attributes,
    refs,
    words,
)

# The source that a distribution runs when it is loaded: three functions that sort arguments, the
# same text since scipy 1.6. Names and the two forms of location and scale are all that vary.
_NAMES: Final = r"((?:[A-Za-z_][A-Za-z0-9_]*, )*)"
_SOURCE: Final = re.compile(
    r"""
def _parse_args\(self, NAMES (loc=0, scale=1|loc=0)\):
    return \(\1\), (loc, scale|loc, 1)

def _parse_args_rvs\(self, \1 \2, size=None\):
    return self\._argcheck_rvs\(\1 \3, size=size\)

def _parse_args_stats\(self, \1 \2, moments='mv'\):
    return \(\1\), \3, moments
""".replace("NAMES", _NAMES)
)
_KEYS: Final = words(
    """
    __doc__ _ctor_param _parse_arg_template _random_state _rvs_size_warned _rvs_uses_size_attribute
    _stats_has_moments _support a b badvalue extradoc inc moment_tol moment_type name numargs shapes
    xtol _histogram _density _hpdf _hbins _hbin_widths _hcdf longname vecentropy values xk pk qvals
    """
)

_VECTORIZED: Final = refs("numpy: vectorize\nscipy.stats._distn_infrastructure: rv_sample._entropy")
_DELEGATES: Final = refs("scipy.interpolate._bsplines: _BSpline")
_SLOTS: Final = words("_y_axis _y_extra_shape dtype c x _c _x extrapolate axis _asarray")


def distribution_state(_: Any, state: Any) -> str | None:
    """Loading a distribution runs ``exec`` on a text of its state and calls methods by name.

    The text must be the one that scipy writes, and no attribute may stand in a method's place.
    """
    given = attributes(state)
    if given is None or not given.keys() <= _KEYS:
        return "its state has attributes that scipy does not write"
    entropy = given.get("vecentropy")
    if entropy is not None and not is_made_by(entropy, _VECTORIZED) and not is_ref_in(entropy, _VECTORIZED):
        return "has something in the place of its entropy"
    source = given.get("_parse_arg_template")
    if type(source) is not str or _SOURCE.fullmatch(source) is None:
        return "holds source code other than scipy's own"
    return None


def hull_state(_: Any, state: Any) -> str | None:
    """A triangulation closes its native half when it is deleted; a saved one has none."""
    if not own_attributes(state) or state.get("_qhull") is not None or "close" in state:
        return "its state must be arrays, without a native half"
    return None


def interpolator_state(_: Any, state: Any) -> str | None:
    """A dict, with slots beside it in the classes that have slots: their own names alone.

    Since scipy 1.18 a delegate holds the numbers, and an empty array stands for its library.
    """
    parts = state if type(state) is tuple and len(state) == 2 else (state, None)
    if is_made_by(parts[0], _DELEGATES) and is_array(parts[1]):
        return None
    attributes, slots = parts[0] or {}, parts[1] or {}
    fits = own_attributes(attributes) and own_attributes(slots) and slots.keys() <= _SLOTS
    if not fits or ("_xp" in attributes and not is_array(attributes["_xp"])):
        return "its state must be a dict of its own attributes"
    return None


def radial_state(made: Any, state: Any) -> str | None:
    """An interpolator's numbers in two tuples, three arrays of which it looks at; before scipy 1.16 a dict."""
    if type(state) is dict:
        return dict_state(made, state)
    fits = type(state) is tuple and [len(part) for part in state if type(part) is tuple] == [9, 3]
    fits = fits and all(map(is_array, (state[0][0], state[0][1], state[0][5], *state[1])))
    return None if fits else "its state must be arrays and settings, and no tree"


def rotation_state(_: Any, state: Any) -> str | None:
    """Quaternions and whether they stand for one rotation: four numbers each, which scipy takes on trust."""
    fits = type(state) is tuple and len(state) == 2 and is_array(state[0])
    fits = fits and array_parts(state[0])[0][-1] == 4 and type(state[1]) in (bool, int)
    return None if fits else "its state must be an array of quaternions and a flag"


def tuple_args(_args: Args, kwargs: Kwargs) -> str | None:
    """A named tuple's fields, by position, and the more that scipy gives by name."""
    return None if own_attributes(dict(kwargs)) else "takes the fields of a named tuple"


def one_array(args: Args, kwargs: Kwargs) -> str | None:
    """An array and nothing else."""
    return None if not kwargs and len(args) == 1 and is_array(args[0]) else "takes one array"
