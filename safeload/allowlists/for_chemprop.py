"""chemprop: models of molecules, as version 2 saves them.

Not in force by default. They are checkpoints of Lightning that hold torch's modules: both lists come along.
The metrics are torchmetrics', which wraps two methods of its own when it is given a state: the state may
put nothing in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules_forms import dict_state, no_args, own_attributes
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "chemprop"
WITH: Final = ("lightning", "torch-modules")

_CALLED_AT_LOAD: Final = frozenset({"update", "compute", "_wrap_update", "_wrap_compute", "_update_signature"})


def texts(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    """torchmetrics gives the letters of the metric's name, which nobody reads."""
    return None if not kwargs and all(type(arg) is str for arg in args) else "takes letters"


def metric_state(_: Any, state: Any) -> str | None:
    fits = own_attributes(state) and not state.keys() & _CALLED_AT_LOAD
    return None if fits else "puts something in the place of a method that is called at load"


ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        chemprop.nn.agg: AttentiveAggregation MeanAggregation NormAggregation SumAggregation
        chemprop.nn.ffn: ConstrainerFFN FFN MLP
        chemprop.nn.message_passing.base: AtomMessagePassing BondMessagePassing
        chemprop.nn.message_passing.mol_atom_bond: MABAtomMessagePassing MABBondMessagePassing
        chemprop.nn.message_passing.multi: MulticomponentMessagePassing
        chemprop.nn.predictors: BinaryClassificationFFN BinaryDirichletFFN EvidentialFFN
        chemprop.nn.predictors: MulticlassClassificationFFN MulticlassDirichletFFN MveFFN QuantileFFN
        chemprop.nn.predictors: RegressionFFN SpectralFFN _Exp
        chemprop.nn.transforms: GraphTransform ScaleTransform UnscaleTransform
        """,
        uses="ns",
        reason="modules and settings in its attributes; no code of its own at load (2.2.1, read)",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        """
        chemprop.nn.metrics: BCELoss BinaryAUPRC BinaryAUROC BinaryAccuracy BinaryF1Score BinaryMCCLoss
        chemprop.nn.metrics: BinaryMCCMetric BoundedMAE BoundedMSE BoundedRMSE CrossEntropyLoss
        chemprop.nn.metrics: DirichletLoss EvidentialLoss MAE MSE MVELoss MulticlassMCCLoss
        chemprop.nn.metrics: MulticlassMCCMetric QuantileLoss R2Score RMSE SID Wasserstein
        """,
        uses="ns",
        reason="numbers in its attributes; at load it wraps two methods, which must be its own",
        call=texts,
        state=metric_state,
    ),
    **rows(
        PROFILE,
        """
        torchmetrics.metric: jit_distributed_available
        torchmetrics.utilities.data: dim_zero_cat dim_zero_max dim_zero_mean dim_zero_min dim_zero_sum
        """,
        uses="r",
        reason="a function that a metric keeps and calls with its own numbers",
    ),
}
