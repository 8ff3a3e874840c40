"""hmmlearn: fitted hidden Markov models."""

import numpy as np
from hmmlearn import hmm, vhmm
from shapes import joblibbed, pickled

X = np.random.RandomState(0).normal(size=(60, 2))
COUNTS = np.random.RandomState(0).randint(0, 4, size=(60, 1))
WITH = "with hmmlearn"

CASES = {
    "gaussian": pickled(lambda: hmm.GaussianHMM(2, random_state=0).fit(X), WITH),
    "mixture": joblibbed(lambda: hmm.GMMHMM(2, random_state=0).fit(X), WITH),
    "categorical": pickled(lambda: hmm.CategoricalHMM(2, random_state=0).fit(COUNTS), WITH),
    "poisson": pickled(lambda: hmm.PoissonHMM(2, random_state=0).fit(COUNTS), WITH),
    "variational": pickled(lambda: vhmm.VariationalGaussianHMM(2, random_state=0).fit(X), WITH),
}
