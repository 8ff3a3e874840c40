"""Megatron-LM: what its checkpoints hold beside tensors, by its own list of safe names (0.16).

Not in force by default. ``argparse.Namespace`` and the rest of the standard library need no list.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "megatron"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        megatron.core.enums: ModelType
        megatron.core.transformer.enums: AttnBackend AttnMaskType AttnType CudaGraphScope LayerType
        megatron.core.rerun_state_machine: RerunDiagnostic RerunMode RerunState
        megatron.model.enums: AttnMaskType AttnType LayerType ModelType PositionEmbeddingType
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
    **rows(
        PROFILE,
        "megatron.core.optimizer.optimizer_config: OptimizerConfig",
        uses="ns",
        reason="settings in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    ),
}
