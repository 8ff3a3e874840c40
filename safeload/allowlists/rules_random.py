"""Rules on numpy's random generators: C indexes their state with positions it does not check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules_arrays import SCALAR_CALLS
from safeload.allowlists.rules_forms import ARRAYS
from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

BIT_GENERATORS: Final[Mapping[str, GlobalRef]] = {
    name: GlobalRef(f"numpy.random.{module}", name)
    for name, module in (
        ("MT19937", "_mt19937"),
        ("PCG64", "_pcg64"),
        ("PCG64DXSM", "_pcg64"),
        ("Philox", "_philox"),
        ("SFC64", "_sfc64"),
    )
}
_BIT_GENERATOR_CTOR: Final = GlobalRef("numpy.random._pickle", "__bit_generator_ctor")
_SEEDS: Final = frozenset(
    GlobalRef(module, name)
    for module in ("numpy.random.bit_generator", "numpy.random._bit_generator")
    for name in ("SeedSequence", "SeedlessSeedSequence")
)
_MT19937_WORDS: Final = 624
_PHILOX_BUFFER: Final = 4
_MAX_POOL: Final = 2**16


def bit_generator_named(args: Args) -> GlobalRef | None:
    """The class that ``__bit_generator_ctor(name or class)`` makes an object of."""
    if not args:
        return BIT_GENERATORS["MT19937"]
    (kind,) = args
    ref = ref_of(kind)
    if ref is not None:
        return ref if ref in BIT_GENERATORS.values() else None
    return BIT_GENERATORS.get(kind) if type(kind) is str else None


def bit_generator_call(args: Args, kwargs: Kwargs) -> str | None:
    """A name or a class; a class is called, so it must be one of numpy's."""
    if kwargs or bit_generator_named(args) is None:
        return "makes a generator of a kind that numpy does not have"
    return None


def generator_call(args: Args, kwargs: Kwargs) -> str | None:
    """``(name or bit generator[, __bit_generator_ctor])``; the second one is called."""
    if kwargs or len(args) > 2 or (len(args) == 2 and ref_of(args[1]) != _BIT_GENERATOR_CTOR):
        return "calls something else than numpy's own constructor"
    if args and made_by(args[0]) in BIT_GENERATORS.values():
        return None
    if args and ref_of(args[0]) is not None:
        return "makes a generator of a kind that numpy does not have"
    return bit_generator_call(args[:1], {})


def bit_generator_state(_made: Any, state: Any) -> str | None:
    """The state, or the pair of it and the seed sequence."""
    if type(state) is tuple:
        if len(state) == 2 and type(state[0]) is dict:
            seed = made_by(state[1])
            if state[1] is not None and seed not in _SEEDS:
                return "has a seed that is no seed sequence"
            state = state[0]
        else:
            return _legacy_state(state)
    if type(state) is not dict:
        return "has a state that numpy does not write"
    inner = state.get("state")
    if type(inner) is dict and "pos" in inner and not _within(inner["pos"], _MT19937_WORDS):
        return "has a position outside its words"
    if "buffer_pos" in state and not _within(state["buffer_pos"], _PHILOX_BUFFER):
        return "has a position outside its buffer"
    return None if type(inner) is dict else "has a state that numpy does not write"


def _within(value: Any, end: int) -> bool:
    return type(value) is int and 0 <= value <= end


def _legacy_state(state: Args) -> str | None:
    """``('MT19937', key, position[, has gauss, gauss])``."""
    if len(state) not in (3, 5) or state[0] != "MT19937" or not _within(state[2], _MT19937_WORDS):
        return "has a state that numpy does not write"
    return None


def seed_call(args: Args, kwargs: Kwargs) -> str | None:
    """``__pyx_unpickle_SeedSequence(class, checksum, None)``."""
    cls, checksum, state = args
    if kwargs or ref_of(cls) not in _SEEDS or type(checksum) is not int or state is not None:
        return "makes something else than a seed sequence"
    return None


def seed_state(_made: Any, state: Any) -> str | None:
    """``(entropy, children spawned, pool, pool size, spawn key)``."""
    entropy, spawned, pool, size, key = state
    numbers = entropy if type(entropy) in (list, tuple) else (entropy,)
    if not all(map(_is_entropy, numbers)):
        return "has an entropy that is no number"
    if not _within(spawned, 2**63) or not _within(size, _MAX_POOL):
        return "has a state that numpy does not write"
    if made_by(pool) not in ARRAYS:
        return "has a pool that is no array"
    if type(key) is not tuple or not all(type(n) is int for n in key):
        return "has a spawn key that numpy does not write"
    return None


def _is_entropy(value: Any) -> bool:
    if type(value) in (int, type(None)):
        return True
    ref = made_by(value)
    return ref is not None and (ref in ARRAYS or ref in SCALAR_CALLS)
