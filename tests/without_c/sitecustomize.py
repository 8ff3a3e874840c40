"""Makes imports of the C parts fail as they do where they were not built."""

import sys

for _part in ("_inplace", "_standin"):
    sys.modules[f"safeload.{_part}"] = None  # type: ignore[assignment]
