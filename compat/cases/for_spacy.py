"""spacy: documents and pipelines by pickle. Its own formats (``to_disk``, ``DocBin``) are no pickles."""

import spacy
from shapes import pickled


def doc():
    return spacy.blank("en")("Cats sat on mats in Paris.")


CODE = "blocked: a vocabulary carries functions, and tables for native code"

CASES = {
    "document": pickled(doc, CODE),
    "vocabulary": pickled(lambda: doc().vocab, CODE),
    "pipeline": pickled(lambda: spacy.blank("en"), "blocked: a pipeline carries functions and factories"),
    "strings": pickled(lambda: doc().vocab.strings, "blocked: a table for native code, which its own formats write"),
}
