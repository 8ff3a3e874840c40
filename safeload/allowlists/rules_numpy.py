"""Rules on numpy's dtypes: what a pickled dtype says of itself is computed anew.

``dtype.__setstate__`` believes its state: field offsets, item size, flags. A field outside the
item reads and writes out of bounds, an object field without its flag makes a pointer of bytes. So
a state is accepted only if it is the one that numpy writes for a dtype it would build itself.

An accepted dtype carries its :class:`Layout` as its last argument. That is also how a second BUILD
(it would change a dtype that arrays already use) and a dtype used before its BUILD are told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]

DTYPE: Final = GlobalRef("numpy", "dtype")
STRING_DTYPES: Final = frozenset(
    GlobalRef(f"numpy.{core}._internal", "_convert_to_stringdtype_kwargs")
    for core in ("core", "_core")
)
RECORDS: Final = frozenset(
    {
        GlobalRef("numpy", "record"),
        GlobalRef("numpy.rec", "record"),
        GlobalRef("numpy.core.records", "record"),
        GlobalRef("numpy._core.records", "record"),
    }
)

# numpy's flag bits, as ``dtype.flags`` shows them.
HAS_OBJECT: Final = 0x01
LIST_PICKLE: Final = 0x02
NEEDS_PYTHON: Final = 0x10
ALIGNED_STRUCT: Final = 0x80
OBJECT_FLAGS: Final = 0x3F
UNICODE_FLAGS: Final = 0x08
FROM_FIELDS: Final = 0x1B  # what a struct takes over from its fields

MAX_ITEM: Final = 2**31 - 1
MAX_DIMENSIONS: Final = 64

# Kind letter and size as in ``dtype.str`` → alignment. Sizes of long double vary by platform.
_FIXED: Final[Mapping[str, int]] = {
    **dict.fromkeys(("b1", "i1", "u1"), 1),
    **dict.fromkeys(("i2", "u2", "f2"), 2),
    **dict.fromkeys(("i4", "u4", "f4", "c8"), 4),
    **dict.fromkeys(("i8", "u8", "f8", "c16", "M8", "m8", "O8"), 8),
    **dict.fromkeys(("f16", "c32"), 16),
}
_UNITS: Final = frozenset(
    ("generic", "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")
)
_SPEC: Final = re.compile(r"([biufcSUVOMm])(\d{1,10})", re.ASCII)


class Layout(NamedTuple):
    """What numpy computes for a dtype, and where in an item the pointers to objects lie."""

    kind: str
    itemsize: int
    alignment: int
    flags: int
    pointers: tuple[Any, ...] = ()

    @property
    def pickled_as_list(self) -> bool:
        """Arrays of it hold their items as objects, not as bytes."""
        return bool(self.flags & LIST_PICKLE)

    @property
    def has_objects(self) -> bool:
        """Items hold pointers to objects."""
        return bool(self.flags & (HAS_OBJECT | LIST_PICKLE))


def ascii_text(value: Any) -> str:
    """Text, or the bytes that it is when a Python 2 pickle is loaded with encoding='bytes'."""
    return value.decode("ascii") if type(value) is bytes else value


def dtype_call(args: Args, kwargs: Kwargs) -> str | None:
    """``dtype('f8', False, True)``; without the copy it would be numpy's own, given a new state."""
    spec, align, copy = args
    if kwargs or type(align) not in (bool, int) or align or type(copy) not in (bool, int):
        return "called otherwise than pickles call it"
    if not copy:
        return "would give a state to a dtype that the whole process uses"
    return None if _plain_layout(spec) else "is of a type that numpy does not write"


def _plain_layout(spec: Any) -> Layout | None:
    """The layout that the call alone gives."""
    if ref_of(spec) in RECORDS:
        return Layout("V", 0, 1, 0)
    if type(spec) not in (str, bytes):
        return None
    match = _SPEC.fullmatch(ascii_text(spec))
    if match is None:
        return None
    kind, size = match[1], int(match[2])
    if kind in "SV":
        return Layout(kind, size, 1, 0) if size <= MAX_ITEM else None
    if kind == "U":
        return Layout(kind, size * 4, 4, UNICODE_FLAGS) if size * 4 <= MAX_ITEM else None
    alignment = _FIXED.get(match[0])
    if alignment is None:
        return None
    return Layout(kind, size, alignment, *((OBJECT_FLAGS, ("O",)) if kind == "O" else (0,)))


def layout_of(value: Any) -> Layout | None:
    """The layout of a dtype that has been given its state and passed; else None."""
    ref = made_by(value)
    if ref == DTYPE:
        last = value.args[-1] if value.args else None
        return last if type(last) is Layout else None
    return Layout("T", 16, 8, OBJECT_FLAGS) if ref in STRING_DTYPES else None


def dtype_state(made: Any, state: Any) -> str | None:
    """``(version, order, subarray, names, fields, itemsize, alignment, flags[, metadata])``."""
    if layout_of(made) is not None:
        return "is given its state twice, which would change arrays that use it"
    plain = _plain_layout(made.args[0])
    if plain is None or type(state) is not tuple or len(state) not in (8, 9):
        return "has a state that numpy does not write"
    version, order = state[:2]
    if version != len(state) - 5 or not _order_fits(plain, ascii_text(order)):
        return "has a version or a byte order that numpy does not write"
    if not _metadata_fits(plain, state):
        return "has metadata that numpy does not write"
    if plain.kind == "U" and state[7] == 0:
        plain = plain._replace(flags=0)  # numpy under Python 2 did not clear new text
    computed = _computed_layout(made.args[0], plain, state)
    if computed is None or not _numbers_fit(made.args[0], computed, list(state[5:8])):
        return "does not describe the memory that it would use"
    made.args = (*made.args, computed)
    if type(state[4]) is dict:
        _watch(made, state[4])
    return None


def _computed_layout(spec: Any, plain: Layout, state: Args) -> Layout | None:
    """What numpy computes for the state's parts; None if it would not build the dtype."""
    subarray, names, fields, *numbers = state[2:8]
    if not all(type(n) is int for n in numbers):
        return None
    if subarray is not None:
        return _subarray_layout(plain, subarray) if names is fields is None else None
    if names is None and fields is None:
        return plain
    struct = _struct_layout(plain, names, fields, numbers)
    # A record keeps the alignment of its scalar type, whatever its fields need.
    return struct if struct is None or ref_of(spec) is None else struct._replace(alignment=1)


def _watch(made: Any, fields: dict[str, Any]) -> None:
    """Judge the fields again when the look is over: numpy keeps the very dict of the stream."""
    afterwards = getattr(made.recorder, "afterwards", None)
    if afterwards is None:
        return
    seen = dict(fields)

    def check() -> None:
        if fields != seen:
            made.recorder.objects(DTYPE, "has its fields changed afterwards", structural=False)

    afterwards.append(check)


def _order_fits(plain: Layout, order: Any) -> bool:
    if plain.kind in "OSVb" or (plain.itemsize == 1 and plain.kind in "iu"):
        return bool(order == "|")
    return order in ("<", ">")


def _metadata_fits(plain: Layout, state: Args) -> bool:
    """Version 3 has none; a date's unit is part of it."""
    if plain.kind not in "Mm":
        return len(state) == 8 or type(state[8]) in (dict, type(None))
    if len(state) != 9 or type(state[8]) is not tuple:
        return False
    extra, (unit, count, divisor, event) = state[8]
    return (
        type(extra) in (dict, type(None))
        and ascii_text(unit) in _UNITS
        and type(count) is type(divisor) is type(event) is int
        and 1 <= count <= (1 if ascii_text(unit) == "generic" else MAX_ITEM)
        and divisor == event == 1
    )


def _numbers_fit(spec: Any, computed: Layout, numbers: list[int]) -> bool:
    """Item size, alignment and flags as numpy writes them; the flags were signed once."""
    itemsize, alignment, flags = numbers
    if not -128 <= flags <= 255 or flags & 0xFF != computed.flags:
        return False
    if computed.kind not in "SUV":
        return itemsize == alignment == -1
    if ref_of(spec) is None and computed.kind == "V":
        called = _plain_layout(spec)
        if called is None or called.itemsize != itemsize:
            return False
    return (itemsize, alignment) == (computed.itemsize, computed.alignment)


def _subarray_layout(plain: Layout, subarray: Any) -> Layout | None:
    """``(dtype of an item, shape)``."""
    base_dtype, shape = subarray
    base = layout_of(base_dtype)
    if base is None or base.kind == "T" or plain.kind != "V" or not is_shape(shape) or not shape:
        return None
    if max(shape) > MAX_ITEM or math.prod(shape) > MAX_ITEM:
        return None
    size = math.prod(shape) * base.itemsize
    pointers = (math.prod(shape), base.itemsize, base.pointers) if base.pointers else ()
    return Layout("V", size, base.alignment, base.flags, pointers) if size <= MAX_ITEM else None


def is_shape(value: Any) -> bool:
    """A tuple of sizes."""
    return (
        type(value) is tuple
        and len(value) <= MAX_DIMENSIONS
        and all(type(n) is int and 0 <= n < 2**63 for n in value)
    )


class _Field(NamedTuple):
    offset: int
    layout: Layout

    @property
    def end(self) -> int:
        return self.offset + self.layout.itemsize


def _struct_layout(plain: Layout, names: Any, fields: Any, numbers: list[int]) -> Layout | None:
    """A struct, or a number that has named parts (``('i4', [('low', 'i2'), …])``)."""
    listed = _fields(names, fields)
    if listed is None:
        return None
    if plain.kind != "V":
        fits = all(field.end <= plain.itemsize and not field.layout.has_objects for field in listed)
        return plain if fits and listed and plain.kind in "iufcSU" else None
    itemsize, _alignment, flags = numbers
    aligned = bool(flags & ALIGNED_STRUCT)
    if not 0 <= itemsize <= MAX_ITEM or any(field.end > itemsize for field in listed):
        return None
    if _objects_overlap(listed):
        return None
    widest = max((field.layout.alignment for field in listed), default=1) if aligned else 1
    if aligned and not (listed and itemsize % widest == 0 and all(map(_is_aligned, listed))):
        return None
    computed = NEEDS_PYTHON | (ALIGNED_STRUCT if aligned else 0)
    for field in listed:
        computed |= field.layout.flags & FROM_FIELDS
    held = {field.offset: field.layout.pointers for field in listed if field.layout.pointers}
    pointers = tuple((offset, held[offset]) for offset in sorted(held))
    return Layout("V", itemsize, widest, computed, pointers)


def _is_aligned(field: _Field) -> bool:
    return field.offset % field.layout.alignment == 0


def _fields(names: Any, fields: Any) -> list[_Field] | None:
    """The fields in order, if names, titles and the table agree."""
    if type(names) is not tuple or type(fields) is not dict:
        return None
    listed, keys = [], set()
    for name in names:
        if type(name) is not str or name in keys:
            return None
        dtype, offset, *title = fields[name]
        layout = layout_of(dtype)
        if layout is None or layout.kind == "T" or type(offset) is not int or offset < 0:
            return None
        keys.add(name)
        if title:
            if type(title[0]) is not str or len(title) != 1 or title[0] in keys:
                return None
            if fields[title[0]] != fields[name]:
                return None
            keys.add(title[0])
        listed.append(_Field(offset, layout))
    return listed if keys == fields.keys() else None


def _objects_overlap(listed: list[_Field]) -> bool:
    """Whether a field that holds objects shares bytes with another one."""
    end = object_end = 0
    for field in sorted(listed, key=lambda f: (f.offset, f.end)):
        if field.offset < (end if field.layout.has_objects else object_end):
            return True
        end = max(end, field.end)
        if field.layout.has_objects:
            object_end = max(object_end, field.end)
    return False
