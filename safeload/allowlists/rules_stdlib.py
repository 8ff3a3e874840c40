"""Rules for the standard library's own reconstructors and constructors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules import (
    built,
    exactly,
    plain_attributes,
    takes,
    text,
    whole,
)
from safeload.scan.inert import made_by, ref_of
from safeload.scan.report import GlobalRef

Args = tuple[Any, ...]
Kwargs = Mapping[str, Any]


LATIN1: Final = ("latin1", "latin-1")


def latin1(args: Args, kwargs: Kwargs) -> str | None:
    """``_codecs.encode(text, 'latin1')``: bytes at protocols 0 to 2."""
    if kwargs or len(args) != 2 or type(args[0]) is not str or args[1] not in LATIN1:
        return "called with something else than text and 'latin1'"
    return None


def encoded(value: str, _codec: str) -> bytes:
    """What the call gives, for rules that look at bytes."""
    return value.encode("latin1")


def no_bytes() -> bytes:
    """``bytes()``; takes no arguments, for it is computed even where the rule objected."""
    return b""


def number_call(args: Args, kwargs: Kwargs) -> str | None:
    """A number; ``base`` is what a stored ``partial(int, base=16)`` adds."""
    if len(args) > 1 or not all(map(exactly(int, float, bool), args)):
        return "called with something else than a number"
    return None if all(map(exactly(int), kwargs.values())) else "called with an odd keyword"


_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,3}", re.ASCII)


def zone_key(value: Any) -> bool:
    """A time zone's name: it becomes part of a path, so no dots and no leading slash."""
    return type(value) is str and len(value) <= 80 and _ZONE.fullmatch(value) is not None


_SINGLETON_TYPES: Final = {
    GlobalRef("builtins", "NotImplemented"): GlobalRef("types", "NotImplementedType"),
    GlobalRef("builtins", "Ellipsis"): GlobalRef("types", "EllipsisType"),
}


def singleton_type(args: Args) -> GlobalRef | None:
    """``type(None)``, ``type(...)``, ``type(NotImplemented)``: how these three are written."""
    (value,) = args
    if value is None:
        return GlobalRef("types", "NoneType")
    return _SINGLETON_TYPES.get(ref_of(value) or GlobalRef("", ""))


def type_call(args: Args, kwargs: Kwargs) -> str | None:
    """Type with one of the three singletons; with three arguments it makes a class."""
    if kwargs or len(args) != 1 or singleton_type(args) is None:
        return "called with something else than None, Ellipsis or NotImplemented"
    return None


def _field_bytes(value: Any, size: int) -> bytes | None:
    if type(value) is str and len(value) == size:
        value = value.encode("latin1")  # written by Python 2
    return value if type(value) is bytes and len(value) == size else None


_DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _date_is_real(data: bytes) -> bool:
    year, month, day = data[0] << 8 | data[1], data[2] & 0x7F, data[3]
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return (month, day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def _time_is_real(data: bytes) -> bool:
    return (
        data[0] < 24
        and data[1] < 60
        and data[2] < 60
        and (data[3] << 16 | data[4] << 8 | data[5]) < 1_000_000
    )


def date_call(args: Args, kwargs: Kwargs) -> str | None:
    """Four bytes: year, month, day. C takes most of them unchecked and indexes tables with them."""
    data = _field_bytes(args[0], 4) if len(args) == 1 else None
    if kwargs or data is None or data[2] > 12 or not _date_is_real(data):
        return "holds a date that does not exist"
    return None


def time_call(args: Args, kwargs: Kwargs) -> str | None:
    """Six bytes and perhaps a time zone; the first bit is ``fold``."""
    data = _field_bytes(args[0], 6) if len(args) in (1, 2) else None
    if kwargs or data is None or not _time_is_real(bytes([data[0] & 0x7F]) + data[1:]):
        return "holds a time that does not exist"
    return None


def datetime_call(args: Args, kwargs: Kwargs) -> str | None:
    """Ten bytes and perhaps a time zone; ``fold`` is the first bit of the month."""
    data = _field_bytes(args[0], 10) if len(args) in (1, 2) else None
    if kwargs or data is None or not (_date_is_real(data) and _time_is_real(data[4:])):
        return "holds a date or a time that does not exist"
    return None


def pattern_call(args: Args, kwargs: Kwargs) -> str | None:
    """``re._compile(pattern, flags)``; the flag DEBUG prints, length bounds the work."""
    if kwargs or len(args) != 2:
        return "called with something else than a pattern and flags"
    pattern, flags = args
    if type(pattern) not in (str, bytes) or len(pattern) > 200_000:
        return "compiles something else than a pattern of sane length"
    if type(flags) is not int or not 0 <= flags < 1024 or flags & re.DEBUG:
        return "compiles with flags that no honest file has"
    return None


_RATIO: Final = re.compile(r"-?[0-9]{1,4300}(/[0-9]{1,4300})?")


def fraction_call(args: Args, kwargs: Kwargs) -> str | None:
    """Two integers, or ``'1/3'``; not ``'1e999999999'``, which computes that power."""
    match args:
        case (str() as ratio,) if not kwargs and _RATIO.fullmatch(ratio):
            return None
        case (int(), int()) if not kwargs:
            return None
    return "called with something else than a ratio of integers"


def uuid_state(_made: Any, state: Any) -> str | None:
    """``{'int': n}`` and perhaps how it was made."""
    if type(state) is not dict or not state.keys() <= {"int", "is_safe"}:
        return "has a state that UUID does not write"
    if not whole(0, 2**128 - 1)(state["int"]) or state.get("is_safe") not in (None, 0, -1):
        return "is no 128-bit number"
    return None


def random_state(_made: Any, state: Any) -> str | None:
    """``(version, 624 words and a position, the stored gauss)``."""
    version, words, gauss = state
    if version not in (2, 3) or type(words) is not tuple or len(words) != 625:
        return "has a state that Random does not write"
    if not all(type(word) is int for word in words) or not 0 <= words[-1] <= 624:
        return "has a position outside its words"
    return None if type(gauss) in (float, type(None)) else "has a stored value that is no number"


_TYPECODES: Final = frozenset("bBuwhHiIlLqQfd")
_ARRAY: Final = GlobalRef("array", "array")


def array_reconstructor(args: Args, kwargs: Kwargs) -> str | None:
    """``(array, typecode, machine format, bytes)``; C checks the format against the bytes."""
    cls, code, form, items = args
    if kwargs or ref_of(cls) != _ARRAY or type(code) is not str or code not in _TYPECODES:
        return "makes something else than an array of a known type"
    if type(form) is not int or not 0 <= form <= 21 or type(items) is not bytes:
        return "has a machine format or items that array does not write"
    return None


def array_call(args: Args, kwargs: Kwargs) -> str | None:
    """``(typecode, items)`` at protocols 0 to 2; items of other kinds could be endless."""
    code, items = args
    if kwargs or type(code) is not str or code not in _TYPECODES:
        return "makes something else than an array of a known type"
    if type(items) not in (list, bytes, str):
        return "is filled from something else than a list, text or bytes"
    return None


def bytesio_state(_made: Any, state: Any) -> str | None:
    """``(value, position, attributes)``."""
    value, position, attributes = state
    if type(value) is not bytes or not whole(0, 2**31)(position):
        return "has a state that BytesIO does not write"
    return None if attributes is None else plain_attributes(_made, attributes)


def stringio_state(_made: Any, state: Any) -> str | None:
    """``(value, newline, position, attributes)``."""
    value, newline, position, attributes = state
    if type(value) is not str or newline not in (None, "", "\n", "\r", "\r\n"):
        return "has a state that StringIO does not write"
    if not whole(0, 2**31)(position):
        return "has a state that StringIO does not write"
    return None if attributes is None else plain_attributes(_made, attributes)


def unicode_error(args: Args, kwargs: Kwargs) -> str | None:
    """``(codec, object, start, end, reason)``: C prints the part between the two unchecked."""
    codec, whole_object, start, end, reason = args
    if kwargs or type(codec) is not str or type(reason) is not str:
        return "called with something else than a codec and a reason"
    size = len(whole_object) if type(whole_object) in (str, bytes) else -1
    if type(start) is not int or type(end) is not int or not 0 <= start <= end <= size:
        return "points outside its text"
    return None


def no_positions(made: Any, state: Any) -> str | None:
    """Attributes, but not those that C trusts in a Unicode error."""
    wrong = plain_attributes(made, state)
    if wrong is None and not {"object", "start", "end", "encoding", "reason"}.isdisjoint(state):
        return "has its position set past the checks"
    return wrong


def decimal_context(args: Args, kwargs: Kwargs) -> str | None:
    """``(prec, rounding, Emin, Emax, capitals, clamp, flags, traps)``."""
    prec, rounding, *numbers, flags, traps = args
    good = len(numbers) == 4 and all(type(n) is int for n in numbers)
    if kwargs or not good or not whole(1, 10**6)(prec) or not text(40)(rounding):
        return "called with something else than the parts of a context"
    signals = (*flags, *traps) if type(flags) is type(traps) is list else (None,)
    known = all((ref_of(signal) or ("",))[0] == "decimal" for signal in signals)
    return None if known else "called with something else than the parts of a context"


struct_time = takes(
    "nine numbers and names",
    (exactly(tuple), exactly(dict)),
    (exactly(tuple),),
)
timezone_call = takes(
    "an offset and perhaps a name",
    (built(("datetime", "timedelta")),),
    (built(("datetime", "timedelta")), text()),
)


def path_call(args: Args, kwargs: Kwargs) -> str | None:
    """The parts of a path."""
    if kwargs or len(args) > 500 or not all(map(text(5_000), args)):
        return "called with something else than the parts of a path"
    return None


def text_parts(args: Args, kwargs: Kwargs) -> str | None:
    """The parts of a URL, which a namedtuple holds as they are."""
    if kwargs or not all(map(exactly(str, bytes, type(None)), args)):
        return "called with something else than text"
    return None


def normal_state(made: Any, state: Any) -> str | None:
    """``(None, {'_mu': …, '_sigma': …})``, or the two numbers as older versions wrote them."""
    if type(state) is tuple and all(map(exactly(int, float), state)):
        return None
    return plain_attributes(made, state)


_ELEMENT: Final = {"tag": (str,), "text": (str, type(None)), "tail": (str, type(None)), "attrib": (dict,)}


def element_state(_: Any, state: Any) -> str | None:
    """A tag, texts, a dict and a list of elements, each under its name."""
    if type(state) is not dict or not state.keys() <= {*_ELEMENT, "_children"}:
        return "its state must be the parts of an element"
    fits = all(type(state[name]) in kinds for name, kinds in _ELEMENT.items() if name in state)
    is_element = built(("xml.etree.ElementTree", "Element"))
    children = state.get("_children", [])
    fits = fits and type(children) is list and all(map(is_element, children))
    return None if fits else "its state must be the parts of an element"


MORSEL: Final = GlobalRef("http.cookies", "Morsel")
_MORSELS: Final = frozenset({"key", "value", "coded_value"})


def a_morsel(key: Any, value: Any) -> str | None:
    return None if type(key) is str and made_by(value) == MORSEL else "holds something else than cookies"


def morsel_item(key: Any, value: Any) -> str | None:
    """``secure`` and ``httponly`` are True or text."""
    return None if type(key) is str and type(value) in (str, bool, int) else "has a property that is no text"


def morsel_state(_: Any, state: Any) -> str | None:
    fits = type(state) is dict and state.keys() == _MORSELS and set(map(type, state.values())) <= {str, type(None)}
    return None if fits else "its state must be a name and a value"
