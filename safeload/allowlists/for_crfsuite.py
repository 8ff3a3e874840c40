"""sklearn-crfsuite: fitted CRF models.

Not in force by default. The model is a file in CRFsuite's own format: loading writes its bytes to a new
temporary file, which is deleted with the object. The state may name neither that file nor another.
"""

from __future__ import annotations

from typing import Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import file_resource_state
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "crfsuite"

ENTRIES: Final[Entries] = {
    **rows(
        PROFILE,
        """
        sklearn_crfsuite.estimator: CRF
        pycrfsuite._logparser: TrainLogParser
        """,
        uses="ns",
        reason="parameters and a log in its attributes; no code of its own at load",
        call=no_args,
        state=estimator_state,
    ),
    **rows(
        PROFILE,
        "sklearn_crfsuite._fileresource: FileResource",
        uses="ns",
        reason="writes its bytes to a temporary file of a fixed kind of name, and deletes that alone",
        call=no_args,
        state=file_resource_state,
    ),
}
