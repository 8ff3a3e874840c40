"""pyannote.audio: what its checkpoints (and whisperX's) hold beside tensors.

Not in force by default. They are Lightning checkpoints with an omegaconf configuration: both lists come
along.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "pyannote"
WITH: Final = ("lightning", "omegaconf")

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        pyannote.audio.core.task: Specifications
        pyannote.audio.core.model: Introspection Output
        pyannote.core.segment: SlidingWindow
        """,
        uses="ns",
        reason="settings in its attributes; no code at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "pyannote.audio.core.task: Problem Resolution",
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
