"""deepspeed: what its checkpoints hold beside tensors.

Not in force by default.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "deepspeed"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        deepspeed.runtime.fp16.loss_scaler: DynamicLossScaler LossScaler LossScalerBase
        deepspeed.utils.tensor_fragment: fragment_address tensor_fragment
        """,
        uses="ns",
        reason="numbers in its attributes; no code of its own at load (0.16)",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "deepspeed.runtime.zero.config: ZeroStageEnum",
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
