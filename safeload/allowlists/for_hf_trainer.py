"""transformers' Trainer: `training_args.bin`, which is a whole object.

Not in force by default. Its random states, optimizers and schedulers are plain data and pass
without this list. DeepSpeed's and FSDP's plugins, which hold more than settings, are left out.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "hf-trainer"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        transformers.training_args: TrainingArguments
        transformers.training_args_seq2seq: Seq2SeqTrainingArguments
        transformers.trainer_pt_utils: AcceleratorConfig
        accelerate.state: PartialState
        """,
        uses="ns",
        reason="settings in its attributes; no code at load, but a later training obeys them",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        transformers.training_args: OptimizerNames ParallelMode
        transformers.trainer_utils: EvaluationStrategy FSDPOption HubStrategy IntervalStrategy
        transformers.trainer_utils: SaveStrategy SchedulerType ShardedDDPOption
        transformers.debug_utils: DebugOption
        accelerate.utils.dataclasses: DistributedType
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
