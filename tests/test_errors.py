"""Errors as programs and libraries handle them: pickled, copied, made anew from a text."""

from __future__ import annotations

import copy
import pickle

import pytest

from safeload.errors import BlockedGlobalError, BlockedLoadError, Refusal, UndecodableError, UnreadableError

DECODING = ("ascii", b"caf\xe9", 3, 4, "ordinal not in range(128)")
ERRORS = {
    BlockedGlobalError: Refusal(api="pickle.load", path="a.pkl"),
    UnreadableError: Refusal(api="pickle.load", unread="it breaks off"),
    UndecodableError: Refusal(api="pickle.load", unread="no ASCII", undecodable=DECODING),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_survives_a_copy(kind: type[BlockedLoadError]) -> None:
    error = kind(ERRORS[kind])
    other = copy.copy(error)  # by what pickle would write
    assert type(other) is kind
    assert other.refusal == error.refusal
    assert str(other) == str(error)
    assert "pickle.load did not open" in str(other)


@pytest.mark.parametrize("kind", ERRORS)
def test_can_be_made_from_a_text(kind: type[BlockedLoadError]) -> None:
    """As torch's DataLoader passes on what was raised in a worker."""
    error = kind("Caught it in worker 0.\nThe rest.")
    for other in (error, copy.copy(error)):
        assert str(other) == "Caught it in worker 0.\nThe rest."
        assert other.refusal.refused == ()
        assert isinstance(other, pickle.UnpicklingError)


def test_undecodable_has_what_a_program_asks_of_a_decode_error() -> None:
    error = UndecodableError(ERRORS[UndecodableError])
    assert isinstance(error, UnicodeDecodeError)
    assert (error.encoding, error.object, error.start, error.end, error.reason) == DECODING
