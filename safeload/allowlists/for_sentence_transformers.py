"""sentence-transformers: whole models, as pickle and `torch.save(model)` write them.

Not in force by default; ``save`` with safetensors needs none of this. The network inside is
transformers', its tokenizer tokenizers', its modules torch's: put ``transformers``, ``tokenizers`` and
``torch-modules`` in force, too.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_checkpoints import one_value
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "sentence-transformers"
WITH: Final = ("transformers", "torch-modules")

_PARTS: Final = "CNN Dense Dropout LSTM LayerNorm Normalize Pooling Transformer WeightedLayerPooling"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        sentence_transformers.SentenceTransformer: SentenceTransformer
        sentence_transformers.sentence_transformer.model: SentenceTransformer
        sentence_transformers.sentence_transformer.modules.pooling: Pooling
        sentence_transformers.base.modules.dense: Dense
        sentence_transformers.base.modules.normalize: Normalize
        sentence_transformers.base.modules.transformer: Transformer
        """
        + "\n".join(f"sentence_transformers.models.{part}: {part}" for part in _PARTS.split()),
        uses="ns",
        reason="parameters and settings in its attributes; at most old names of methods are looked up",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        sentence_transformers.model_card: SentenceTransformerModelCardData
        sentence_transformers.sentence_transformer.model_card: SentenceTransformerModelCardData
        """,
        uses="ns",
        reason="words for a description in its attributes",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        sentence_transformers.similarity_functions: SimilarityFunction
        sentence_transformers.util.similarity: SimilarityFunction
        """,
        uses="c",
        reason="one of a few constants",
        call=one_value,
    ),
}
