"""geopandas: frames and series of geometries, with pyproj's coordinate systems.

Not in force by default. The geometries are shapely's: that list comes along. A coordinate system
is text that the native library PROJ reads, without the network.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import crs_state, geoframe_state, geometry_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "geopandas"
WITH: Final = ("shapely",)

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "geopandas.geodataframe: GeoDataFrame\ngeopandas.geoseries: GeoSeries",
        uses="ns",
        reason="pandas' frame and series, with a coordinate system beside them",
        call=no_args,
        state=geoframe_state,
    ),
    **rows(
        PROFILE,
        "geopandas.array: GeometryArray",
        uses="ns",
        reason="geometries as bytes, or in an array; a coordinate system",
        call=no_args,
        state=geometry_state,
    ),
    **rows(PROFILE, "geopandas.array: GeometryDtype", uses="n", reason="a data type", call=no_args),
    **rows(
        PROFILE,
        "pyproj.crs.crs: CRS",
        uses="ns",
        reason="text for a native reader",
        call=no_args,
        state=crs_state,
    ),
}
