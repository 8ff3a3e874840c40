"""sklearn-crfsuite: fitted CRF models.

Not in force by default. The model is a file in CRFsuite's own format: loading writes its bytes to a new
temporary file, which is deleted with the object. The state may name neither that file nor another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from safeload.allowlists.rules_forms import no_args
from safeload.allowlists.rules_more import file_resource_state
from safeload.allowlists.rules_sklearn import estimator_state
from safeload.allowlists.table import Entries, rows

PROFILE: Final = "crfsuite"


def six_numbers(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str | None:
    fits = not kwargs and len(args) == 6 and all(type(arg) in (int, float) for arg in args)  # noqa: PLR2004 - its fields
    return None if fits else "takes six numbers"


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
    **rows(
        PROFILE,
        "pycrfsuite._logparser: LabelScore",
        uses="n",
        reason="a named tuple of six numbers",
        call=six_numbers,
    ),
}
