"""Plain values as JSON that gives them back as they were, and nothing else: tuples, bytes and complex numbers too."""

from __future__ import annotations

from typing import Any, Final

_WHOLE: Final = 1 << 63  # larger numbers are written as text: JSON's readers differ


def packed(value: Any) -> Any:  # noqa: PLR0911 - a kind a line
    """A value as JSON knows it; what is no plain data becomes nothing."""
    kind = type(value)
    if value is None or kind in (bool, str, float) or (kind is int and -_WHOLE <= value < _WHOLE):
        return value
    if kind is int:
        return {"int": hex(value)}
    if kind is complex:
        return {"complex": [value.real, value.imag]}
    if kind in (bytes, bytearray):
        return {"bytes": value.hex()}
    if kind is list:
        return [packed(item) for item in value]
    if kind is tuple:
        return {"tuple": [packed(item) for item in value]}
    if kind is dict:
        return {"dict": [[packed(key), packed(item)] for key, item in value.items()]}
    return None


def unpacked(said: Any) -> Any:
    """The value again.

    Raises:
        ValueError: this was not written by :func:`packed`.
    """
    if said is None or type(said) in (bool, str, float, int):
        return said
    if type(said) is list:
        return [unpacked(item) for item in said]
    if type(said) is dict and len(said) == 1:
        ((kind, inner),) = said.items()
        maker = _MAKERS.get(kind)
        if maker is not None:
            return maker(inner)
    msg = "a value that is none"
    raise ValueError(msg)


def _complex(parts: Any) -> complex:
    real, imaginary = parts
    return complex(_number(real), _number(imaginary))


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        msg = "a number that is none"
        raise ValueError(msg)
    return float(value)


def _dict(pairs: Any) -> dict[Any, Any]:
    found = {}
    for key, item in pairs:
        made = unpacked(key)
        if type(made) not in (str, int, float, bool, type(None)):
            msg = "a key that is no plain value"
            raise ValueError(msg)
        found[made] = unpacked(item)
    return found


def _list(items: Any) -> list[Any]:
    if type(items) is not list:
        msg = "items that are none"
        raise ValueError(msg)
    return [unpacked(item) for item in items]


_MAKERS: Final = {
    "int": lambda text: int(text, 16),
    "complex": _complex,
    "bytes": bytes.fromhex,
    "tuple": lambda items: tuple(_list(items)),
    "dict": _dict,
}
