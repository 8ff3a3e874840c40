"""Lightning: what its checkpoints hold beside tensors, under each name it has had.

Not in force by default. Hyperparameters are yours and can hold anything; a checkpoint that names
your own classes stays refused until you allow them. Callbacks are named as keys and never made.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, pairs_args
from safeload.allowlists.table import Entries, alias, rows

PROFILE: Final = "lightning"

_UNIFIED: Final[Entries] = {
    **rows(
        PROFILE,
        """
        lightning.pytorch.utilities.parsing: AttributeDict
        lightning.fabric.utilities.data: AttributeDict
        """,
        uses="nsi",
        reason="a dict whose keys read as attributes",
        call=pairs_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        lightning.pytorch.callbacks.model_checkpoint: ModelCheckpoint
        lightning.pytorch.callbacks.early_stopping: EarlyStopping
        lightning.pytorch.callbacks.lr_monitor: LearningRateMonitor
        lightning.pytorch.callbacks.stochastic_weight_avg: StochasticWeightAveraging
        lightning.pytorch.callbacks.timer: Timer
        """,
        uses="r",
        reason="names the callback whose state follows",
    ),
}

ENTRIES: Final[Entries] = _UNIFIED | alias(
    _UNIFIED,
    {"lightning.pytorch": "pytorch_lightning", "lightning.fabric": "lightning_fabric"},
)
