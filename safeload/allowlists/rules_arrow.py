"""The rules of pyarrow as far as pandas writes it: types, buffers and the arrays over them.

pyarrow puts an array together without a check. A buffer shorter than the array says would be read past its
end, offsets or places that lead outside would be followed by the first print, a child of another type than
the array's own names ends the process, and so does a number of missing values that is not theirs. All of that
is checked here.
"""

from __future__ import annotations

import struct
from typing import Any, Final

from safeload.allowlists.rules_forms import Args, Kwargs, is_int, is_plain, refs
from safeload.scan.inert import made_by

TYPES: Final = refs(
    """
    pyarrow.lib: type_for_alias timestamp time32 time64 duration decimal128 decimal256 binary
    pyarrow.lib: list_ large_list struct dictionary map_
    """
)
_FIELD: Final = refs("pyarrow.lib: field")
_BUFFER: Final = refs("pyarrow.lib: py_buffer")

_UNREAD: Final = 64 * 1024
_LISTS: Final = ("list_", "large_list", "map_")

# Bits of one value in the last buffer, by the type's alias or by the function that makes it.
_BITS: Final = {
    **dict.fromkeys(("bool", "bool_"), 1),
    **dict.fromkeys(("int8", "uint8"), 8),
    **dict.fromkeys(("int16", "uint16", "halffloat", "float16"), 16),
    **dict.fromkeys(("int32", "uint32", "float", "float32", "date32", "date32[day]"), 32),
    **dict.fromkeys(("int64", "uint64", "double", "float64", "date64", "date64[ms]"), 64),
    **dict.fromkeys(("time32", "time32[s]", "time32[ms]"), 32),
    **dict.fromkeys(("time64", "time64[us]", "time64[ns]", "timestamp", "duration"), 64),
    **{f"duration[{unit}]": 64 for unit in ("s", "ms", "us", "ns")},
    **{f"timestamp[{unit}]": 64 for unit in ("s", "ms", "us", "ns")},
    "decimal128": 128,
    "decimal256": 256,
}
# Bits of one offset, for the types that have a buffer of them.
_OFFSET_BITS: Final = {
    **dict.fromkeys(("string", "utf8", "binary", "list_", "map_"), 32),
    **dict.fromkeys(("large_string", "large_utf8", "large_binary", "large_list"), 64),
}


def type_args(args: Args, kwargs: Kwargs) -> str | None:
    """A type is made of text, numbers, other types and fields."""
    fits = not kwargs and all(map(_type_part, args))
    for fields in (arg for arg in args if type(arg) is list):
        if not fields or any(made_by(field) not in _FIELD for field in fields):
            return "takes the fields of a structure"
        _remains(fields[0], fields)
    return None if fits else "takes text, numbers and types"


def nested_args(args: Args, kwargs: Kwargs) -> str | None:
    """The parts of a list or a structure: with a length beside them, it would be a list of another kind."""
    return type_args(args, kwargs) if len(args) == 1 else "takes its parts alone"


def paired_args(args: Args, kwargs: Kwargs) -> str | None:
    """Keys and values, or places and values, and whether they are in order."""
    return type_args(args, kwargs) if len(args) in (2, 3) else "takes two types"


def length_args(args: Args, kwargs: Kwargs) -> str | None:
    """Bytes of one length: -1 stands for those of any."""
    fits = not kwargs and len(args) == 1 and is_int(args[0]) and args[0] >= 0
    return None if fits else "takes a length"


def _remains(made: Any, items: list[Any]) -> None:
    """See to it that a list holds in the end what it held when pyarrow took it."""
    before = items.copy()

    def again() -> None:
        if len(items) != len(before) or any(a is not b for a, b in zip(items, before, strict=True)):
            made.recorder.objects(made.ref, "has its parts exchanged afterwards", structural=False)

    made.recorder.afterwards.append(again)


def _type_part(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_type_part, value))
    if type(value) is dict:
        return all(is_plain(k) and is_plain(v) for k, v in value.items())
    return is_plain(value) or made_by(value) in TYPES | _FIELD


def buffer_args(args: Args, kwargs: Kwargs) -> str | None:
    fits = not kwargs and len(args) == 1 and _size(args[0]) is not None
    return None if fits else "takes the bytes of one buffer"


def _size(data: Any) -> int | None:
    """How many bytes a buffer's argument holds."""
    if type(data) in (bytes, bytearray):
        return len(data)
    if getattr(made_by(data), "qualname", "") != "bytearray" or len(data.args) > 1:
        return None
    return sum(map(len, data.args))


def array_args(args: Args, kwargs: Kwargs) -> str | None:
    """``_restore_array((type, length, nulls, offset, buffers, children, dictionary))``."""
    if kwargs or len(args) != 1 or type(args[0]) is not tuple or not _array(args[0]):
        return "describes an array that its buffers do not hold"
    shared = [b for b in _buffers(args[0]) if type(b.args[0]) is bytearray]  # which the stream may change
    if shared:
        recorder = shared[0].recorder

        def again() -> None:
            if not _array(args[0]):
                recorder.objects(shared[0].ref, "has its bytes changed afterwards", structural=False)

        recorder.afterwards.append(again)
    return None


def _buffers(parts: Any) -> list[Any]:
    """All buffers of an array, of its children and of its dictionary."""
    _, _, _, _, buffers, children, dictionary = parts
    inner = [*children, *([] if dictionary is None else [dictionary])]
    return [b for b in buffers if b is not None] + [b for array in inner for b in _buffers(array)]


def _array(parts: Any) -> bool:
    kind, length, nulls, offset, buffers, children, dictionary = parts
    counts = all(is_int(n) for n in (length, nulls, offset)) and length >= 0 and offset >= 0
    if made_by(kind) not in TYPES or not counts or nulls < -1:
        return False
    sizes = [0 if buffer is None else _size(buffer.args[0]) for buffer in buffers]
    if any(b is not None and made_by(b) not in _BUFFER for b in buffers):
        return False
    end = length + offset
    if buffers and buffers[0] is not None and sizes[0] * 8 < end:  # type: ignore[operator]
        return False
    inner = dictionary is None or _array(dictionary)
    inner = inner and all(map(_array, children)) and _enough(kind, end, sizes, children)
    return bool(inner and _as_declared(parts) and _counted(parts) and _inside(parts, sizes))


def _as_declared(parts: Any) -> bool:
    """Whether children and dictionary are of the types that the array's own type names: pyarrow believes it."""
    kind, *_, children, dictionary = parts
    maker = getattr(made_by(kind), "qualname", "")
    held = [_type(field) for field in (kind.args[0] if maker == "struct" else kind.args[:1])]
    if maker == "map_":  # pairs of a key and a value, as fields
        pair = children[0][0]
        paired = made_by(pair) in refs("pyarrow.lib: struct") and _alike(pair.args[0], kind.args[:2])
        return paired and len(children) == 1 and dictionary is None
    if maker in (*_LISTS, "struct"):
        return dictionary is None and _alike([child[0] for child in children], held)
    if maker == "dictionary":
        return not children and _alike(dictionary[0], kind.args[1])
    return not children and dictionary is None


def _type(part: Any) -> Any:
    """The type of a field, or a type as it is."""
    return part.args[1] if made_by(part) in _FIELD else part


def _alike(one: Any, other: Any) -> bool:
    """Whether two types are made alike; fields have the same name, type and leave to miss values."""
    if type(one) in (list, tuple) and type(other) in (list, tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    maker = made_by(one)
    if maker is None or maker != made_by(other):
        return maker is made_by(other) and bool(one == other)
    count = 3 if maker in _FIELD else None  # what follows is a note
    return _alike(one.args[:count], other.args[:count])


def _counted(parts: Any) -> bool:
    """Whether as many values are missing as the array says: pyarrow skips that many."""
    kind, length, nulls, offset, buffers, _children, _dictionary = parts
    if nulls == -1 or kind.args[:1] in (("null",), ("na",)):
        return True
    if not buffers or buffers[0] is None:
        return bool(nulls == 0)
    data = _content(buffers[0])
    if data is None:
        return True
    there = int.from_bytes(data, "little") >> offset & ((1 << length) - 1)
    return bool(length - there.bit_count() == nulls)


def _inside(parts: Any, sizes: list[Any]) -> bool:
    """Whether offsets rise and stay inside what they lead into, and places inside their dictionary."""
    kind, length, _nulls, offset, buffers, children, dictionary = parts
    maker = getattr(made_by(kind), "qualname", "")
    name = kind.args[0] if maker == "type_for_alias" else maker
    if name in _OFFSET_BITS and maker != "binary" and buffers[1] is not None:
        numbers = _numbers(buffers[1], "iq"[_OFFSET_BITS[name] == 64], offset, length + 1)
        limit = children[0][1] + children[0][3] if maker in _LISTS else sizes[2]
        return numbers is None or (numbers == sorted(numbers) and numbers[0] >= 0 and numbers[-1] <= limit)
    if name == "dictionary":
        places = _numbers(buffers[1], _PLACES[kind.args[0].args[0]], offset, length)
        valid = _valid(buffers[0], offset, length)
        return places is None or valid is None or all(
            0 <= place < dictionary[1] for place, there in zip(places, valid, strict=True) if there
        )
    return True


# memoryview's letters for the types that places in a dictionary have.
_PLACES: Final = {
    **dict(zip(("int8", "int16", "int32", "int64"), "bhiq", strict=True)),
    **dict(zip(("uint8", "uint16", "uint32", "uint64"), "BHIQ", strict=True)),
}


def _content(buffer: Any) -> Any:
    """A buffer's bytes; None where this look leaves them unread, and another will read them."""
    data = buffer.args[0]
    if made_by(data) is not None:
        data = data.args[0]
    if buffer.recorder.skips and len(data) >= _UNREAD:
        buffer.recorder.wants_bulk = True
        return None
    return data


def _numbers(buffer: Any, letter: Any, offset: int, count: int) -> list[int] | None:
    """The numbers in a buffer, from an offset on; None where they are still unread."""
    data = _content(buffer)
    if data is None:
        return None
    view: Any = memoryview(data)
    whole = len(data) - len(data) % struct.calcsize(letter)
    return list(view[:whole].cast(letter)[offset : offset + count]) or [0]


def _valid(buffer: Any, offset: int, count: int) -> list[int] | None:
    """Which values are there, by the bits of the first buffer; None where it is still unread."""
    if buffer is None:
        return [1] * max(count, 1)
    data = _content(buffer)
    if data is None:
        return None
    return [data[place >> 3] >> (place & 7) & 1 for place in range(offset, offset + count)] or [0]


def _enough(kind: Any, end: int, sizes: list[Any], children: Any) -> bool:
    """Whether the buffers hold ``end`` values of this type."""
    maker = getattr(made_by(kind), "qualname", "")
    name = kind.args[0] if maker == "type_for_alias" else maker
    if name in ("null", "na"):
        return not children and len(sizes) == 1
    if name == "struct":
        return len(sizes) == 1 and all(child[1] + child[3] >= end for child in children)
    if name == "dictionary":
        return _enough(kind.args[0], end, sizes, children)
    if name == "binary" and maker == "binary":
        return len(sizes) == 2 and sizes[1] >= end * kind.args[0]
    if name in _OFFSET_BITS:
        rest = 2 if maker in _LISTS else 3
        return len(sizes) == rest and (not end or sizes[1] * 8 >= (end + 1) * _OFFSET_BITS[name])
    bits = _BITS.get(name)
    return bits is not None and len(sizes) == 2 and sizes[1] * 8 >= end * bits


def chunk_args(args: Args, kwargs: Kwargs) -> str | None:
    """``chunked_array(arrays, type)``."""
    arrays, kind = args
    made = refs("pyarrow.lib: _restore_array")
    fits = not kwargs and type(arrays) is list and all(made_by(a) in made for a in arrays)
    if not fits or not (kind is None or made_by(kind) in TYPES):
        return "takes arrays and a type"
    _remains(kind or arrays[0], arrays)
    return None


_COLUMNS: Final = refs("pyarrow.lib: _restore_array chunked_array")
_SCHEMA: Final = refs("pyarrow.lib: schema")


def schema_args(args: Args, kwargs: Kwargs) -> str | None:
    """``schema(fields, metadata)``."""
    fields, metadata = args
    fits = not kwargs and type(fields) is list and all(made_by(field) in _FIELD for field in fields)
    return None if fits and (metadata is None or _type_part(metadata)) else "takes fields and texts"


def table_args(args: Args, kwargs: Kwargs) -> str | None:
    """``(columns, schema)``, whose lengths and types pyarrow compares."""
    columns, kind = args
    fits = not kwargs and type(columns) is list and all(made_by(column) in _COLUMNS for column in columns)
    return None if fits and made_by(kind) in _SCHEMA else "takes columns and a schema"


def scalar_args(args: Args, kwargs: Kwargs) -> str | None:
    """``scalar(value, type)`` of a plain value."""
    value, kind = args
    return None if not kwargs and is_plain(value) and made_by(kind) in TYPES else "takes a plain value and a type"
