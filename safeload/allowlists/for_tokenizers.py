"""tokenizers: the fast tokenizers of Hugging Face, alone and inside transformers' own.

Not in force by default. Each object is JSON that a native reader takes, which is written in Rust.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.rules_more import bytes_state, one_model, plain_dict_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "tokenizers"

_DECODERS: Final = "BPEDecoder ByteFallback ByteLevel CTC Decoder Fuse Metaspace Replace Sequence Strip"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "tokenizers: Tokenizer",
        uses="ns",
        reason="made with an empty model, then given JSON for a native reader",
        call=one_model,
        state=bytes_state,
    ),
    **rows(
        PROFILE,
        f"""
        tokenizers: Encoding
        tokenizers.models: BPE Model Unigram WordLevel WordPiece
        tokenizers.decoders: {_DECODERS} WordPiece
        tokenizers.normalizers: BertNormalizer ByteLevel Lowercase NFC NFD NFKC NFKD Nmt Normalizer
        tokenizers.normalizers: Precompiled Prepend Replace Sequence Strip StripAccents
        tokenizers.pre_tokenizers: BertPreTokenizer ByteLevel CharDelimiterSplit Digits FixedLength
        tokenizers.pre_tokenizers: Metaspace PreTokenizer Punctuation Sequence Split UnicodeScripts
        tokenizers.pre_tokenizers: Whitespace WhitespaceSplit
        tokenizers.processors: BertProcessing ByteLevel PostProcessor RobertaProcessing Sequence
        tokenizers.processors: TemplateProcessing
        """,
        uses="ns",
        reason="JSON for a native reader",
        call=no_args,
        state=bytes_state,
    ),
    **rows(
        PROFILE,
        "tokenizers: AddedToken",
        uses="ns",
        reason="text and flags for a native object",
        call=no_args,
        state=plain_dict_state,
    ),
    **rows(
        PROFILE,
        """
        transformers.tokenization_utils_base: BatchEncoding
        transformers.tokenization_utils_fast: PreTrainedTokenizerFast
        transformers.tokenization_utils_tokenizers: TokenizersBackend PreTrainedTokenizerFast
        """,
        uses="ns",
        reason="a tokenizer, words and settings in its attributes",
        call=no_args,
        state=dict_state,
    ),
}
