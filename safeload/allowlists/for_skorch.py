"""skorch: whole nets, as pickle and joblib write them.

Not in force by default. They hold torch's modules and optimizers: that list comes along.
A net's weights are a pickle inside its state, which is judged as a load of its own when the net is
loaded. Classes of your own stay refused until you allow them.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules import only_later
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.rules_more import net_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "skorch"
WITH: Final = ("torch-modules",)

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        skorch.net: NeuralNet
        skorch.classifier: NeuralNetClassifier NeuralNetBinaryClassifier
        skorch.regressor: NeuralNetRegressor
        """,
        uses="ns",
        reason="settings, callbacks and weights; the weights are loaded by an unpickler that is guarded",
        call=no_args,
        state=net_state,
    ),
    **rows(
        PROFILE,
        """
        skorch.callbacks.logging: EpochTimer PassthroughScoring PrintLog ProgressBar
        skorch.callbacks.scoring: BatchScoring EpochScoring PassthroughScoring
        skorch.callbacks.training: EarlyStopping Freezer GradientNormClipping Initializer ParamMapper
        skorch.callbacks.training: Unfreezer
        skorch.callbacks.lr_scheduler: LRScheduler WarmRestartLR
        skorch.dataset: CVSplit Dataset ValidSplit
        skorch.helper: SliceDataset
        """,
        uses="ns",
        reason="settings in its attributes; no code of its own at load",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "skorch.history: History",
        uses="ni",
        reason="a list of dicts, one for each epoch",
        call=no_args,
    ),
    **rows(
        PROFILE,
        """
        skorch.setter: optimizer_setter
        skorch.utils: _indexing_other _indexing_none _indexing_list_tuple_of_data _indexing_dict
        skorch.utils: _indexing_ndframe to_numpy
        """,
        uses="r",
        reason="what a net calls on its own data and optimizers",
        call=only_later,
    ),
}
