"""Pillow: pictures in memory, drawn or read from the widely used formats.

Not in force by default. A picture is made anew from its size and its bytes, which Pillow counts; no file
is opened.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_pictures import picture_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "pillow"

ENTRIES: Final[Entries] = rows(
    PROFILE,
    """
    PIL.Image: Image
    PIL.BmpImagePlugin: BmpImageFile
    PIL.GifImagePlugin: GifImageFile
    PIL.JpegImagePlugin: JpegImageFile
    PIL.PngImagePlugin: PngImageFile
    PIL.PpmImagePlugin: PpmImageFile
    PIL.WebPImagePlugin: WebPImageFile
    """,
    uses="ns",
    reason="takes memory for a size and fills it with the bytes of the state, which it counts",
    call=no_args,
    state=picture_state,
)
