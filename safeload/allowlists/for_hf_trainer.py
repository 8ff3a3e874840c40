"""transformers' Trainer: `training_args.bin`, which is a whole object.

Not in force by default. Its random states, optimizers and schedulers are plain data and pass
without this list. trl's settings are those of 0.4 to 1.16, read from its packages. DeepSpeed's and FSDP's
plugins, which hold more than settings, are left out.
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
        trl.experimental.a2po.a2po_config: A2POConfig
        trl.experimental.async_distillation.async_distillation_config: AsyncDistillationConfig
        trl.experimental.async_grpo.async_grpo_config: AsyncGRPOConfig
        trl.experimental.bco.bco_config: BCOConfig
        trl.experimental.cpo.cpo_config: CPOConfig
        trl.experimental.distillation.distillation_config: DistillationConfig
        trl.experimental.distillation: DistillationConfig
        trl.experimental.dppo.dppo_config: DPPOConfig
        trl.experimental.gfpo.gfpo_config: GFPOConfig
        trl.experimental.gkd.gkd_config: GKDConfig
        trl.experimental.gmpo.gmpo_config: GMPOConfig
        trl.experimental.gold.gold_config: GOLDConfig
        trl.experimental.grpo_with_replay_buffer.grpo_with_replay_buffer_config: GRPOWithReplayBufferConfig
        trl.experimental.iw_opd.iw_opd_config: IWOPDConfig
        trl.experimental.kto.kto_config: KTOConfig
        trl.experimental.kto: KTOConfig
        trl.experimental.minillm.minillm_config: MiniLLMConfig
        trl.experimental.nash_md.nash_md_config: NashMDConfig
        trl.experimental.online_dpo.online_dpo_config: OnlineDPOConfig
        trl.experimental.orpo.orpo_config: ORPOConfig
        trl.experimental.papo.papo_config: PAPOConfig
        trl.experimental.ppo.ppo_config: PPOConfig
        trl.experimental.prm.prm_config: PRMConfig
        trl.experimental.sdft.sdft_config: SDFTConfig
        trl.experimental.sdpo.sdpo_config: SDPOConfig
        trl.experimental.self_distillation.self_distillation_config: SelfDistillationConfig
        trl.experimental.server_distillation.server_distillation_config: ServerDistillationConfig
        trl.experimental.ssd.ssd_config: SSDConfig
        trl.experimental.tpo.tpo_config: TPOConfig
        trl.experimental.xpo.xpo_config: XPOConfig
        trl.trainer.bco_config: BCOConfig
        trl.trainer.cpo_config: CPOConfig
        trl.trainer.distillation_config: DistillationConfig
        trl.trainer.dpo_config: DPOConfig
        trl.trainer.gkd_config: GKDConfig
        trl.trainer.grpo_config: GRPOConfig
        trl.trainer.iterative_sft_config: IterativeSFTConfig
        trl.trainer.kto_config: KTOConfig
        trl.trainer.nash_md_config: NashMDConfig
        trl.trainer.online_dpo_config: OnlineDPOConfig
        trl.trainer.orpo_config: ORPOConfig
        trl.trainer.ppo_config: PPOConfig
        trl.trainer.ppov2_config: PPOv2Config
        trl.trainer.prm_config: PRMConfig
        trl.trainer.reward_config: RewardConfig
        trl.trainer.rloo_config: RLOOConfig
        trl.trainer.sft_config: SFTConfig
        trl.trainer.xpo_config: XPOConfig
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
        trl.trainer.dpo_config: FDivergenceType
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
