"""spacy: documents and pipelines by pickle. Its own formats are no pickles."""

import spacy
from shapes import pickled


def doc():
    return spacy.blank("en")("Cats sat on mats in Paris.")


CASES = {
    "document": pickled(doc, "with spacy"),
    "vocabulary": pickled(lambda: doc().vocab, "with spacy"),
    "pipeline": pickled(lambda: spacy.blank("en"), "blocked: a pipeline carries functions and factories"),
    "strings": pickled(lambda: doc().vocab.strings, "with spacy"),
}
