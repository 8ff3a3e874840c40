"""nltk: taggers, tokenizers, classifiers, stemmers, language models, grammars and frequencies.

Not in force by default. Left out: whatever starts a program of its own (Stanford's, Senna, HunPos,
MEGAM, Weka), what reads corpora, and patterns of the package ``regex``, whose pickles hold the byte
code of its native engine.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.rules import exactly, nothing, only_later, takes, whole
from safeload.allowlists.rules_forms import dict_state, no_args, pairs_args
from safeload.allowlists.rules_more import one_as_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "nltk"
_LANGUAGES: Final = (
    "Arabic Danish Dutch English Finnish French German Hungarian Italian Norwegian Portuguese Romanian Russian "
    "Spanish Swedish"
)

ENTRIES: Final[Entries] = {
    **quiet(PROFILE, ESTIMATORS),
    **rows(
        PROFILE,
        "nltk.probability: FreqDist",
        uses="c",
        reason="counts by word, from a dict of them",
        call=takes("a dict", (), (exactly(dict),)),
    ),
    **rows(
        PROFILE,
        "nltk.probability: ConditionalFreqDist",
        uses="ci",
        reason="a dict of counts, filled item by item",
        call=nothing,
    ),
    **rows(
        PROFILE,
        """
        nltk.probability: ELEProbDist LaplaceProbDist LidstoneProbDist MLEProbDist UniformProbDist
        nltk.probability: DictionaryProbDist WittenBellProbDist SimpleGoodTuringProbDist
        nltk.grammar: CFG PCFG Nonterminal Production ProbabilisticProduction
        """,
        uses="ns",
        reason="words and numbers in its attributes; hashes the one attribute it is known by",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "nltk.tokenize.punkt: PunktLanguageVars",
        uses="ns",
        reason="patterns of the class itself; its state is a mere 1",
        call=no_args,
        state=one_as_state,
    ),
    **rows(
        PROFILE,
        "nltk.collections: Trie",
        uses="ni",
        reason="a dict of dicts",
        call=pairs_args,
    ),
    **rows(
        PROFILE,
        "nltk.tree.tree: Tree",
        uses="nsi",
        reason="a list of subtrees and words, with a label",
        call=no_args,
        state=dict_state,
    ),
    **rows(PROFILE, "nltk.tokenize.punkt: PunktToken", uses="r", reason="names the class of a token"),
    **rows(
        PROFILE,
        "nltk.text: Text TextCollection",
        uses="ns",
        reason="words in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "\n".join(f"nltk.stem.snowball: {language}Stemmer.stem" for language in _LANGUAGES.split())
        + """
        nltk.stem.lancaster: LancasterStemmer.stem
        nltk.stem.porter: PorterStemmer.stem
        nltk.stem.snowball: SnowballStemmer.stem
        nltk.stem.wordnet: WordNetLemmatizer.lemmatize
        nltk.tokenize.casual: TweetTokenizer.tokenize
        nltk.tokenize.destructive: NLTKWordTokenizer.tokenize
        nltk.tokenize.punkt: PunktSentenceTokenizer.tokenize
        nltk.tokenize.regexp: RegexpTokenizer.tokenize WhitespaceTokenizer.tokenize WordPunctTokenizer.tokenize
        nltk.tokenize.treebank: TreebankWordTokenizer.tokenize
        nltk.tokenize: word_tokenize sent_tokenize wordpunct_tokenize
        """,
        uses="r",
        reason="a stemmer's or a tokenizer's method, which keeps it: words from words",
        call=only_later,
    ),
    **rows(
        PROFILE,
        "regex._regex_core: RegexFlag",
        uses="c",
        reason="one of a few constants",
        call=takes("a number", (whole(0, 2**31),)),
    ),
}
