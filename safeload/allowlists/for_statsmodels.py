"""statsmodels: fitted regressions, generalised linear, discrete, mixed, smoothing, state space and vector models.

Not in force by default. A model that was made from a formula stays refused: loading it evaluates the
formula's text. Make it from arrays or a frame, or keep its parameters. What no rule can check: the
numbers in arrays, over which the filters of state space models (ARIMA, SARIMAX) run in C.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists import rules_statespace as space
from safeload.allowlists.quiet import ESTIMATORS, quiet
from safeload.allowlists.rules_forms import dict_state, no_args, pairs_args
from safeload.allowlists.rules_more import data_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "statsmodels"


def _state_space() -> Entries:
    found: Entries = {}
    for ref in space.NATIVE:
        found |= rows(
            PROFILE,
            f"{ref.module}: {ref.qualname}",
            uses="cs",
            reason="a filter in C: made from matrices that it counts, and given arrays",
            call=space.maker(ref),
            state=space.native_state,
        )
    simulators = " ".join(f"{prefix}SimulationSmoother" for prefix in space.PREFIXES)
    return found | {
        **rows(
            PROFILE,
            f"statsmodels.tsa.statespace._simulation_smoother: {simulators}",
            uses="r",
            reason="a model names the class that it would simulate with",
        ),
        **rows(
            PROFILE,
            "statsmodels.tools.tools: Bunch",
            uses="nsi",
            reason="a dict whose items are its attributes",
            call=pairs_args,
            state=space.bunch_state,
        ),
    }


ENTRIES: Final[Entries] = {
    **quiet(PROFILE, ESTIMATORS),
    **_state_space(),
    **rows(
        PROFILE,
        "statsmodels.base.data: ModelData NumpyData PandasData",
        uses="ns",
        reason="a model's arrays; a state that asks for its formula to be evaluated is refused",
        call=no_args,
        state=data_state,
    ),
    **rows(
        PROFILE,
        """
        statsmodels.base.wrapper: ResultsWrapper
        statsmodels.discrete.conditional_models: ConditionalResultsWrapper
        statsmodels.discrete.count_model: L1ZeroInflatedGeneralizedPoissonResultsWrapper
        statsmodels.discrete.count_model: L1ZeroInflatedNegativeBinomialResultsWrapper
        statsmodels.discrete.count_model: L1ZeroInflatedPoissonResultsWrapper
        statsmodels.discrete.count_model: ZeroInflatedGeneralizedPoissonResultsWrapper
        statsmodels.discrete.count_model: ZeroInflatedNegativeBinomialResultsWrapper
        statsmodels.discrete.count_model: ZeroInflatedPoissonResultsWrapper
        statsmodels.discrete.discrete_model: BinaryResultsWrapper CountResultsWrapper
        statsmodels.discrete.discrete_model: GeneralizedPoissonResultsWrapper L1BinaryResultsWrapper
        statsmodels.discrete.discrete_model: L1CountResultsWrapper
        statsmodels.discrete.discrete_model: L1GeneralizedPoissonResultsWrapper
        statsmodels.discrete.discrete_model: L1MultinomialResultsWrapper
        statsmodels.discrete.discrete_model: L1NegativeBinomialResultsWrapper
        statsmodels.discrete.discrete_model: L1PoissonResultsWrapper MultinomialResultsWrapper
        statsmodels.discrete.discrete_model: NegativeBinomialPResultsWrapper
        statsmodels.discrete.discrete_model: NegativeBinomialResultsWrapper OrderedResultsWrapper
        statsmodels.discrete.discrete_model: PoissonResultsWrapper
        statsmodels.discrete.truncated_model: HurdleCountResultsWrapper L1HurdleCountResultsWrapper
        statsmodels.discrete.truncated_model: L1TruncatedLFGenericResultsWrapper
        statsmodels.discrete.truncated_model: TruncatedLFGenericResultsWrapper
        statsmodels.genmod.generalized_estimating_equations: GEEResultsWrapper
        statsmodels.genmod.generalized_estimating_equations: NominalGEEResultsWrapper
        statsmodels.genmod.generalized_estimating_equations: OrdinalGEEResultsWrapper
        statsmodels.genmod.generalized_linear_model: GLMResultsWrapper
        statsmodels.genmod.qif: QIFResultsWrapper
        statsmodels.miscmodels.ordinal_model: OrderedResultsWrapper
        statsmodels.regression.dimred: DimReductionResultsWrapper
        statsmodels.regression.linear_model: RegressionResultsWrapper
        statsmodels.regression.mixed_linear_model: MixedLMResultsWrapper
        statsmodels.regression.recursive_ls: RecursiveLSResultsWrapper
        statsmodels.robust.robust_linear_model: RLMResultsWrapper
        statsmodels.tsa.ar_model: AutoRegResultsWrapper
        statsmodels.tsa.ardl.model: ARDLResultsWrapper UECMResultsWrapper
        statsmodels.tsa.arima.model: ARIMAResultsWrapper
        statsmodels.tsa.statespace.dynamic_factor: DynamicFactorResultsWrapper
        statsmodels.tsa.statespace.exponential_smoothing: ExponentialSmoothingResultsWrapper
        statsmodels.tsa.statespace.mlemodel: MLEResultsWrapper PredictionResultsWrapper
        statsmodels.tsa.statespace.sarimax: SARIMAXResultsWrapper
        statsmodels.tsa.statespace.structural: UnobservedComponentsResultsWrapper
        statsmodels.tsa.statespace.varmax: VARMAXResultsWrapper
        statsmodels.tsa.regime_switching.markov_autoregression: MarkovAutoregressionResultsWrapper
        statsmodels.tsa.regime_switching.markov_regression: MarkovRegressionResultsWrapper
        statsmodels.tsa.regime_switching.markov_switching: MarkovSwitchingResultsWrapper
        statsmodels.tsa.vector_ar.var_model: VARResultsWrapper
        statsmodels.tsa.base.tsa_model: TimeSeriesResultsWrapper
        statsmodels.tsa.exponential_smoothing.ets: ETSResultsWrapper PredictionResultsWrapper
        statsmodels.tsa.holtwinters.results: HoltWintersResultsWrapper
        """,
        uses="ns",
        reason="looks for attributes in the results it wraps, which it does not have until it is loaded",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        statsmodels.base.model: LikelihoodModelResults LikelihoodModel GenericLikelihoodModel Results
        statsmodels.base.model: GenericLikelihoodModelResults Model ResultMixin
        statsmodels.regression.mixed_linear_model: VCSpec
        """,
        uses="ns",
        reason="arrays and settings in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        statsmodels.tsa.deterministic: CalendarDeterministicTerm CalendarFourier CalendarSeasonality
        statsmodels.tsa.deterministic: CalendarTimeTrend Fourier Seasonality TimeTrend
        statsmodels.tsa.statespace.kalman_filter: PredictionResults
        """,
        uses="ns",
        reason="numbers in its attributes; some are hashed by their numbers, one looks up what it lacks in its results",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "statsmodels.discrete.discrete_model: NegativeBinomial",
        uses="ns",
        reason="chooses among its own methods by a word of its state, through a method that no attribute may replace",
        call=no_args,
        state=space.initialized_state,
    ),
}
