"""shapely: geometries and search trees of them.

Not in force by default. A geometry is bytes in the well-known binary form, which the native library GEOS
reads: as safe as that reader, no safer.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import exactly, takes, whole
from safeload.allowlists.rules_forms import is_array
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "shapely"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        shapely.io: from_wkb
        shapely.geometry.polygon: _unpickle_linearring
        """,
        uses="c",
        reason="bytes for a native reader",
        call=takes("bytes", (exactly(bytes),)),
    ),
    **rows(
        PROFILE,
        "shapely.strtree: STRtree",
        uses="c",
        reason="a tree of an array's geometries, each of which it checks",
        call=takes("an array and a size", (is_array,), (is_array, whole(2, 1 << 16))),
    ),
}
