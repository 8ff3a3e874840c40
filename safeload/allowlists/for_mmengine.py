"""mmengine: what OpenMMLab's checkpoints hold beside tensors.

Not in force by default. Configurations are kept as text in most checkpoints; ``Config`` objects are left
out, for building from one calls what it names.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import exactly, takes
from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import history_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "mmengine"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "mmengine.logging.history_buffer: HistoryBuffer",
        uses="ns",
        reason="arrays of numbers, and its own four methods to sum them up by",
        call=no_args,
        state=history_state,
    ),
    **rows(
        PROFILE,
        """
        mmengine.logging.history_buffer: HistoryBuffer.current HistoryBuffer.max
        mmengine.logging.history_buffer: HistoryBuffer.mean HistoryBuffer.min
        """,
        uses="r",
        reason="sums up a buffer's own numbers",
    ),
    **rows(
        PROFILE,
        "mmengine.config.config: ConfigDict",
        uses="c",
        reason="copies a dict",
        call=takes("a dict", (), (exactly(dict),)),
    ),
}
