"""Makes ``import safeload._inplace`` fail as it does where the C part was not built."""

import sys

sys.modules["safeload._inplace"] = None  # type: ignore[assignment]
