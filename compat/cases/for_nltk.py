"""nltk: taggers, classifiers and models that its users pickle."""

import nltk
from shapes import pickled

SENTENCES = [[("the", "DT"), ("cat", "NN")], [("a", "DT"), ("dog", "NN"), ("ran", "VB")]]
FEATURES = [({"a": 1}, "x"), ({"a": 2}, "y")]
WITH = "with nltk"


def punkt():
    from nltk.tokenize.punkt import PunktTrainer

    trainer = PunktTrainer()
    trainer.train("Dr. No came. He left. Mr. X stayed. Dr. No ran.")
    return nltk.tokenize.punkt.PunktSentenceTokenizer(trainer.get_params())


def perceptron():
    tagger = nltk.tag.PerceptronTagger(load=False)
    tagger.train(SENTENCES, nr_iter=1)
    return tagger


CASES = {
    "unigram tagger": pickled(lambda: nltk.UnigramTagger(SENTENCES, backoff=nltk.DefaultTagger("NN")), WITH),
    "bigram tagger": pickled(lambda: nltk.BigramTagger(SENTENCES), WITH),
    "naive Bayes": pickled(lambda: nltk.NaiveBayesClassifier.train(FEATURES), WITH),
    "decision tree": pickled(lambda: nltk.DecisionTreeClassifier.train(FEATURES), WITH),
    "frequencies": pickled(lambda: nltk.FreqDist("hello world"), WITH),
    "conditional frequencies": pickled(lambda: nltk.ConditionalFreqDist(SENTENCES[0]), WITH),
    "sentence tokenizer": pickled(punkt, WITH),
    "perceptron tagger": pickled(perceptron, WITH),
    "tree": pickled(lambda: nltk.Tree.fromstring("(S (NP cat) (VP sat))"), WITH),
}
