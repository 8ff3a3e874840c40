"""gensim: word vectors, topic models and phrases.

Not in force by default. Left out: corpora and similarities over files, which read what their
attributes name, and the workers of distributed training.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.rules import by_position, only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "gensim"

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, ESTIMATORS),
    **rows(
        PROFILE,
        """
        gensim.corpora.dictionary: Dictionary
        gensim.models.phrases: Phraser
        gensim.models.keyedvectors: CompatVocab Word2VecKeyedVectors WordEmbeddingsKeyedVectors
        gensim.models.keyedvectors: Doc2VecKeyedVectors EuclideanKeyedVectors Vocab
        gensim.models.deprecated.keyedvectors: Vocab
        gensim.models.rpmodel: RpModel
        gensim.utils: FakeDict
        gensim.similarities.docsim: MatrixSimilarity SparseMatrixSimilarity
        """,
        uses="ns",
        reason="numbers and words in its attributes; at most a flag is set at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "gensim.models.doc2vec: TaggedDocument LabeledSentence",
        uses="n",
        reason="a named tuple of words and tags",
        call=by_position,
    ),
    **rows(
        PROFILE,
        """
        gensim.models.phrases: npmi_scorer original_scorer
        gensim.models.tfidfmodel: df2idf
        gensim.utils: call_on_class_only identity
        """,
        uses="r",
        reason="computes a number from numbers, or stands for a method that is missing",
        call=only_later,
    ),
}
