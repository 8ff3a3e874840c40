"""gensim: its own ``save`` and ``load``, which are pickles with arrays beside them."""

import gensim
from shapes import Case, without

TEXTS = [["cat", "sat", "mat"], ["dog", "ran", "far"], ["cat", "dog"]] * 5
WITH = "with gensim"


def saved(factory, expect=WITH, kind=None):
    def load(path):
        loaded = (kind or type(factory())).load(str(path))
        return without(loaded, "lifecycle_events")  # gensim stamps the time of a load

    return Case(lambda path: factory().save(str(path)), load, expect)


def dictionary():
    return gensim.corpora.Dictionary(TEXTS)


def bags():
    words = dictionary()
    return [words.doc2bow(text) for text in TEXTS]


def tagged():
    return [gensim.models.doc2vec.TaggedDocument(text, [i]) for i, text in enumerate(TEXTS)]


SMALL = {"vector_size": 5, "min_count": 1, "workers": 1, "epochs": 1, "seed": 1}
CASES = {
    "dictionary": saved(dictionary),
    "Word2Vec": saved(lambda: gensim.models.Word2Vec(TEXTS, **SMALL)),
    "Doc2Vec": saved(lambda: gensim.models.Doc2Vec(tagged(), **SMALL)),
    "FastText": saved(lambda: gensim.models.FastText(TEXTS, bucket=100, **SMALL)),
    "word vectors": saved(lambda: gensim.models.Word2Vec(TEXTS, **SMALL).wv),
    "TF-IDF": saved(lambda: gensim.models.TfidfModel(bags())),
    "LDA": saved(lambda: gensim.models.LdaModel(bags(), num_topics=2, id2word=dictionary(), random_state=0)),
    "LSI": saved(lambda: gensim.models.LsiModel(bags(), num_topics=2, id2word=dictionary())),
    "phrases": saved(lambda: gensim.models.Phrases(TEXTS, min_count=1), kind=gensim.models.Phrases),
}
