"""xarray: arrays and datasets in memory, with their indexes.

Not in force by default. Left out: arrays that are read from a file when they are used.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import slots_of
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "xarray"

_SLOTS: Final = {
    "xarray.core.dataarray: DataArray": "_cache _close _coords _indexes _name _variable",
    "xarray.core.dataset: Dataset": (
        "_attrs _cache _close _coord_names _dims _encoding _indexes _variables"
    ),
    "xarray.core.variable: Variable IndexVariable": "_attrs _data _dims _encoding",
    "xarray.core.indexes: PandasIndex": "coord_dtype dim index",
    "xarray.core.indexes: PandasMultiIndex": "coord_dtype dim index level_coords_dtype",
    "xarray.core.indexing: PandasIndexingAdapter": "_dtype array",
    "xarray.core.indexing: PandasMultiIndexingAdapter": "_dtype adapter array level",
}

ENTRIES: Final[Entries] = {
    ref: entry
    for names, slots in _SLOTS.items()
    for ref, entry in rows(
        PROFILE,
        names,
        uses="ns",
        reason="its slots are set one by one, and no other attribute; nothing is there to be closed",
        call=no_args,
        state=slots_of(slots),
    ).items()
}
