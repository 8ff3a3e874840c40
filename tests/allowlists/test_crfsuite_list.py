"""sklearn-crfsuite's models pass; one that would choose where its file lies does not."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from evasions.builders import NONE, given, named, new, number, octets, pickled, text

from safeload.allowlists import profile_entries

from .hostile import attributes
from .libraries import BOOK, refusals

LIST = BOOK | profile_entries("sklearn-crfsuite")
TRUE, FALSE = b"\x88", b"\x89"


def resource(**changes: bytes) -> bytes:
    """What CRF keeps its model in, as honest files have it but for the changes."""
    honest = {"name": NONE, "auto": TRUE, "keep_tempfiles": FALSE, "prefix": text("model"), "suffix": text(".crfsuite")}
    data = {"fd": number(4), "__FILE_RESOURCE_DATA__": octets(b"lCRF")}
    state = attributes(**(honest | data | changes))
    return pickled(given(new(named("sklearn_crfsuite._fileresource:FileResource")), state))


def test_a_model_passes_only_where_it_is_asked_for() -> None:
    assert refusals(resource(), LIST) == []
    assert refusals(resource())


@pytest.mark.parametrize(
    "changes",
    [
        {"prefix": text("/tmp/planted")},
        {"prefix": text("../planted")},
        {"prefix": text("")},
        {"suffix": text(".pth")},
        {"suffix": text("/../planted")},
        {"name": text("/etc/passwd")},
        {"auto": FALSE},
        {"auto": number(1)},
        {"keep_tempfiles": TRUE},
        {"fd": text("4")},
        {"__FILE_RESOURCE_DATA__": text("x")},
        {"another": NONE},
    ],
    ids=str,
)
def test_a_state_chooses_no_file(changes: dict[str, bytes]) -> None:
    assert refusals(resource(**changes), LIST)


def test_a_state_says_all_of_it() -> None:
    """A second state without a name would leave the first one's in place."""
    state = attributes(prefix=text("model"), suffix=text(".crfsuite"))
    assert refusals(pickled(given(new(named("sklearn_crfsuite._fileresource:FileResource")), state)), LIST)


def test_without_us_a_state_writes_where_it_likes(tmp_path: Path) -> None:
    pytest.importorskip("sklearn_crfsuite")
    stream = resource(prefix=text(str(tmp_path / "planted")), suffix=text(".pth"), keep_tempfiles=TRUE)
    (tmp_path / "file").write_bytes(stream)
    load = f"import pickle; print(pickle.load(open({str(tmp_path / 'file')!r}, 'rb')).name)"
    done = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    written = Path(done.stdout.strip())
    assert written.parent == tmp_path
    assert (written.suffix, written.read_bytes()) == (".pth", b"lCRF")
    assert refusals(stream, LIST)


def test_without_us_a_state_removes_what_it_likes(tmp_path: Path) -> None:
    pytest.importorskip("sklearn_crfsuite")
    victim = tmp_path / "victim"
    victim.write_text("kept")
    stream = resource(name=text(str(victim)), fd=number(99), __FILE_RESOURCE_DATA__=NONE)
    (tmp_path / "file").write_bytes(stream)
    load = f"import os, pickle; os.dup2(0, 99); pickle.load(open({str(tmp_path / 'file')!r}, 'rb'))"
    subprocess.run([sys.executable, "-c", load], check=True, stdin=subprocess.DEVNULL)
    assert not os.path.exists(victim)
    assert refusals(stream, LIST)


def test_a_tagger_that_the_library_trained_passes() -> None:
    crf: Any = pytest.importorskip("sklearn_crfsuite").CRF(max_iterations=3)
    crf.fit([[{"word": "a"}, {"word": "b"}]], [["X", "Y"]])
    for protocol in (0, 1, 2, 4, 5):
        stream = pickle.dumps(crf, protocol)
        assert refusals(stream, LIST) == []
        assert refusals(stream)
