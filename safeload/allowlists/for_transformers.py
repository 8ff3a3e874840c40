"""transformers: whole models of the widely used architectures, and their configurations.

Not in force by default; `save_pretrained` with safetensors needs none of this. They hold torch's
modules: that list comes along. Tokenizers have a list of their own.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import MODULES, quiet
from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "transformers"
WITH: Final = ("torch-modules",)

_CONFIGURATIONS: Final = """
    transformers.models.bert.configuration_bert: BertConfig
    transformers.models.distilbert.configuration_distilbert: DistilBertConfig
    transformers.models.roberta.configuration_roberta: RobertaConfig
    transformers.models.xlm_roberta.configuration_xlm_roberta: XLMRobertaConfig
    transformers.models.albert.configuration_albert: AlbertConfig
    transformers.models.electra.configuration_electra: ElectraConfig
    transformers.models.deberta.configuration_deberta: DebertaConfig
    transformers.models.deberta_v2.configuration_deberta_v2: DebertaV2Config
    transformers.models.mpnet.configuration_mpnet: MPNetConfig
    transformers.models.camembert.configuration_camembert: CamembertConfig
    transformers.models.gpt2.configuration_gpt2: GPT2Config
    transformers.models.gpt_neo.configuration_gpt_neo: GPTNeoConfig
    transformers.models.gpt_neox.configuration_gpt_neox: GPTNeoXConfig
    transformers.models.gptj.configuration_gptj: GPTJConfig
    transformers.models.opt.configuration_opt: OPTConfig
    transformers.models.bloom.configuration_bloom: BloomConfig
    transformers.models.llama.configuration_llama: LlamaConfig
    transformers.models.mistral.configuration_mistral: MistralConfig
    transformers.models.mixtral.configuration_mixtral: MixtralConfig
    transformers.models.qwen2.configuration_qwen2: Qwen2Config
    transformers.models.gemma.configuration_gemma: GemmaConfig
    transformers.models.gemma2.configuration_gemma2: Gemma2Config
    transformers.models.phi.configuration_phi: PhiConfig
    transformers.models.t5.configuration_t5: T5Config
    transformers.models.mt5.configuration_mt5: MT5Config
    transformers.models.bart.configuration_bart: BartConfig
    transformers.models.mbart.configuration_mbart: MBartConfig
    transformers.models.marian.configuration_marian: MarianConfig
    transformers.models.pegasus.configuration_pegasus: PegasusConfig
    transformers.models.vit.configuration_vit: ViTConfig
    transformers.models.deit.configuration_deit: DeiTConfig
    transformers.models.beit.configuration_beit: BeitConfig
    transformers.models.swin.configuration_swin: SwinConfig
    transformers.models.segformer.configuration_segformer: SegformerConfig
    transformers.models.detr.configuration_detr: DetrConfig
    transformers.models.clip.configuration_clip: CLIPConfig CLIPTextConfig CLIPVisionConfig
    transformers.models.whisper.configuration_whisper: WhisperConfig
    transformers.models.wav2vec2.configuration_wav2vec2: Wav2Vec2Config
    transformers.models.hubert.configuration_hubert: HubertConfig
    transformers.models.longformer.configuration_longformer: LongformerConfig
    transformers.models.big_bird.configuration_big_bird: BigBirdConfig
    transformers.models.layoutlm.configuration_layoutlm: LayoutLMConfig
    transformers.models.xlnet.configuration_xlnet: XLNetConfig
    transformers.generation.configuration_utils: GenerationConfig
"""

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, MODULES),
    **rows(
        PROFILE,
        _CONFIGURATIONS,
        uses="ns",
        reason="settings in its attributes, some under two names; none is set through a setter at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "transformers.loss.loss_utils: ForCausalLMLoss ForSequenceClassificationLoss",
        uses="r",
        reason="computes a loss from tensors",
        call=only_later,
    ),
}
