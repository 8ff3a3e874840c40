"""polars: frames and series.

Not in force by default. Both are bytes that polars' native reader takes, which is written in Rust. Left
out: lazy frames and expressions, which may hold pickled Python functions.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import bytes_state, name_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "polars"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        polars.dataframe.frame: DataFrame
        polars.internals.dataframe.frame: DataFrame
        polars.series.series: Series
        polars.internals.series.series: Series
        """,
        uses="ns",
        reason="bytes for a native reader",
        call=no_args,
        state=bytes_state,
    ),
    **rows(
        PROFILE,
        """
        polars.datatypes.classes: Binary Boolean Categorical Date Decimal Float32 Float64 Int128 Int16
        polars.datatypes.classes: Int32 Int64 Int8 Null String Time UInt16 UInt32 UInt64 UInt8 Unknown
        polars.datatypes.classes: Datetime Duration
        """,
        uses="ns",
        reason="a data type, with at most a unit and a zone",
        call=no_args,
        state=name_state,
    ),
}
