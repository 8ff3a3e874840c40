"""The rule of pictures."""

from __future__ import annotations

from typing import Any, Final

from safeload.allowlists.rules import plain_attributes, text
from safeload.allowlists.rules_forms import words

_MODES: Final = words("1 L P RGB RGBA CMYK YCbCr LAB HSV I F LA PA RGBX RGBa La I;16 I;16L I;16B I;16N")
PIXELS: Final = 1 << 28  # above what Pillow itself opens without a warning

_name: Final = text()


def picture_state(_: Any, state: Any) -> str | None:
    """``[info, mode, (width, height), palette, bytes]``, and of one that was read the file's name behind them."""
    if type(state) is not list or len(state) not in (5, 6, 8):
        return "its state must be what a picture is: a size, a mode and bytes"
    info, mode, size, palette, data, *more = state
    fits = type(info) is dict and plain_attributes(None, info if all(map(_is_text, info)) else {}) is None
    fits = fits and type(mode) is str and mode in _MODES and type(data) is bytes
    fits = fits and (palette is None or (type(palette) is list and all(type(value) is int for value in palette)))
    fits = fits and type(size) is tuple and [type(side) for side in size] == [int, int] and min(size) >= 0
    if not fits or size[0] * size[1] > PIXELS:
        return "its state must be what a picture is: a size, a mode and bytes"
    named = not more or more[0] is None or type(more[0]) is bytes or _name(more[0])
    return None if named else "has something else than a file's name"


def _is_text(value: Any) -> bool:
    return type(value) is str
