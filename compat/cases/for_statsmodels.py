"""statsmodels: results by their own ``save``, with and without the data."""

import numpy as np
import statsmodels.api as sm
import statsmodels.formula.api as smf
from shapes import Case, pickled

RNG = np.random.RandomState(0)
X = sm.add_constant(RNG.normal(size=(60, 2)))
Y = X @ [1.0, 2.0, 3.0] + RNG.normal(size=60)
FORMULA = "blocked: loading evaluates the formula, which is code, from the file"


def saved(factory, expect, **keywords):
    return Case(lambda path: factory().save(str(path), **keywords), lambda path: sm.load(str(path)), expect)


def frame():
    import pandas as pd

    return pd.DataFrame({"y": Y, "x": X[:, 1]})


WITH = "with statsmodels"
CASES = {
    "OLS": saved(lambda: sm.OLS(Y, X).fit(), WITH),
    "OLS without data": saved(lambda: sm.OLS(Y, X).fit(), WITH, remove_data=True),
    "OLS of a frame": saved(lambda: sm.OLS(frame()["y"], frame()[["x"]]).fit(), WITH),
    "GLM": saved(lambda: sm.GLM(Y > 0, X, sm.families.Binomial()).fit(), WITH),
    "Logit": saved(lambda: sm.Logit(Y > 0, X).fit(disp=0), WITH),
    "ARIMA": pickled(lambda: sm.tsa.ARIMA(Y, order=(1, 0, 0)).fit(), WITH),
    "exponential smoothing": pickled(lambda: sm.tsa.SimpleExpSmoothing(Y).fit(), WITH),
    "OLS from a formula": saved(lambda: smf.ols("y ~ x", frame()).fit(), FORMULA),
}
