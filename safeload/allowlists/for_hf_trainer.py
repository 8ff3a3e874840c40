"""transformers' Trainer: `training_args.bin`, which is a whole object.

Not in force by default. Its random states, optimizers and schedulers are plain data and pass
without this list. DeepSpeed's and FSDP's plugins, which hold more than settings, are left out.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import by_position
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
        transformers.trainer_callback: TrainerState
        transformers.trainer_utils: EvalPrediction
        accelerate.state: PartialState
        sentence_transformers.training_args: SentenceTransformerTrainingArguments
        trl.trainer.cpo_config: CPOConfig
        trl.trainer.dpo_config: DPOConfig
        trl.trainer.grpo_config: GRPOConfig
        trl.trainer.kto_config: KTOConfig
        trl.trainer.orpo_config: ORPOConfig
        trl.trainer.ppo_config: PPOConfig
        trl.trainer.reward_config: RewardConfig
        trl.trainer.rloo_config: RLOOConfig
        trl.trainer.sft_config: SFTConfig
        """,
        uses="ns",
        reason="settings in its attributes; no code at load, but a later training obeys them",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "transformers.trainer_utils: TrainOutput PredictionOutput EvalLoopOutput BestRun",
        uses="n",
        reason="a named tuple of numbers and arrays",
        call=by_position,
    ),
    **rows(
        PROFILE,
        """
        transformers.training_args: OptimizerNames ParallelMode
        transformers.trainer_utils: EvaluationStrategy FSDPOption HubStrategy IntervalStrategy
        transformers.trainer_utils: SaveStrategy SchedulerType ShardedDDPOption
        transformers.debug_utils: DebugOption
        sentence_transformers.training_args: BatchSamplers MultiDatasetBatchSamplers
        accelerate.utils.dataclasses: DistributedType
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
