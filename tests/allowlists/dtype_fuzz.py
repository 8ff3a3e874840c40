"""Random dtype states, honest and forged: what the rules accept is loaded for real and used.

Run as ``python -m allowlists.dtype_fuzz SEED COUNT`` in a process that may crash. Wrong is an
honest dtype refused, an accepted one that numpy itself would not build, or one that numpy would
build with other flags, size or alignment.
"""

from __future__ import annotations

import contextlib
import pickle
import random
import re
import sys
import warnings
from typing import Any, Final

import numpy as np

from .judged import refusals

NUMBERS: Final = (
    *(0, 1, 2, 3, 4, 7, 8, 9, 16, 24, 27, 31, 63, 64, 100, 127, 128, 144, 155, 255, 256),
    *(-1, -2, -112, 2**31 - 1, 2**31, 2**40, -(2**31)),
)
# numpy 1 writes the aligned flag as a negative number, and numpy 2 then drops it: no difference to
# look for there.
FLAGS: Final = [n for n in NUMBERS if n >= 0 or np.lib.NumpyVersion(np.__version__) < "2.0.0"]
KINDS: Final = (
    *("f8", "i4", "i1", "?", "O", "S5", "U3", "V8", "M8[ns]", "m8[3s]", "c16", "f2", "S0"),
    *(">i4", ">U2", "g", "O", "O", "u1", "u2"),
)
SPECS: Final = (
    *("f8", "i4", "i1", "b1", "O8", "S5", "U3", "V8", "M8", "m8", "c16", "f2", "S0", "V0", "u2"),
    *("f16", "i8", "V16", "O8"),
)


class Forged:
    """Pickles as a dtype with any arguments and any state."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        reduced: Any = dtype.__reduce__()
        _, args, state = reduced
        self.args: list[Any] = list(args)
        self.state: list[Any] = list(state)

    def __reduce__(self) -> Any:
        return np.dtype, tuple(self.args), tuple(self.state)

    @property
    def inner(self) -> list[Forged]:
        """The forged dtypes that this one's state holds."""
        fields = [value[0] for value in (self.state[4] or {}).values()]
        subarray = [self.state[2][0]] if self.state[2] else []
        return [kind for kind in fields + subarray if isinstance(kind, Forged)]


Pair = tuple[Forged, "np.dtype[Any]"]


class Maker:
    """Makes dtypes, and forgeries of them, by one random number generator."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def atom(self) -> Pair:
        dtype = np.dtype(self.random.choice(KINDS))
        return Forged(dtype), dtype

    def any(self, depth: int = 0) -> Pair:
        chance = self.random.random()
        if depth > 2 or chance < 0.35:
            return self.atom()
        try:
            return self.subarray(depth) if chance < 0.5 else self.struct(depth)
        except (ValueError, TypeError):  # numpy would not build it
            return self.atom()

    def subarray(self, depth: int) -> Pair:
        item, dtype = self.any(depth + 1)
        shape = tuple(self.random.randint(0, 3) for _ in range(self.random.randint(1, 2)))
        whole = np.dtype((dtype, shape))
        forged = Forged(whole)
        if forged.state[2] and whole.subdtype and whole.subdtype[0] == dtype:
            forged.state[2] = (item, forged.state[2][1])
        return forged, whole

    def struct(self, depth: int) -> Pair:
        chance = self.random.random
        items = [self.any(depth + 1) for _ in range(self.random.randint(0, 4))]
        spec: dict[str, Any] = {
            "names": [f"f{i}" for i in range(len(items))],
            "formats": [dtype for _, dtype in items],
        }
        if chance() < 0.4:
            spec["offsets"], end = [], 0
            for _, dtype in items:
                end += self.random.choice((0, 0, 1, 4, 8))
                spec["offsets"].append(end)
                end += dtype.itemsize if chance() < 0.9 else 0
            if chance() < 0.4:
                spec["itemsize"] = end + self.random.randint(0, 9)
        if chance() < 0.2:
            spec["titles"] = [self.random.choice((None, f"T{i}")) for i in range(len(items))]
        # An empty aligned struct has alignment 0: it crashes numpy 1.26 as soon as it is a field.
        align = bool(items) and chance() < 0.4
        whole: Any = np.dtype(spec, align=align)  # type: ignore[call-overload]
        if chance() < 0.15:
            whole = np.dtype((np.record, whole))
        if chance() < 0.1:
            whole = np.dtype(whole, metadata={"m": 1})
        forged = Forged(whole)
        by_name = dict(zip(spec["names"], items, strict=True))
        for name, value in forged.state[4].items():
            own = name if name in by_name else f"f{name[1:]}"
            if by_name[own][1] == value[0]:
                forged.state[4][name] = (by_name[own][0], *value[1:])
        return forged, whole

    def forge(self, forged: Forged) -> None:
        """Change one thing somewhere in it."""
        while forged.inner and self.random.random() < 0.5:
            forged = self.random.choice(forged.inner)
        state, choice = forged.state, self.random.choice
        match self.random.randrange(12):
            case 0:
                forged.args[0] = choice(SPECS)
            case 1:
                state[1] = choice("<>|=")
            case 2 | 3:
                state[choice((5, 6))] = choice(NUMBERS)
            case 4 | 5:
                state[7] = choice((*FLAGS, *(state[7] ^ 1 << bit for bit in range(9))))
            case 6 | 7 if state[4]:
                self.move_a_field(state[4])
            case 8 if state[2]:
                shape = tuple(choice(NUMBERS) for _ in range(self.random.randint(0, 3)))
                state[2] = (state[2][0], shape)
            case 9:
                other = {"f0": (self.atom()[0], choice(NUMBERS))}
                tables: Any = ((None, None), ((), {}), (state[3], None), (None, state[4]))
                state[3], state[4] = choice((*tables, (("f0",), other)))
            case 10:
                state[2] = (self.atom()[0], (choice((0, 1, 2, 3)),))
            case _:
                self.forge_metadata(forged)

    def move_a_field(self, fields: dict[str, Any]) -> None:
        kind, offset, *title = fields[self.random.choice(list(fields))]
        moved = self.random.choice((*NUMBERS, offset + 1, offset - 1, offset + 8))
        same = [key for key, value in fields.items() if value[0] is kind]
        fields.update(dict.fromkeys(same, (kind, moved, *title)))

    def forge_metadata(self, forged: Forged) -> None:
        state, choice = forged.state, self.random.choice
        if len(state) == 8:
            state[0], state[8:] = 4, [choice((None, {"a": 1}))]
        elif isinstance(state[8], tuple):
            unit = choice((b"ns", b"Y", b"generic", b"xx", b"s"))
            state[8] = (state[8][0], (unit, choice(NUMBERS), choice((1, 1, 2, 0)), 1))


def built_anew(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The same dtype by numpy's own constructors."""
    if dtype.subdtype is not None:
        return np.dtype((built_anew(dtype.subdtype[0]), dtype.subdtype[1]))
    if dtype.names is None or dtype.fields is None:
        return np.dtype((np.void, dtype.itemsize)) if dtype.kind == "V" else np.dtype(dtype.str)
    fields = [(*dtype.fields[name], None) for name in dtype.names]
    spec = {
        "names": list(dtype.names),
        "formats": [built_anew(field[0]) for field in fields],
        "offsets": [field[1] for field in fields],
        "titles": [field[2] for field in fields],
        "itemsize": dtype.itemsize,
    }
    whole = np.dtype(spec, align=dtype.isalignedstruct)  # type: ignore[call-overload]
    if dtype.kind != "V":
        return np.dtype((np.dtype(dtype.str), whole))
    return whole if dtype.type is np.void else np.dtype((dtype.type, whole))


def used(dtype: np.dtype[Any]) -> None:
    """Make arrays of it, print, copy, fill and pickle them.

    Not concatenated: numpy 2.4 frees structs that hold objects twice then, its own ones too.
    """
    text = repr(dtype)
    if dtype.itemsize > 10**6 or any(len(digits) > 4 for digits in re.findall(r"\d+", text)):
        return  # nothing wrong with it, but its lists would be long
    for array in (np.zeros(5, dtype), np.empty((2, 2), dtype)):
        repr(array)
        array[:] = array[::-1].copy()
        array.tolist()
        for name in dtype.names or ():
            repr(array[name])
            for value in (0, object()):
                try:
                    array[name][...] = value
                except (ValueError, TypeError):
                    continue
        pickle.loads(pickle.dumps(array, 4))


def wrong_with(stream: bytes) -> str:
    """What is wrong with an accepted stream; empty if numpy refuses it or builds the same."""
    try:
        loaded = pickle.loads(stream)
    except (ValueError, TypeError, OverflowError):
        return ""
    try:
        own = built_anew(loaded)
    except (ValueError, TypeError) as error:
        if "invalid itemsize in generic type tuple" in str(error):
            return ""  # several times nothing: it cannot be spelled so, but is what it says
        return f"numpy would not build {loaded!r}: {error}"
    seen, wanted = ((d.flags & 0xFF, d.itemsize, d.alignment) for d in (loaded, own))
    if loaded.kind == "U" and seen == (0, *wanted[1:]):
        wanted = seen  # as numpy under Python 2 wrote it: new arrays of text are not cleared
    if seen != wanted or loaded != own:
        return f"numpy would build {own!r} with {wanted}, not {loaded!r} with {seen}"
    with contextlib.suppress(ValueError, TypeError, OverflowError, SystemError):
        used(loaded)  # it is a crash that would be wrong
    return ""


def main(seed: int, count: int) -> int:
    maker, wrong, accepted = Maker(seed), 0, 0
    for _ in range(count):
        forged, _dtype = maker.any()
        honest = maker.random.random() < 0.2
        for _ in range(0 if honest else maker.random.choice((1, 1, 1, 2, 3))):
            maker.forge(forged)
        stream = pickle.dumps(forged, maker.random.choice((2, 3, 4)))
        refused = refusals(stream)
        if refused and honest:
            print("honest, but", refused, forged.args, forged.state)
            wrong += 1
        if not refused:
            accepted += 1
            found = wrong_with(stream)
            wrong += bool(found)
            print(found, end="\n" if found else "")
    print(f"{accepted} of {count} accepted, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
