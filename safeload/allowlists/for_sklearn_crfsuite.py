"""sklearn-crfsuite: conditional random fields, as the taggers of many languages ship them.

Not in force by default. A model is the bytes of a file: loading it writes them to a temporary file
of a fixed kind of name, in the system's folder for such files, and the object removes that file when
it goes. crfsuite's native parser reads it at the first prediction: as safe as that parser, no safer.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_crfsuite import label_score, resource_state
from safeload.allowlists.rules_forms import dict_state, no_args
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "sklearn-crfsuite"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        "sklearn_crfsuite._fileresource: FileResource",
        uses="ns",
        reason="writes its bytes to a new temporary file; whose name and place no state may choose",
        call=no_args,
        state=resource_state,
    ),
    **rows(
        PROFILE,
        "sklearn_crfsuite.estimator: CRF",
        uses="ns",
        reason="parameters and a model in its attributes; no code of its own at load",
        call=no_args,
        state=estimator_state,
    ),
    **rows(
        PROFILE,
        "pycrfsuite._logparser: TrainLogParser",
        uses="ns",
        reason="the log of a training, in its attributes",
        call=no_args,
        state=dict_state,
    ),
    **rows(
        PROFILE,
        "pycrfsuite._logparser: LabelScore",
        uses="n",
        reason="a named tuple of six numbers",
        call=label_score,
    ),
}
