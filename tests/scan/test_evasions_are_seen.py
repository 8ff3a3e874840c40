"""Every file of the evasion table is refused by ``check`` as well, without being loaded."""

from __future__ import annotations

import warnings

import pytest
from evasions.builders import BOOM, HARMLESS
from evasions.rows import FILE, Row
from evasions.table import ROWS

from safeload.files import judged
from safeload.policy import Verdict
from safeload.scan.report import Report

# The load that the row is about reads only a part of the file, or has one of several readings; a
# file to be called clean has one beginning, one reading and nothing behind its end.
ODD_AS_FILES = {
    "frame_shorter_than_its_content",
    "deed_behind_a_buffer_over_a_frame_end",
    "garbage_after_the_stop",
    "zip_behind_the_pickle",
    "from_the_middle_of_a_file",
    "shelf",
}
# The deed is in bytes that only the row's own program takes for a pickle.
BYTES_AS_FILES = {"persistent_load_that_loads"}


def verdicts(row: Row, deed: bytes) -> list[tuple[Report, Verdict]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of members of one name
        files = row.file(deed)
    return [judged(data) for data in ({FILE: files} if isinstance(files, bytes) else files).values()]


REFUSED = [row for row in ROWS.values() if row.refused and row.id not in BYTES_AS_FILES]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_check_refuses_the_file(row: Row) -> None:
    assert not all(verdict.admitted for _, verdict in verdicts(row, BOOM))


TWINS = [row for row in ROWS.values() if row.twin and row.id not in ODD_AS_FILES]


@pytest.mark.parametrize("row", TWINS, ids=lambda row: row.id)
def test_check_admits_its_harmless_twin(row: Row) -> None:
    for report, verdict in verdicts(row, HARMLESS):
        assert (report.problem, verdict.refused) == ("", ())
